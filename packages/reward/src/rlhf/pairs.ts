import { type RankedClips, strengthBetween } from '@rapport/core';

/** Two clips of a ranking, by number, and the probability that the first is preferred: 1, or 1/2 for a tie. */
export interface ComparedPair {
  readonly first: number;
  readonly second: number;
  readonly target: 1 | 0.5;
  /** How much better the first is, as far as the annotator stated it: 0 or more. */
  readonly strength: number;
}

/** All pairs of every ranking; three for a triplet. */
export function comparedPairs(
  rankings: readonly RankedClips[],
  numberOf: (clip: RankedClips['items'][number]) => number,
): ComparedPair[] {
  const pairs: ComparedPair[] = [];
  for (const ranking of rankings) {
    const { items, ranks } = ranking;
    for (let i = 0; i < items.length; i++) {
      for (let j = i + 1; j < items.length; j++) {
        const [first, second] = ranks[i]! <= ranks[j]! ? [i, j] : [j, i];
        pairs.push({
          first: numberOf(items[first]!),
          second: numberOf(items[second]!),
          target: ranks[i] === ranks[j] ? 0.5 : 1,
          strength: strengthBetween(ranking, first, second),
        });
      }
    }
  }
  return pairs;
}
