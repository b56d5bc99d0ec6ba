import { expect, it } from 'vitest';
import { randomQueries } from './queries.js';
import { RandomStream } from './random.js';

const clips = (count: number) =>
  Array.from({ length: count }, (_, episode) => ({ dataset: 'd', episode, start: 0, end: 9 }));

it('asks about every clip equally often, never twice in a query, and the same for the same seed', () => {
  const make = () =>
    randomQueries({ clips: clips(7), count: 35, clipsPerQuery: 4, random: new RandomStream(5, 'test') });
  const queries = make();
  expect(make()).toEqual(queries);
  expect(new Set(queries.map(({ id }) => id)).size).toBe(35);
  const counts = new Array(7).fill(0);
  for (const { items } of queries) {
    expect(new Set(items.map(({ episode }) => episode)).size).toBe(4);
    for (const { episode } of items) counts[episode] += 1;
  }
  expect(counts).toEqual(new Array(7).fill(20));
});

it('says how many clips are missing', () => {
  const random = new RandomStream(0, 'test');
  expect(() => randomQueries({ clips: clips(2), count: 1, random })).toThrow('a query needs 3 clips, and there are 2');
  expect(() => randomQueries({ clips: clips(9), count: 1, clipsPerQuery: 7, random })).toThrow('expected 2 to 6');
});
