import { join } from 'node:path';
import type { FeedbackEntry, LedgerEntry } from '@rapport/core';
import { writeDurably } from '../durable.js';
import { type Column, type ColumnType, encodeParquet } from '../lerobot/parquet.js';

export type ExportFormat = 'jsonl' | 'parquet';

/**
 * Writes ledger entries, in their order, as `directory/feedback.jsonl` (one entry a line) or `directory/feedback.parquet`
 * (one row an entry, null where a column does not belong to the kind of entry).
 * @returns the path of the file
 */
export async function exportFeedback(
  entries: readonly LedgerEntry[],
  directory: string,
  format: ExportFormat,
): Promise<string> {
  const path = join(directory, `feedback.${format}`);
  await writeDurably(path, format === 'jsonl' ? toJsonLines(entries) : toParquet(entries));
  return path;
}

function toJsonLines(entries: readonly LedgerEntry[]): string {
  return entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
}

function whole(value: number | undefined): bigint | null {
  return value === undefined ? null : BigInt(value);
}

const integers: ColumnType = { list: 'int64' };

function toParquet(entries: readonly LedgerEntry[]): Uint8Array {
  const column = (name: string, type: ColumnType, read: (entry: LedgerEntry) => unknown): Column => ({
    name,
    type,
    data: entries.map(read),
  });
  const answers = (name: string, type: ColumnType, read: (entry: FeedbackEntry) => unknown) =>
    column(name, type, (entry) => (entry.kind === 'feedback' ? read(entry) : null));
  const clips = (name: string, type: ColumnType, read: (clip: FeedbackEntry['query']['items'][number]) => unknown) =>
    answers(name, { list: type }, (entry) => entry.query.items.map(read));
  return encodeParquet([
    column('id', 'string', (entry) => entry.id),
    column('kind', 'string', (entry) => entry.kind),
    column('annotator', 'string', (entry) => entry.annotator),
    answers('query_id', 'string', (entry) => entry.query.id),
    clips('item_datasets', 'string', (clip) => clip.dataset),
    clips('item_episodes', 'int64', (clip) => BigInt(clip.episode)),
    clips('item_starts', 'int64', (clip) => BigInt(clip.start)),
    clips('item_ends', 'int64', (clip) => BigInt(clip.end)),
    answers('screen_order', integers, (entry) => entry.screenOrder.map(BigInt)),
    answers('value', 'string', (entry) => entry.value.kind),
    answers('ranks', integers, ({ value }) => (value.kind === 'ranking' ? value.ranks.map(BigInt) : null)),
    answers('preferred', 'int64', ({ value }) =>
      value.kind === 'pair' && value.preferred !== null ? BigInt(value.preferred) : null,
    ),
    answers('shown_at_ms', 'double', (entry) => entry.shownAtMs),
    answers('answered_at_ms', 'double', (entry) => entry.answeredAtMs),
    answers('replays', integers, (entry) => entry.replays.map(BigInt)),
    answers('reasons', { list: 'string' }, (entry) => entry.annotation?.reasons ?? null),
    answers('strength', 'int64', (entry) => whole(entry.annotation?.strength)),
    ...(['start', 'end'] as const).map((side) =>
      // Parquet's list holds no nulls here: an item without a window has an empty one, at its start.
      answers(`window_${side}s`, integers, ({ query, annotation }) =>
        annotation?.windows === undefined
          ? null
          : annotation.windows.map((window, item) => BigInt(window?.[side] ?? query.items[item]!.start)),
      ),
    ),
    column('undoes', 'string', (entry) => (entry.kind === 'undo' ? entry.undoes : null)),
    column('undone_at_ms', 'double', (entry) => (entry.kind === 'undo' ? entry.atMs : null)),
  ]);
}
