import { RandomStream } from '@rapport/core';
import { describe, expect, it } from 'vitest';
import { queriesOfStart, rolloutsByStart } from './queries.js';

const episode = (index: number, seed: number) => ({
  index,
  seed,
  length: 5 + index,
  policy: 'p',
  envId: 'e',
  tasks: [],
});

describe('queriesOfStart', () => {
  it('asks about rollouts of one start, evenly over the starts, whatever order the starts come in', () => {
    const options = { starts: 4, queries: 10, clipsPerQuery: 2 };
    const stream = new RandomStream(0, 'queries');
    const of = (start: number) => {
      const rollouts = [0, 1, 2].map((place) => episode(3 * start + place, start));
      return queriesOfStart({ id: 'd' }, rollouts, start, options, stream);
    };
    const backwards = [3, 2, 1, 0].map(of).reverse();
    const forwards = [0, 1, 2, 3].map(of);
    expect(forwards).toEqual(backwards);
    expect(forwards.map(({ length }) => length)).toEqual([2, 3, 2, 3]);
    expect(new Set(forwards.flat().map(({ id }) => id)).size).toBe(10);
    for (const [start, queries] of forwards.entries()) {
      for (const { items } of queries) {
        expect(new Set(items.map(({ episode: index }) => index)).size).toBe(2);
        for (const { episode: index, end } of items) {
          expect(Math.floor(index / 3)).toBe(start);
          expect(end).toBe(5 + index);
        }
      }
    }
  });
});

describe('rolloutsByStart', () => {
  it('groups rollouts of the same seed, or takes all together where none share one', () => {
    const indices = (groups: ReturnType<typeof rolloutsByStart>) =>
      groups.map((group) => group.map(({ index }) => index));
    const shared = [episode(0, 7), episode(1, 8), episode(2, 7), episode(3, 9)];
    expect(indices(rolloutsByStart({ episodes: shared }))).toEqual([[0, 2]]);
    const apart = [episode(0, 7), episode(1, 8)];
    expect(indices(rolloutsByStart({ episodes: apart }))).toEqual([[0, 1]]);
    const unknown = [episode(0, -1), episode(1, -1)];
    expect(indices(rolloutsByStart({ episodes: unknown }))).toEqual([[0, 1]]);
  });
});
