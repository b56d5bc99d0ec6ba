import type { RankedClips } from '@rapport/core';

/** Two clips of a ranking, by number, and the probability that the first is preferred: 1, or 1/2 for a tie. */
export interface ComparedPair {
  readonly first: number;
  readonly second: number;
  readonly target: 1 | 0.5;
}

/** All pairs of every ranking; three for a triplet. */
export function comparedPairs(
  rankings: readonly RankedClips[],
  numberOf: (clip: RankedClips['items'][number]) => number,
): ComparedPair[] {
  const pairs: ComparedPair[] = [];
  for (const { items, ranks } of rankings) {
    for (let i = 0; i < items.length; i++) {
      for (let j = i + 1; j < items.length; j++) {
        const [first, second] = ranks[i]! <= ranks[j]! ? [i, j] : [j, i];
        pairs.push({
          first: numberOf(items[first]!),
          second: numberOf(items[second]!),
          target: ranks[i] === ranks[j] ? 0.5 : 1,
        });
      }
    }
  }
  return pairs;
}
