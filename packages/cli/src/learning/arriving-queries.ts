import { setTimeout as wait } from 'node:timers/promises';
import { type ClipReference, CorruptDataError } from '@rapport/core';
import { type Dataset, openDataset } from '@rapport/data';
import type { QueryStream } from '@rapport/viewer';
import { isHeldOut } from './held-out.js';

export interface Following {
  /** Folder of a dataset that is being recorded. */
  readonly directory: string;
  /** How many queries to make; then the stream ends. */
  readonly count: number;
  readonly clipsPerQuery: number;
  /** Milliseconds from one look at the dataset to the next. */
  readonly everyMs: number;
  /** Ends the following, and the stream. */
  readonly signal: AbortSignal;
}

/**
 * Pushes a query as soon as enough episodes for it are recorded, each episode in one query, together with those recorded
 * next to it; none about episodes to learn from and held-out ones both. Queries follow from the dataset alone, so that a
 * later start makes the same ones.
 * @throws CorruptDataError when the dataset cannot be read twice in a row; the stream has ended then
 */
export async function followRecording(stream: QueryStream, following: Following): Promise<void> {
  const { directory, count, clipsPerQuery, everyMs, signal } = following;
  const waiting: Record<'learning' | 'judging', ClipReference[]> = { learning: [], judging: [] };
  let seen = 0;
  let pushed = 0;
  const takeIn = (clip: ClipReference): void => {
    const clips = waiting[isHeldOut(clip) ? 'judging' : 'learning'];
    if (clips.push(clip) < clipsPerQuery || pushed === count) return;
    const items = clips.splice(0);
    const episodes = items.map(({ episode }) => episode).join('+');
    stream.push({ id: `arriving/${clip.dataset.slice(0, 120)}/${episodes}`, items });
    pushed += 1;
  };
  try {
    while (pushed < count && !signal.aborted) {
      const { id, episodes } = await openGrowing(directory, everyMs);
      for (const { index, length } of episodes.slice(seen))
        takeIn({ dataset: id, episode: index, start: 0, end: length });
      seen = episodes.length;
      // An abort ends the wait early; the loop sees it.
      await wait(everyMs, undefined, { signal }).catch(() => {});
    }
  } finally {
    stream.end();
  }
}

/** The writer may be gathering its files at the first look. */
async function openGrowing(directory: string, everyMs: number): Promise<Dataset> {
  try {
    return await openDataset(directory);
  } catch (error) {
    if (!(error instanceof CorruptDataError)) throw error;
    await wait(everyMs);
    return openDataset(directory);
  }
}
