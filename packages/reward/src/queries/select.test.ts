import { type ClipReference, RandomStream } from '@rapport/core';
import { describe, expect, it } from 'vitest';
import type { FeatureVideo } from '../videos.js';
import { randomQueries, spreadQueries } from './select.js';

const clips: ClipReference[] = Array.from({ length: 10 }, (_, episode) => ({
  dataset: 'd',
  episode,
  start: 0,
  end: 4,
}));
const selection = (count: number) => ({
  clips,
  count,
  itemsPerQuery: 3,
  stream: new RandomStream(2, 'queries'),
  idPrefix: 'demo',
});

describe('randomQueries', () => {
  it('asks about every clip equally often, never twice in one query, with unique ids', () => {
    const queries = randomQueries(selection(30));
    const uses = new Map<number, number>();
    for (const { items } of queries) {
      expect(new Set(items.map(({ episode }) => episode)).size).toBe(3);
      for (const { episode } of items) uses.set(episode, (uses.get(episode) ?? 0) + 1);
    }
    const counts = clips.map(({ episode }) => uses.get(episode) ?? 0);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    expect(new Set(queries.map(({ id }) => id)).size).toBe(30);
  });

  it('repeats itself for the same seed', () => {
    expect(randomQueries(selection(5))).toEqual(randomQueries(selection(5)));
  });

  it('refuses more items than clips', () => {
    expect(() => randomQueries({ ...selection(1), clips: clips.slice(0, 2) })).toThrow(
      /there are 2 clips; a query needs 3/,
    );
  });
});

describe('spreadQueries', () => {
  it('asks about clips that look more different than random ones do', () => {
    const videos = (clip: ClipReference): FeatureVideo => ({
      frames: 2,
      width: 1,
      data: Float32Array.from([clip.episode ** 2, clip.episode ** 2]),
    });
    const spread = (queries: readonly { items: readonly ClipReference[] }[]): number =>
      queries.reduce((sum, { items }) => {
        const values = items.map(({ episode }) => episode ** 2).sort((a, b) => a - b);
        return sum + Math.min(values[1]! - values[0]!, values[2]! - values[1]!);
      }, 0) / queries.length;
    expect(spread(spreadQueries(selection(40), videos))).toBeGreaterThan(1.5 * spread(randomQueries(selection(40))));
  });
});
