import { InputError } from './errors.js';

/** One entry of a flat observation or action vector. */
export interface SpaceEntry {
  /** What the number is, in snake case, for example `robot_x`. */
  readonly name: string;
  /** Physical unit, for example `m`, `rad`, `m/s`; `1` for a pure number. */
  readonly unit: string;
  /** Least value that can occur, `-Infinity` when unbounded. */
  readonly low: number;
  /** Greatest value that can occur. */
  readonly high: number;
}

/** A box of real vectors of shape [entries.length]; values travel as Float32Array. */
export interface BoxSpace {
  readonly kind: 'box';
  readonly entries: readonly SpaceEntry[];
}

/** A box space from its entries. */
export function boxSpace(entries: readonly SpaceEntry[]): BoxSpace {
  return { kind: 'box', entries };
}

/** Number of entries of the vectors of this space. */
export function spaceSize(space: BoxSpace): number {
  return space.entries.length;
}

/**
 * Checks a vector from outside against a space. Bounds are not checked: environments clip as their originals do.
 * @param label what the vector is, for the message, for example `action`
 * @throws InputError on a wrong length or on a value that is not finite, naming the entry
 */
export function checkVector(space: BoxSpace, vector: ArrayLike<number>, label: string): void {
  if (vector.length !== space.entries.length) {
    throw new InputError(`${label} has ${vector.length} values; expected ${space.entries.length}`);
  }
  for (let index = 0; index < vector.length; index++) {
    if (!Number.isFinite(vector[index]!)) {
      throw new InputError(
        `${label} entry ${index} (${space.entries[index]!.name}) is ${vector[index]}; expected a finite number`,
      );
    }
  }
}

/**
 * Maps a vector in [-1, 1] to the bounds of a space, entry by entry.
 * @throws InputError when a bound of the space is not finite
 */
export function fromUnitBox(space: BoxSpace, unit: ArrayLike<number>): Float32Array {
  return Float32Array.from(space.entries, ({ low, high }, index) => {
    checkFinite(space, index);
    return low + ((unit[index]! + 1) / 2) * (high - low);
  });
}

/** The inverse of `fromUnitBox`. */
export function toUnitBox(space: BoxSpace, vector: ArrayLike<number>): Float32Array {
  return Float32Array.from(space.entries, ({ low, high }, index) => {
    checkFinite(space, index);
    return (2 * (vector[index]! - low)) / (high - low) - 1;
  });
}

function checkFinite(space: BoxSpace, index: number): void {
  const { name, low, high } = space.entries[index]!;
  if (!Number.isFinite(low) || !Number.isFinite(high) || low >= high) {
    throw new InputError(
      `entry ${index} (${name}) has the bounds [${low}, ${high}]; expected finite bounds, low < high`,
    );
  }
}
