import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDataset } from '@rapport/data';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordDataset } from '../recording.js';
import { contactSheet } from './contact-sheet.js';

describe('contactSheet', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rapport-sheet-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const record = async (episodes: number, picture: number) => {
    const directory = join(folder, `${episodes}-${picture}`);
    const recording = { envId: 'xmagical/avoid-longstick', policy: 'mixed', seed: 1, datasetId: 'sheet' };
    await recordDataset(directory, { ...recording, episodes, picture, storage: 'parquet' }, {});
    return directory;
  };

  it('shows the recorded pictures of every episode in its row, from the first to the last', async () => {
    const directory = await record(2, 32);
    const sheet = (await contactSheet(directory))!;
    const dataset = await openDataset(directory);
    // Pictures of 32 pixels are drawn three times as large.
    expect(sheet.width).toBe(8 + 8 * (96 + 8));
    const stepY = (sheet.height - 8) / 2;
    for (const episode of [0, 1]) {
      const { data } = await dataset.readFrames(episode, 'above');
      const { length } = dataset.episode(episode);
      for (const [column, frame] of [
        [0, 0],
        [7, length - 1],
      ] as const) {
        for (let pixel = 0; pixel < 32 * 32; pixel++) {
          const x = 8 + column * 104 + 3 * (pixel % 32) + 1;
          const y = 8 + episode * stepY + 3 * Math.floor(pixel / 32) + 1;
          const at = 3 * (y * sheet.width + x);
          const from = 3 * (frame * 32 * 32 + pixel);
          expect(sheet.data.subarray(at, at + 3)).toEqual(data.subarray(from, from + 3));
        }
      }
    }
  });

  it('shows at most twelve episodes', async () => {
    const [two, twelve, many] = [await record(2, 16), await record(12, 16), await record(14, 16)];
    const height = async (directory: string) => (await contactSheet(directory))!.height;
    expect(await height(many)).toBe(await height(twelve));
    expect((await height(twelve)) - 8).toBe(6 * ((await height(two)) - 8));
  });

  it('gives none without pictures', async () => {
    expect(await contactSheet(await record(1, 0))).toBeUndefined();
  });
});
