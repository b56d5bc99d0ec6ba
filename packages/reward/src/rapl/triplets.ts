import type { RankedClips } from '@rapport/core';
import { rankedPairs } from '../diagnostics/pairs.js';

/**
 * One statement of a ranking: the anchor is closer to `near` than to `far`, or as close when `target` is 1/2. Items are
 * clip numbers.
 */
export interface Triplet {
  readonly anchor: number;
  readonly near: number;
  readonly far: number;
  /** Probability that the statement is meant to have. */
  readonly target: 1 | 0.5;
}

/**
 * Every statement that rankings make about three clips. RAPL ranks three videos, best > middle > worst, and learns that the
 * best is closer to the middle than to the worst; its "equal" triplets have target 1/2. A ranking of n clips is read as
 * all of its triples: with places a <= b <= c the anchor is a clip at a,
 * target 1 where b is above c (a tie at the top gives two statements, one for either anchor),
 * target 1/2 where b and c are tied.
 * @param numberOf the number of a clip
 */
export function tripletsOf(
  rankings: readonly RankedClips[],
  numberOf: (clip: RankedClips['items'][number]) => number,
): Triplet[] {
  const triplets: Triplet[] = [];
  for (const { items, ranks } of rankings) {
    for (let anchor = 0; anchor < items.length; anchor++) {
      for (let near = 0; near < items.length; near++) {
        for (let far = 0; far < items.length; far++) {
          if (anchor === near || anchor === far || near === far) continue;
          if (ranks[anchor]! > ranks[near]! || ranks[near]! > ranks[far]!) continue;
          const tied = ranks[near] === ranks[far];
          if (tied && near > far) continue;
          triplets.push({
            anchor: numberOf(items[anchor]!),
            near: numberOf(items[near]!),
            far: numberOf(items[far]!),
            target: tied ? 0.5 : 1,
          });
        }
      }
    }
  }
  return triplets;
}

/**
 * Statements anchored at preferred videos of other rankings: a reference stands above all, so of two clips the preferred
 * one is closer to it. The references take turns over the preferences; none anchors a statement about itself.
 * @param references numbers of the references, not empty
 */
export function referenceTriplets(
  rankings: readonly RankedClips[],
  numberOf: (clip: RankedClips['items'][number]) => number,
  references: readonly number[],
): Triplet[] {
  return rankedPairs(rankings).flatMap(({ ranking, preferred, other }, turn): Triplet[] => {
    const { items } = rankings[ranking]!;
    const [near, far] = [numberOf(items[preferred]!), numberOf(items[other]!)];
    const anchors = references.filter((reference) => reference !== near && reference !== far);
    const anchor = anchors[turn % Math.max(1, anchors.length)];
    return anchor === undefined ? [] : [{ anchor, near, far, target: 1 }];
  });
}
