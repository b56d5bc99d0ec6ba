import { RandomStream } from '@rapport/core';
import type { FeatureVideo } from '@rapport/reward';
import { describe, expect, it } from 'vitest';
import { orderedQueries, queriesOfStart, rolloutsByStart } from './queries.js';

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

describe('orderedQueries', () => {
  /** Three starts with four rollouts each; what the rollouts look like, as one number. */
  const looks = [
    [0, 0.1, 0.2, 0.1],
    [5, 5.1, 9, 5.2],
    [1, 3, 1.1, 1.2],
  ];
  const starts = looks.map((some, start) =>
    some.map((_, place) => ({ dataset: 'd', episode: 4 * start + place, start: 0, end: 10 })),
  );
  const videos: FeatureVideo[] = looks
    .flat()
    .map((look) => ({ frames: 2, width: 1, data: Float32Array.of(look, look) }));
  const ask = (queries: number, seen: readonly FeatureVideo[] | undefined, clipsPerQuery = 3) =>
    orderedQueries(starts, { name: 'd', queries, clipsPerQuery }, seen, new RandomStream(1, 'queries'));
  const startsOf = (queries: ReturnType<typeof ask>) => queries.map(({ items }) => Math.floor(items[0]!.episode / 4));

  it.each([2, 3])('asks first about the starts and rollouts that look most different, %i at a time', (clips) => {
    const queries = ask(3, videos, clips);
    expect(startsOf(queries)).toEqual([1, 2, 0]);
    const shown = queries.map(({ items }) => items.map(({ episode }) => episode));
    expect(shown.map(({ length }) => length)).toEqual([clips, clips, clips]);
    expect(shown[0]).toEqual(expect.arrayContaining([4, 6]));
    expect(shown[1]).toEqual(expect.arrayContaining([8, 9]));
    expect(shown[2]).toEqual(expect.arrayContaining([0, 2]));
  });

  it.each([
    ['with', videos],
    ['without', undefined],
  ])('asks about every start equally often, of three of its rollouts, %s looks', (_, seen) => {
    const queries = ask(9, seen);
    for (const { items } of queries) {
      expect(new Set(items.map(({ episode }) => episode)).size).toBe(3);
      expect(new Set(items.map(({ episode }) => Math.floor(episode / 4))).size).toBe(1);
    }
    const counts = [0, 1, 2].map((start) => startsOf(queries).filter((one) => one === start).length);
    expect(counts).toEqual([3, 3, 3]);
    expect(new Set(queries.map(({ id }) => id)).size).toBe(9);
  });

  it('shows the rollouts that a start has where they are fewer', () => {
    expect(ask(3, videos, 6).map(({ items }) => items.length)).toEqual([4, 4, 4]);
  });
});
