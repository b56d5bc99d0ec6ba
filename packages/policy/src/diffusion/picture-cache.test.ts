import { existsSync, readFileSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openDataset } from '@rapport/data';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from './fixtures.js';
import { openPictureCache } from './picture-cache.js';
import { readDemonstrations } from './read-demonstrations.js';

const directory = fileURLToPath(new URL('../../../../tests/fixtures/lerobot_v3_sample/sample_image', import.meta.url));
const camera = 'observation.images.front';

describe('the cache of pictures', () => {
  it('gives the same pictures out of a file as out of memory, and decodes them once', async () => {
    const dataset = await openDataset(directory);
    let decoded = 0;
    const counting = {
      ...dataset,
      readFrames: (...args: Parameters<typeof dataset.readFrames>) => {
        decoded += 1;
        return dataset.readFrames(...args);
      },
    };
    const options = { stateSize: 6, cameras: ['front'] };
    const inMemory = await readDemonstrations(dataset, options);
    const file = join(temporaryFolder(), 'cache/pictures.bin');
    const cache = { memoryBytes: 1000, file, fileBytes: 2 ** 30 };
    for (let read = 0; read < 2; read++) {
      const inFile = await readDemonstrations(counting, { ...options, cache });
      for (const [episode, { length, pictures }] of inMemory.demonstrations.entries()) {
        const size = 3 * 96 * 96;
        const wanted = pictures[camera]!;
        const found = inFile.demonstrations[episode]!.pictures[camera]!;
        expect(found.length).toBe(length * size);
        for (const step of [0, length - 1, 3]) {
          const [start, end] = [step * size, (step + 1) * size];
          expect(Buffer.compare(found.subarray(start, end), wanted.subarray(start, end))).toBe(0);
        }
      }
      inFile.close();
    }
    expect(decoded).toBe(3);
    expect(statSync(file).size).toBe(90 * 3 * 96 * 96);

    // A file that a crash cut off is made again.
    const whole = readFileSync(file);
    truncateSync(file, 100);
    (await readDemonstrations(counting, { ...options, cache })).close();
    expect(decoded).toBe(6);
    expect(Buffer.compare(readFileSync(file), whole)).toBe(0);
  });

  it('refuses more than may be kept, and leaves nothing of a read that failed', async () => {
    const file = join(temporaryFolder(), 'pictures.bin');
    const options = { memoryBytes: 10, file, fileBytes: 2 ** 30 };
    await expect(openPictureCache(2 ** 31, options)).rejects.toThrow('take 2.0 GiB; expected at most 1.0 GiB');
    const cache = await openPictureCache(20, options);
    const failure = cache.next(20, () => Promise.reject(new Error('no decoder')));
    await expect(failure).rejects.toThrow('no decoder');
    cache.close();
    expect(existsSync(file) || existsSync(`${file}.partial`)).toBe(false);
  });
});
