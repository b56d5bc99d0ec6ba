import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { referenceTriplets, tripletsOf } from './triplets.js';

const items = (count: number) =>
  Array.from({ length: count }, (_, episode) => ({ dataset: 'd', episode, start: 0, end: 1 }));
const numberOf = (clip: { episode: number }) => clip.episode;

describe('tripletsOf', () => {
  it('reads best > middle > worst as one statement anchored at the best', () => {
    expect(tripletsOf([{ items: items(3), ranks: [2, 0, 1] }], numberOf)).toEqual([
      { anchor: 1, near: 2, far: 0, target: 1 },
    ]);
  });

  it('anchors a tie at the top at either clip, and gives a tie at the bottom target 1/2', () => {
    expect(tripletsOf([{ items: items(3), ranks: [0, 0, 1] }], numberOf)).toEqual([
      { anchor: 0, near: 1, far: 2, target: 1 },
      { anchor: 1, near: 0, far: 2, target: 1 },
    ]);
    expect(tripletsOf([{ items: items(3), ranks: [0, 1, 1] }], numberOf)).toEqual([
      { anchor: 0, near: 1, far: 2, target: 0.5 },
    ]);
  });

  it('finds every triple of a strict ranking of n clips once', () => {
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 6 }), fc.integer(), (count, seed) => {
        const ranks = items(count)
          .map((_, index) => ({ index, key: Math.sin(seed + index) }))
          .sort((a, b) => a.key - b.key)
          .map(({ index }) => index);
        const triplets = tripletsOf([{ items: items(count), ranks }], numberOf);
        expect(triplets).toHaveLength((count * (count - 1) * (count - 2)) / 6);
        for (const { anchor, near, far, target } of triplets) {
          expect(target).toBe(1);
          expect(ranks[anchor]).toBeLessThan(ranks[near]!);
          expect(ranks[near]).toBeLessThan(ranks[far]!);
        }
      }),
    );
  });

  it('finds no statement in a pair', () => {
    expect(tripletsOf([{ items: items(2), ranks: [0, 1] }], numberOf)).toEqual([]);
  });
});

describe('referenceTriplets', () => {
  it('anchors every strict preference at the references in turn, never at a clip of the pair', () => {
    const rankings = [
      { items: items(3), ranks: [0, 1, 2] },
      { items: items(2), ranks: [0, 0] },
    ];
    expect(referenceTriplets(rankings, numberOf, [0, 7])).toEqual([
      { anchor: 7, near: 0, far: 1, target: 1 },
      { anchor: 7, near: 0, far: 2, target: 1 },
      { anchor: 0, near: 1, far: 2, target: 1 },
    ]);
    expect(referenceTriplets(rankings, numberOf, [0])).toEqual([{ anchor: 0, near: 1, far: 2, target: 1 }]);
  });
});
