import type { SpaceEntry } from '@rapport/core';
import type { NumpyRandomState } from '../numpy/random-state.js';
import type { ArenaState } from './arena-state.js';
import type { Layout } from './layout.js';
import type { EmbodimentName } from './view.js';

/**
 * A task on X-Magical's arena: where episodes start, what is observed, what is rewarded and what is preferred. It reads
 * the physics through `ArenaState` and keeps no state of its own: what it must remember within an episode lies in
 * `memory`, which the environment owns, zeroes at a reset and saves with its state.
 */
export interface XMagicalTask {
  /** Short name, for example `sweep`. */
  readonly name: string;
  /** One line for lists. */
  readonly summary: string;
  /** Numbers of memory that an episode needs; 0 when the task looks at the present state alone. */
  readonly memorySize: number;
  /**
   * Bounds of the action space: X-Magical declares [-1, 1] for every entry; `effective` is the part of it in which values
   * make a difference, so that a learner that scales its actions to the bounds can turn gently. Actions beyond the bounds
   * are taken all the same, as the original takes them.
   */
  readonly actionRange: 'declared' | 'effective';
  /** Control steps of an episode. */
  maxEpisodeSteps(embodiment: EmbodimentName): number;
  /** Draws the start of an episode. */
  drawLayout(random: NumpyRandomState): Layout;
  /** Names, units and bounds of the observation's entries. */
  observationEntries(embodiment: EmbodimentName): readonly SpaceEntry[];
  /** Fills `out`, shape [observation entries]. */
  observe(arena: ArenaState, out: Float32Array): void;
  /** Brings `memory` up to date; called once after every control step, before reward, score and success are asked. */
  remember(arena: ArenaState, memory: Float64Array): void;
  /** The benchmark's own reward of the control step that just ended. */
  reward(arena: ArenaState, memory: Float64Array): number;
  /** Privileged: the preference score of the control step that just ended, in [0, 1]. */
  stepScore(arena: ArenaState, memory: Float64Array): number;
  /** Privileged: whether the task is solved at the present state. */
  success(arena: ArenaState, memory: Float64Array): boolean;
  /** Privileged: the ways in which the task can be done, where that is what the task is about. */
  readonly ways?: {
    readonly preferred: string;
    /** The way in which the task was solved; called with a solved task. */
    of(arena: ArenaState, memory: Float64Array): string;
  };
}
