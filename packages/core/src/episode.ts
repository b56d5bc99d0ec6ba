import type { Scene } from './scene.js';

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
  readonly frames: readonly FrameStack[];
}

/** What only recording, simulated annotators and evaluation know of a rollout. */
export interface PrivilegedTrack {
  /** Ground-truth preference score of each step, shape [T], in [0, 1]. */
  readonly stepScores: Float32Array;
  /** Success at the end. */
  readonly success: boolean;
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

/** Chooses actions. A policy may keep state over an episode; `reset` clears it. */
export interface Policy {
  /** For labels and reports. */
  readonly name: string;
  reset(seed: number): void;
  /** @param observation shape [observation entries]; returns shape [action entries] */
  act(observation: Float32Array): Promise<Float32Array> | Float32Array;
}
