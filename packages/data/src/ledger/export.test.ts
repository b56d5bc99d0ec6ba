import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LedgerEntry } from '@rapport/core';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { exportFeedback } from './export.js';

const entries: LedgerEntry[] = [
  {
    kind: 'feedback',
    id: 'a',
    query: { id: 'q', items: [0, 1].map((episode) => ({ dataset: 'ds', episode, start: 0, end: 5 })) },
    screenOrder: [1, 0],
    value: { kind: 'ranking', ranks: [0, 1] },
    annotator: 'human/ann\u2028a',
    shownAtMs: 1_760_000_000_000.25,
    answeredAtMs: 1_760_000_001_000,
    replays: [1, 3],
    annotation: { windows: [{ start: 1, end: 4 }, null], reasons: ['safer', 'smoother'], strength: 2 },
  },
  { kind: 'undo', id: 'u', undoes: 'a', annotator: 'human/annotator-1', atMs: 1_760_000_002_000 },
];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rapport-export-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('writes JSON lines that read back as the entries', async () => {
  const path = await exportFeedback(entries, join(folder, 'new'), 'jsonl');
  const lines = (await readFile(path, 'utf8')).split('\n');
  expect(lines.pop()).toBe('');
  expect(lines.map((line) => JSON.parse(line))).toEqual(entries);
  expect(await readdir(join(folder, 'new'))).toEqual(['feedback.jsonl']);
});

it('writes Parquet that reads back with nulls where a column does not apply', async () => {
  const path = await exportFeedback(entries, folder, 'parquet');
  const rows = await parquetReadObjects({ file: await asyncBufferFromFile(path), compressors });
  expect(rows).toHaveLength(2);
  expect(rows[0]).toEqual({
    id: 'a',
    kind: 'feedback',
    annotator: 'human/ann\u2028a',
    query_id: 'q',
    item_datasets: ['ds', 'ds'],
    item_episodes: [0n, 1n],
    item_starts: [0n, 0n],
    item_ends: [5n, 5n],
    screen_order: [1n, 0n],
    value: 'ranking',
    ranks: [0n, 1n],
    preferred: null,
    shown_at_ms: 1_760_000_000_000.25,
    answered_at_ms: 1_760_000_001_000,
    replays: [1n, 3n],
    reasons: ['safer', 'smoother'],
    strength: 2n,
    window_starts: [1n, 0n],
    window_ends: [4n, 0n],
    undoes: null,
    undone_at_ms: null,
  });
  expect(rows[1]).toMatchObject({ id: 'u', undoes: 'a', query_id: null, ranks: null, undone_at_ms: 1_760_000_002_000 });
});

it('writes a readable Parquet file of an empty ledger', async () => {
  const path = await exportFeedback([], join(folder, 'empty'), 'parquet');
  expect(await parquetReadObjects({ file: await asyncBufferFromFile(path), compressors })).toEqual([]);
});
