import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findFfmpeg } from '../ffmpeg.js';
import type { ImageStorage } from './new-dataset.js';
import { openPrivilegedDataset } from './privileged.js';
import { openDataset } from './reader.js';
import { SYNTHETIC_OPTIONS, stepInPicture, syntheticEpisode } from './synthetic-episode.js';
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
      { index: 1, length: 7, seed: 4, policy: 'scripted/even', envId: 'test/arena', tasks: ['test/arena'] },
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

async function filesOf(directory: string): Promise<Record<string, string>> {
  const { readdir, readFile, stat } = await import('node:fs/promises');
  const files: Record<string, string> = {};
  for (const entry of (await readdir(directory, { recursive: true })).sort()) {
    const path = join(directory, entry);
    if ((await stat(path)).isFile()) files[entry] = (await readFile(path)).toString('base64');
  }
  return files;
}
