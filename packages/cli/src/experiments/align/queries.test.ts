import { RandomStream } from '@rapport/core';
import type { FeatureVideo } from '@rapport/reward';
import { describe, expect, it } from 'vitest';
import { orderedQueries } from './queries.js';

/** Three starts with four rollouts each; what the rollouts look like, as one number. */
const looks = [
  [0, 0.1, 0.2, 0.1],
  [5, 5.1, 9, 5.2],
  [1, 3, 1.1, 1.2],
];
const starts = looks.map((some, start) =>
  some.map((_, place) => ({ dataset: 'd', episode: 4 * start + place, start: 0, end: 10 })),
);
const videos: FeatureVideo[] = looks.flat().map((look) => ({ frames: 2, width: 1, data: Float32Array.of(look, look) }));
const ask = (count: number, order: 'different' | 'random') =>
  orderedQueries(starts, count, order, videos, new RandomStream(1, 'queries'));
const startsOf = (queries: ReturnType<typeof ask>) => queries.map(({ items }) => Math.floor(items[0]!.episode / 4));

describe('orderedQueries', () => {
  it('asks first about the starts and rollouts that look most different', () => {
    const queries = ask(3, 'different');
    expect(startsOf(queries)).toEqual([1, 2, 0]);
    const shown = queries.map(({ items }) => items.map(({ episode }) => episode));
    expect(shown[0]).toEqual(expect.arrayContaining([4, 6]));
    expect(shown[1]).toEqual(expect.arrayContaining([8, 9]));
    expect(shown[2]).toEqual(expect.arrayContaining([0, 2]));
  });

  for (const order of ['different', 'random'] as const) {
    it(`asks about every start equally often, of three of its rollouts, in the order "${order}"`, () => {
      const queries = ask(9, order);
      for (const { items } of queries) {
        expect(new Set(items.map(({ episode }) => episode)).size).toBe(3);
        expect(new Set(items.map(({ episode }) => Math.floor(episode / 4))).size).toBe(1);
      }
      const counts = [0, 1, 2].map((start) => startsOf(queries).filter((one) => one === start).length);
      expect(counts).toEqual([3, 3, 3]);
      expect(new Set(queries.map(({ id }) => id)).size).toBe(9);
    });
  }
});
