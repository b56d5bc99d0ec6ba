import { RandomStream } from '@rapport/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { AnswerMessage, AnswerValue } from '../protocol/index.js';
import { feedbackEntry, screenOrder } from './answers.js';

const queryOf = (clips: number) => ({
  id: `query-of-${clips}`,
  items: Array.from({ length: clips }, (_, episode) => ({ dataset: 'd', episode, start: 0, end: 9 })),
});

const message = (value: AnswerValue, replays: number[]): AnswerMessage => ({
  type: 'answer',
  entry: '0f0f0f0f-0000-4000-8000-000000000000',
  query: 'q',
  value,
  shownAtMs: 10,
  answeredAtMs: 20,
  replays,
});

it('turns ranks and replays on screen into those of the items', () => {
  const entry = feedbackEntry(
    message({ kind: 'ranking', ranks: [1, 0, 2] }, [5, 6, 7]),
    queryOf(3),
    [2, 0, 1],
    'human/a',
  );
  // Place 0 showed item 2, place 1 item 0, place 2 item 1.
  expect(entry.value).toEqual({ kind: 'ranking', ranks: [0, 2, 1] });
  expect(entry.replays).toEqual([6, 7, 5]);
  expect(entry.screenOrder).toEqual([2, 0, 1]);
});

it('stores two clips as a pair, with null for a tie', () => {
  const preferred = (ranks: number[]) =>
    feedbackEntry(message({ kind: 'ranking', ranks }, [1, 1]), queryOf(2), [1, 0], 'human/a').value;
  expect(preferred([0, 1])).toEqual({ kind: 'pair', preferred: 1 });
  expect(preferred([1, 0])).toEqual({ kind: 'pair', preferred: 0 });
  expect(preferred([0, 0])).toEqual({ kind: 'pair', preferred: null });
});

it('draws every order about equally often, the same for the same query and annotator', () => {
  const counts = new Map<string, number>();
  for (let seed = 0; seed < 600; seed++) {
    const order = screenOrder(new RandomStream(seed, 'test'), queryOf(3), 'human/a').join('');
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  expect(counts.size).toBe(6);
  for (const count of counts.values()) expect(count).toBeGreaterThan(60);
  fc.assert(
    fc.property(fc.nat(), fc.string(), (seed, annotator) => {
      const orders = [1, 2].map(() => screenOrder(new RandomStream(seed, 'test'), queryOf(6), annotator));
      expect(orders[0]).toEqual(orders[1]);
    }),
  );
});
