import type { LedgerEntry, Query } from '@rapport/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { QueryPool } from './pool.js';
import { fixedQueries, queryStream } from './queries.js';

const queries = (count: number): Query[] =>
  Array.from({ length: count }, (_, number) => ({
    id: `q${number}`,
    items: [0, 1, 2].map((episode) => ({ dataset: 'd', episode, start: 0, end: 9 })),
  }));

const feedback = (query: Query, annotator: string, id: string): LedgerEntry => ({
  kind: 'feedback',
  id,
  query,
  screenOrder: [0, 1, 2],
  value: { kind: 'skip' },
  annotator,
  shownAtMs: 0,
  answeredAtMs: 1,
  replays: [1, 1, 1],
});

it('passes over queries that the ledger holds standing answers to, and asks undone ones again', async () => {
  const [first, second, third] = queries(3) as [Query, Query, Query];
  const pool = new QueryPool(fixedQueries([first, second, third]), 1, [
    feedback(first, 'annotator-1', 'a'),
    feedback(second, 'annotator-1', 'b'),
    { kind: 'undo', id: 'u', undoes: 'b', annotator: 'annotator-1', atMs: 2 },
  ]);
  await pool.readOn();
  expect((await pool.take('annotator-2'))?.id).toBe('q1');
  expect([pool.answered, pool.total, pool.answeredBy('annotator-1')]).toEqual([1, 3, 1]);
  expect(pool.undoable('annotator-1')).toEqual(['a']);
  expect(pool.canUndo('annotator-2', 'a')).toBe(false);
});

it('gives a query of someone who left to the next, and back to its holder only while it is free', async () => {
  const pool = new QueryPool(fixedQueries(queries(2)), 1, []);
  await pool.take('annotator-1');
  pool.release('annotator-1');
  expect((await pool.take('annotator-2'))?.id).toBe('q0');
  await pool.reclaim('annotator-1', 'q0');
  expect(pool.heldBy('annotator-1')).toEqual([]);
  await pool.reclaim('annotator-1', 'q1');
  expect(pool.heldBy('annotator-1').map(({ id }) => id)).toEqual(['q1']);
});

it('is finished when every query that can be read has its answers', async () => {
  const pool = new QueryPool(fixedQueries(queries(2)), 1, []);
  await pool.take('annotator-1');
  pool.recordAnswer('annotator-1', 'q0', 'a');
  await pool.take('annotator-1');
  expect(pool.isFinished).toBe(false);
  pool.withdraw('q1');
  await pool.readOn();
  expect([pool.isFinished, pool.total]).toEqual([true, 1]);
});

it('does not wait for queries that are still to come, and tells when they have', async () => {
  const [first, second] = queries(2) as [Query, Query];
  const stream = queryStream(2);
  const pool = new QueryPool(stream, 1, []);
  const late: unknown[] = [];
  pool.onLateRead = () => late.push([pool.isWaiting, pool.isFinished]);
  await pool.readOn();
  expect(await pool.take('annotator-1')).toBeUndefined();
  expect([pool.isWaiting, pool.isFinished, pool.isGrowing, pool.total]).toEqual([true, false, true, 2]);

  stream.push(first);
  await expect.poll(() => late).toEqual([[false, false]]);
  expect((await pool.take('annotator-1'))?.id).toBe('q0');
  pool.recordAnswer('annotator-1', 'q0', 'a');
  stream.push(second);
  expect((await pool.take('annotator-1'))?.id).toBe('q1');
  pool.recordAnswer('annotator-1', 'q1', 'b');
  expect(await pool.take('annotator-1')).toBeUndefined();
  stream.end();
  await expect.poll(() => pool.isFinished).toBe(true);
  expect(() => stream.push(first)).toThrow(/query q0 comes after the end of its stream/);
});

it('ends with the reason when the source fails', async () => {
  const failing = { total: 3, next: () => Promise.reject(new Error('no more rollouts')) };
  const pool = new QueryPool(failing, 1, []);
  expect(await pool.take('annotator-1')).toBeUndefined();
  expect(String(pool.failure)).toBe('Error: no more rollouts');
});

it('keeps every query at no more than `overlap` people, whatever they do', async () => {
  const step = fc.record({
    who: fc.constantFrom('annotator-1', 'annotator-2', 'annotator-3'),
    does: fc.constantFrom('take', 'answer', 'leave', 'undo'),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 2 }), async (steps, overlap) => {
      const all = queries(8);
      const pool = new QueryPool(fixedQueries(all), overlap, []);
      for (const [number, { who, does }] of steps.entries()) {
        const open = pool.heldBy(who)[0];
        const latest = pool.undoable(who).at(-1);
        if (does === 'take') await pool.take(who);
        if (does === 'leave') pool.release(who);
        if (does === 'answer' && open !== undefined) pool.recordAnswer(who, open.id, `entry-${number}`);
        if (does === 'undo' && latest !== undefined) pool.recordUndo(who, latest, `undo-${number}`);
        for (const { id } of all) {
          const people = ['annotator-1', 'annotator-2', 'annotator-3'].filter(
            (name) =>
              pool.held(name, id) !== undefined ||
              pool.undoable(name).some((entry) => pool.entry(entry)?.queryId === id),
          );
          expect(people.length).toBeLessThanOrEqual(overlap);
        }
      }
    }),
    { numRuns: 200 },
  );
});
