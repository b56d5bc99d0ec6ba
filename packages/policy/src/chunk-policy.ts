import type { Policy } from '@rapport/core';

/** What was seen at one control step, as `Policy.act` takes it. */
export interface ObservedStep {
  /** Shape [observation entries]. */
  readonly observation: Float32Array;
  /** RGB bytes [height, width, 3] of each of the policy's cameras; empty when it has none. */
  readonly pictures: readonly Uint8Array[];
}

/** How far a policy looks back and plans ahead, in control steps. */
export interface ChunkShape {
  /** Observations that it acts on, the present one included. */
  readonly historySteps: number;
  /** Actions of a chunk that are meant to be executed, from the present on. */
  readonly executed: number;
  /** All actions of a chunk, from the present on. */
  readonly steps: number;
}

/** A policy that plans chunks of actions, for those who decide themselves when to plan and what to execute. */
export interface ChunkPolicy extends Policy {
  readonly chunk: ChunkShape;
  /**
   * Plans from what was seen last. Nothing is kept but the random stream of `reset`.
   * @param history oldest first, one entry per control step; the first stands in for what is missing before it
   * @returns `chunk.steps` actions, the first one for the step of the last observation
   * @throws InputError when it is empty or an entry does not fit the policy
   */
  sampleChunk(history: readonly ObservedStep[]): Promise<Float32Array[]>;
}

export function isChunkPolicy(policy: Policy): policy is ChunkPolicy {
  return 'sampleChunk' in policy;
}
