import type { RankedClips } from '@rapport/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { heldOutQueries, interleave, isHeldOut, splitRankings } from './held-out.js';

const clip = (episode: number) => ({ dataset: 'avoid', episode, start: 0, end: 10 });
const episodes = Array.from({ length: 1000 }, (_, episode) => episode);
const held = episodes.filter((episode) => isHeldOut(clip(episode)));
const kept = episodes.filter((episode) => !isHeldOut(clip(episode)));

it('holds out one of every five episodes, others in another dataset', () => {
  for (let block = 0; block < 200; block++) {
    expect(held.filter((episode) => Math.floor(episode / 5) === block)).toHaveLength(1);
  }
  expect(held.filter((episode) => !isHeldOut({ dataset: 'group', episode })).length).toBeGreaterThan(100);
});

it('never lets a clip be learned from and judged by', () => {
  const ranking = fc
    .array(fc.integer({ min: 0, max: 60 }), { minLength: 2, maxLength: 6 })
    .map((items): RankedClips => ({ items: items.map(clip), ranks: items.map((_, rank) => rank) }));
  fc.assert(
    fc.property(fc.array(ranking), (rankings) => {
      const { training, heldOut, mixed } = splitRankings(rankings);
      const seen = new Set(training.flatMap(({ items }) => items.map(({ episode }) => episode)));
      for (const { items } of heldOut) for (const { episode } of items) expect(seen.has(episode)).toBe(false);
      expect(training.length + heldOut.length + mixed).toBe(rankings.length);
    }),
  );
});

it('counts a ranking of both sides as mixed', () => {
  const items = [clip(held[0]!), clip(kept[0]!)];
  expect(splitRankings([{ items, ranks: [0, 1] }])).toEqual({ training: [], heldOut: [], mixed: 1 });
});

it('asks about held-out clips only when there are enough for a query', () => {
  expect(heldOutQueries(30, 2, 3)).toBe(0);
  expect(heldOutQueries(30, 3, 3)).toBe(6);
});

it('spreads the few evenly and keeps both orders', () => {
  expect(interleave([1, 2, 3, 4, 5, 6], [-1, -2])).toEqual([1, 2, 3, -1, 4, 5, 6, -2]);
  fc.assert(
    fc.property(fc.array(fc.nat()), fc.array(fc.nat().map((value) => -1 - value)), (many, few) => {
      const merged = interleave(many, few);
      expect(merged.filter((value) => value >= 0)).toEqual(many);
      expect(merged.filter((value) => value < 0)).toEqual(few);
    }),
  );
});
