import type { Episode } from './episode.js';

/** Gives every step of a finished episode a reward; what a policy is trained on. */
export interface RewardSource {
  /** For labels and reports, for example `rapl`, `rlhf`, `true`. */
  readonly name: string;
  /** Camera and size of the pictures that `rewards` reads, or undefined when it reads none. */
  readonly frames: { readonly camera: string; readonly width: number; readonly height: number } | undefined;
  /** Rewards of the steps, shape [episode.length]. */
  rewards(episode: Episode): Promise<Float32Array>;
}
