import { copyFile, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findFfmpeg } from '../ffmpeg.js';
import type { ImageStorage } from './new-dataset.js';
import { openPrivilegedDataset } from './privileged.js';
import { openDataset } from './reader.js';
import { SYNTHETIC_OPTIONS, stepInPicture, syntheticEpisode } from './synthetic-episode.js';
import { validateDataset } from './validate.js';
import { createDataset, openDatasetForAppend } from './writer.js';

const hasFfmpeg = ((await findFfmpeg())?.encoders.length ?? 0) > 0;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rapport-dataset-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const storages: ImageStorage[] = hasFfmpeg ? ['parquet', 'video'] : ['parquet'];
describe.each(storages)('a dataset with images in %s', (imageStorage) => {
  it('reads back every number of what was appended', async () => {
    const directory = join(folder, 'set');
    const writer = await createDataset(directory, { ...SYNTHETIC_OPTIONS, id: 'my-set', imageStorage });
    const recorded = [syntheticEpisode(3, 12), syntheticEpisode(4, 7)];
    expect(await writer.append(recorded[0]!, 'sweep')).toBe(0);
    expect(await writer.append(recorded[1]!)).toBe(1);
    await writer.finalize();

    const { dataset, readPrivileged } = await openPrivilegedDataset(directory);
    expect(dataset.id).toBe('my-set');
    expect(dataset.observationSpace).toEqual(SYNTHETIC_OPTIONS.observationSpace);
    expect(dataset.episodes).toEqual([
      { index: 0, length: 12, seed: 3, policy: 'scripted/odd', envId: 'test/arena', tasks: ['sweep'] },
      {
        index: 1,
        length: 7,
        seed: 4,
        policy: 'scripted/even',
        envId: 'test/arena',
        stopped: 'a fault',
        tasks: ['test/arena'],
      },
    ]);
    for (const [index, { episode, privileged }] of recorded.entries()) {
      const { frames, ...read } = await dataset.readEpisode(index, { frames: true });
      const { frames: written, ...expected } = episode;
      expect(read).toEqual(expected);
      const size = 64 * 64 * 3;
      for (let step = 0; step < episode.length; step++) {
        expect(stepInPicture(frames[0]!.data.subarray(step * size, (step + 1) * size))).toBe(step);
      }
      if (imageStorage === 'parquet') expect(frames).toEqual(written);
      expect(await readPrivileged(index)).toEqual(privileged);
    }
  });

  it('appends to an existing set as if it had never been closed', async () => {
    const [a, b] = [join(folder, 'a/set'), join(folder, 'b/set')];
    const whole = await createDataset(a, { ...SYNTHETIC_OPTIONS, imageStorage });
    await whole.append(syntheticEpisode(1, 5));
    await whole.append(syntheticEpisode(2, 6), 'push');
    const first = await createDataset(b, { ...SYNTHETIC_OPTIONS, imageStorage });
    await first.append(syntheticEpisode(1, 5));
    const second = await openDatasetForAppend(b);
    expect(await second.append(syntheticEpisode(2, 6), 'push')).toBe(1);
    expect(await filesOf(b)).toEqual(await filesOf(a));
    expect((await openDataset(b)).episodes).toHaveLength(2);
  });
});

it('keeps episodes that were observed by pictures alone, without a column of numbers', async () => {
  const directory = join(folder, 'set');
  const observationSpace = { kind: 'box' as const, entries: [] };
  const writer = await createDataset(directory, { ...SYNTHETIC_OPTIONS, observationSpace, imageStorage: 'parquet' });
  const { episode, privileged } = syntheticEpisode(3, 5);
  const seen = { ...episode, observations: new Float32Array(0) };
  await writer.append({ episode: seen, privileged });
  await writer.finalize();

  const dataset = await openDataset(directory);
  expect(await dataset.readEpisode(0, { frames: true })).toEqual(seen);
  expect(Object.keys(dataset.info.features)).not.toContain('observation.state');
  expect(await validateDataset(directory)).toEqual([]);
});

it('removes what crashes left before it appends: an uncounted episode, and rows that finalize had gathered', async () => {
  const directory = join(folder, 'set');
  const writer = await createDataset(directory, { ...SYNTHETIC_OPTIONS, imageStorage: 'parquet' });
  await writer.append(syntheticEpisode(1, 5));
  await writer.append(syntheticEpisode(2, 5));
  const rows = (index: number) => join(directory, `meta/episodes/chunk-000/file-00${index}.parquet`);
  const info = join(directory, 'meta/info.json');
  await copyFile(rows(1), join(folder, 'gathered.parquet'));
  await writer.finalize();
  await copyFile(info, join(folder, 'info.json'));
  await writer.append(syntheticEpisode(3, 5));
  // As if the process had died before the last write of `finalize`, and before the last of the third episode.
  await copyFile(join(folder, 'gathered.parquet'), rows(1));
  await copyFile(join(folder, 'info.json'), info);
  expect((await openDataset(directory)).episodes.map(({ seed }) => seed)).toEqual([1, 2]);

  const next = await openDatasetForAppend(directory);
  expect((await readdir(join(directory, 'meta/episodes/chunk-000'))).sort()).toEqual(['file-000.parquet']);
  expect((await readdir(join(directory, 'data/chunk-000'))).sort()).toEqual(['file-000.parquet', 'file-001.parquet']);
  expect(await next.append(syntheticEpisode(4, 6))).toBe(2);
  const dataset = await openDataset(directory);
  expect(dataset.episodes.map(({ seed }) => seed)).toEqual([1, 2, 4]);
  expect((await dataset.readEpisode(2, { frames: true })).actions).toEqual(syntheticEpisode(4, 6).episode.actions);
});

async function filesOf(directory: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const entry of (await readdir(directory, { recursive: true })).sort()) {
    const path = join(directory, entry);
    if ((await stat(path)).isFile()) files[entry] = (await readFile(path)).toString('base64');
  }
  return files;
}
