import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isPlaced, place, type Ranking, rankLabel, ranksOf, toggleTie } from './ranking.js';

it('ranks clips in the order in which they are placed', () => {
  const ranking = [2, 0, 1].reduce<Ranking>(place, []);
  expect(ranksOf(ranking, 3)).toEqual([1, 2, 0]);
});

it('ties the clip placed last with the one before, and takes the tie back', () => {
  const placed = [1, 2].reduce<Ranking>(place, []);
  const tied = toggleTie(placed);
  expect(ranksOf(place(tied, 0), 3)).toEqual([1, 0, 0]);
  expect(toggleTie(tied)).toEqual(placed);
  expect(rankLabel(tied, 2)).toBe('tied 1st');
});

it('puts a single clip without a rank last, and refuses when two have none', () => {
  expect(ranksOf([[1], [0]], 3)).toEqual([1, 0, 2]);
  expect(ranksOf([[1]], 3)).toBeUndefined();
});

it('keeps every clip in at most one group, without empty groups, whatever is pressed', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -1, max: 5 })), (presses) => {
      const ranking = presses.reduce<Ranking>((now, press) => (press < 0 ? toggleTie(now) : place(now, press)), []);
      const clips = ranking.flat();
      expect(new Set(clips).size).toBe(clips.length);
      expect(ranking.every((group) => group.length > 0)).toBe(true);
      // A clip pressed an odd number of times has a rank, an even number of times none.
      for (let clip = 0; clip < 6; clip++) {
        expect(isPlaced(ranking, clip)).toBe(presses.filter((press) => press === clip).length % 2 === 1);
      }
    }),
  );
});
