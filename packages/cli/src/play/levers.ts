import type { BoxSpace } from '@rapport/core';

/** Seconds in which a held key takes an entry without a rest from one bound to the other. */
const TRAVEL_SECONDS = 0.5;

/**
 * Turns pushes into actions. An entry whose bounds have 0 between them rests at 0 and is pushed towards a bound; any other,
 * a gripper's width for example, stays where it was pushed to.
 */
export class Levers {
  readonly #entries: readonly { readonly low: number; readonly high: number; readonly rests: boolean }[];
  readonly #values: Float64Array;
  readonly #travel: number;

  /**
   * @param observation the episode's first: an entry that stays begins where the observed entry of its name is, else at
   *   its lower bound
   */
  constructor(action: BoxSpace, controlHz: number, observed: BoxSpace, observation: Float32Array) {
    this.#entries = action.entries.map((entry) => {
      const low = Number.isFinite(entry.low) ? entry.low : -1;
      const high = Number.isFinite(entry.high) ? entry.high : 1;
      return { low, high, rests: low < 0 && high > 0 };
    });
    this.#values = Float64Array.from(this.#entries, ({ low, high, rests }, index) => {
      if (rests) return 0;
      const same = observed.entries.findIndex(({ name }) => name === action.entries[index]!.name);
      return same < 0 ? low : Math.min(high, Math.max(low, observation[same]!));
    });
    this.#travel = 1 / (TRAVEL_SECONDS * controlHz);
  }

  /** The action of one control step. @param levels how far each entry is pushed, -1 to 1 */
  action(levels: ArrayLike<number>): Float32Array {
    this.#entries.forEach(({ low, high, rests }, index) => {
      const level = levels[index] ?? 0;
      if (rests) this.#values[index] = level >= 0 ? level * high : -level * low;
      else {
        const moved = this.#values[index]! + level * this.#travel * (high - low);
        this.#values[index] = Math.min(high, Math.max(low, moved));
      }
    });
    return Float32Array.from(this.#values);
  }
}
