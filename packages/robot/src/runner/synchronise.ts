import type { TimeSeries } from './time-series.js';

/** How far a stamp may be ahead of the own clock, seconds: beyond, the clocks of the machines disagree. */
export const CLOCK_TOLERANCE = 0.1;

/** Why there is nothing to act on. */
export interface Unsynchronised {
  readonly kind: 'missing' | 'old' | 'ahead';
  /** The source's name. */
  readonly source: string;
  /** Seconds that its newest sample is old, negative when it is ahead; infinite when there is none. */
  readonly age: number;
  readonly maxAge: number;
}

/**
 * The time to observe at: the latest for which every source of `leading` has a sample. What shows the scene (pictures,
 * poses of things) leads, and the arm's own state, which comes more often, is then taken nearest to that time.
 * @param now seconds, on the clock of the stamps
 * @returns the time, or what is missing, too old or ahead of the clock
 */
export function synchronise(
  leading: readonly TimeSeries<unknown>[],
  following: readonly TimeSeries<unknown>[],
  now: number,
): number | Unsynchronised {
  let reference = Number.POSITIVE_INFINITY;
  for (const source of [...leading, ...following]) {
    const newest = source.newest?.stamp ?? Number.NEGATIVE_INFINITY;
    const age = now - newest;
    const problem = newest === Number.NEGATIVE_INFINITY ? 'missing' : age > source.maxAge ? 'old' : undefined;
    const kind = age < -CLOCK_TOLERANCE ? 'ahead' : problem;
    if (kind !== undefined) return { kind, source: source.name, age, maxAge: source.maxAge };
    if (leading.includes(source)) reference = Math.min(reference, newest);
  }
  return reference;
}
