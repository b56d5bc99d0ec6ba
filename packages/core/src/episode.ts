import type { CameraView, EnvSpec } from './env.js';
import { InputError } from './errors.js';
import type { Scene } from './scene.js';
import { spaceSize } from './spaces.js';

/** Pictures of one camera over an episode. */
export interface FrameStack {
  readonly camera: string;
  readonly width: number;
  readonly height: number;
  /** RGB, shape [T, height, width, 3]; picture t shows the state in which action t was chosen. */
  readonly data: Uint8Array;
}

/** One finished rollout of T steps, as a learner may see it. */
export interface Episode {
  readonly envId: string;
  /** Seed that the environment was reset with. */
  readonly seed: number;
  /** Who acted, for example `scripted/careless` or `sac/20000`. */
  readonly policy: string;
  /** Number of steps T. */
  readonly length: number;
  /** Shape [T + 1, observation entries]; row T is what followed the last action. */
  readonly observations: Float32Array;
  /** Shape [T, action entries]. */
  readonly actions: Float32Array;
  /** The environment's own reward, shape [T]. */
  readonly rewards: Float32Array;
  readonly terminated: boolean;
  readonly truncated: boolean;
  /** What stopped it before its time, on a robot: a fault, a limit, an operator; absent when nothing did. */
  readonly stopped?: string;
  readonly frames: readonly FrameStack[];
}

/**
 * How an episode did its task, where the task can be done in several ways. What is preferred is a person's taste, so this
 * is privileged, as the preference score is.
 */
export interface Way {
  /** For example `handle`; `none` when the task was not solved. */
  readonly name: string;
  /** Solved, and in the preferred way. */
  readonly preferred: boolean;
}

/** What only recording, simulated annotators and evaluation know of a rollout. */
export interface PrivilegedTrack {
  /** Ground-truth preference score of each step, shape [T], in [0, 1]. */
  readonly stepScores: Float32Array;
  /** Success at the end. */
  readonly success: boolean;
  /** Judged at the end; absent where the task is not about ways. */
  readonly way?: Way;
  /** Bodies and shapes. */
  readonly scene: Scene;
  /** Shape [T, poseTrackWidth(scene)]; row t belongs to picture t. */
  readonly poses: Float32Array;
}

/** A rollout with its privileged half; only `episode` may be handed to a learner. */
export interface RecordedEpisode {
  readonly episode: Episode;
  readonly privileged: PrivilegedTrack;
}

/** The score of an episode: the mean of its step scores, in [0, 1]. */
export function episodeScore(track: Pick<PrivilegedTrack, 'stepScores'>): number {
  let sum = 0;
  for (const score of track.stepScores) sum += score;
  return track.stepScores.length === 0 ? 0 : sum / track.stepScores.length;
}

/** What a policy must be given, and what it gives. */
export interface PolicySignature {
  /** Length of the observation vector; undefined for policies that look at pictures alone. */
  readonly observationSize: number | undefined;
  /** Length of an action. */
  readonly actionSize: number;
  /** Cameras that it looks at; they are drawn at every step, and nothing is drawn when there are none. */
  readonly cameras: readonly CameraView[];
}

/** Chooses actions. A policy may keep state over an episode; `reset` clears it. */
export interface Policy {
  /** For labels and reports. */
  readonly name: string;
  /** Absent for policies that fit the one environment that they were made for and look at no pictures. */
  readonly signature?: PolicySignature;
  reset(seed: number): void;
  /**
   * @param observation shape [observation entries]
   * @param pictures RGB bytes [height, width, 3] of each of the signature's cameras, in its order; absent when it has none.
   *   The arrays are drawn into again at the next step: copy what is to be kept
   * @returns shape [action entries]
   */
  act(observation: Float32Array, pictures?: readonly Uint8Array[]): Promise<Float32Array> | Float32Array;
}

/**
 * Holds what a policy wants against what an environment has.
 * @throws InputError naming policy and environment, what the one wants and the other has
 */
export function checkPolicyFits({ name, signature }: Pick<Policy, 'name' | 'signature'>, spec: EnvSpec): void {
  if (signature === undefined) return;
  const [observed, taken] = [spaceSize(spec.observationSpace), spaceSize(spec.actionSpace)];
  if (signature.observationSize !== undefined && signature.observationSize !== observed) {
    throw new InputError(
      `policy "${name}" expects ${signature.observationSize} observed numbers; ${spec.id} has ${observed}`,
      { fix: 'take the environment that the policy was trained in' },
    );
  }
  if (signature.actionSize !== taken) {
    throw new InputError(
      `policy "${name}" gives actions of ${signature.actionSize} numbers; ${spec.id} takes ${taken}`,
      { fix: 'take the environment that the policy was trained in' },
    );
  }
  const missing = signature.cameras.find(({ camera }) => !spec.cameras.includes(camera));
  if (missing !== undefined) {
    const known = spec.cameras.join(', ') || 'none';
    throw new InputError(`policy "${name}" looks at camera "${missing.camera}"; ${spec.id} has ${known}`);
  }
}
