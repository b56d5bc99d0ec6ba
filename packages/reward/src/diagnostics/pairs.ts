import { type Interval, proportionInterval, type RankedClips } from '@rapport/core';

/** One strict preference inside a ranking: item `preferred` stands above item `other`. */
export interface RankedPair {
  /** Index of the ranking. */
  readonly ranking: number;
  readonly preferred: number;
  readonly other: number;
}

/** A pair with the probability that the model gives to the annotator's choice. */
export interface JudgedPair extends RankedPair {
  readonly probability: number;
}

/** Every strict preference that the rankings state; ties state none. */
export function rankedPairs(rankings: readonly RankedClips[]): RankedPair[] {
  return rankings.flatMap(({ ranks }, ranking) =>
    ranks.flatMap((rank, preferred) =>
      ranks.flatMap((otherRank, other) => (rank < otherRank ? [{ ranking, preferred, other }] : [])),
    ),
  );
}

/**
 * Share of the pairs whose choice has more than half of the probability, with its Wilson interval; exactly half counts as
 * half right. Undefined when there is no pair.
 */
export function pairAccuracy(pairs: readonly JudgedPair[]): Interval | undefined {
  if (pairs.length === 0) return undefined;
  return proportionInterval(
    pairs.reduce((sum, { probability }) => sum + credit(probability), 0),
    pairs.length,
  );
}

/** 1 for a right call, 1/2 for none. */
export function credit(probability: number): number {
  return probability > 0.5 ? 1 : probability === 0.5 ? 0.5 : 0;
}

/** The pairs that the model finds least likely, least likely first. */
export function worstExplained(pairs: readonly JudgedPair[], count: number): JudgedPair[] {
  return [...pairs].sort((a, b) => a.probability - b.probability).slice(0, count);
}
