import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CorruptDataError, UnavailableError } from '@rapport/core';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { chooseEncoder, decodeVideo, encodeVideo, findFfmpeg } from './ffmpeg.js';
import { readMp4VideoTrack } from './mp4.js';

const WIDTH = 80;
const HEIGHT = 64;
const SIZE = WIDTH * HEIGHT * 3;
const FPS = 15;
const encoders = (await findFfmpeg())?.encoders ?? [];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rapport-ffmpeg-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
afterEach(() => vi.unstubAllEnvs());

/** Flat colours in four quarters, which change from picture to picture. */
function pictures(count: number): Uint8Array {
  return Uint8Array.from({ length: count * SIZE }, (_, place) => {
    const step = Math.floor(place / SIZE);
    const pixel = Math.floor((place % SIZE) / 3);
    const quarter = (pixel % WIDTH < WIDTH / 2 ? 0 : 1) + (pixel < (WIDTH * HEIGHT) / 2 ? 0 : 2);
    return 30 + ((step * 9 + quarter * 50 + (place % 3) * 17) % 200);
  });
}

describe.skipIf(encoders.length === 0).each(encoders)('$name', (encoder) => {
  it('gives every picture back at its place, within a few levels', async () => {
    const path = join(folder, `${encoder.name}.mp4`);
    const data = pictures(21);
    await encodeVideo({ width: WIDTH, height: HEIGHT, fps: FPS, data }, encoder, path);
    expect(await readMp4VideoTrack(path)).toEqual({
      width: WIDTH,
      height: HEIGHT,
      frames: 21,
      durationS: 21 / FPS,
      constantRate: true,
    });
    for (const [start, count] of [
      [0, 21],
      [0, 1],
      [20, 1],
      [7, 5],
    ] as const) {
      const decoded = await decodeVideo(path, { width: WIDTH, height: HEIGHT, fps: FPS, start, count });
      let squares = 0;
      decoded.forEach((value, place) => {
        squares += (value - data[start * SIZE + place]!) ** 2;
      });
      // Neighbouring pictures differ by 9 levels, so a mean square error of 9 tells them apart.
      expect(squares / decoded.length).toBeLessThan(9);
    }
  });

  it('writes the same bytes for the same pictures', async () => {
    const video = { width: WIDTH, height: HEIGHT, fps: FPS, data: pictures(9) };
    const { readFile } = await import('node:fs/promises');
    const [a, b] = [join(folder, 'a.mp4'), join(folder, 'b.mp4')];
    await encodeVideo(video, encoder, a);
    await encodeVideo(video, encoder, b);
    expect((await readFile(a)).equals(await readFile(b))).toBe(true);
  });
});

describe.skipIf(encoders.length === 0)('a damaged video', () => {
  const range = { width: WIDTH, height: HEIGHT, fps: FPS, start: 0, count: 6 };
  const make = async (name: string) => {
    const path = join(folder, name);
    await encodeVideo({ width: WIDTH, height: HEIGHT, fps: FPS, data: pictures(6) }, encoders[0]!, path);
    return path;
  };

  it('is refused when it is cut off', async () => {
    const path = await make('cut.mp4');
    await truncate(path, 700);
    await expect(decodeVideo(path, range)).rejects.toThrow(CorruptDataError);
    await expect(decodeVideo(path, range)).rejects.toThrow('is not a whole MP4 video');
  });

  it('is refused when it is no video at all', async () => {
    const path = join(folder, 'text.mp4');
    await writeFile(path, 'not a video, only some words that are long enough to hold a box header');
    await expect(decodeVideo(path, range)).rejects.toThrow('is not a whole MP4 video');
  });

  it('is refused when it has too few pictures or another size', async () => {
    const path = await make('short.mp4');
    await expect(decodeVideo(path, { ...range, start: 3 })).rejects.toThrow(
      'has 6 pictures; pictures 3 to 9 were asked for',
    );
    await expect(decodeVideo(path, { ...range, width: 82 })).rejects.toThrow('is 80x64; expected 82x64');
  });

  it('says how to get ffmpeg when there is none', async () => {
    const path = await make('fine.mp4');
    vi.stubEnv('PATH', folder);
    const failure = decodeVideo(path, range);
    await expect(failure).rejects.toThrow(UnavailableError);
    await expect(failure).rejects.toMatchObject({ fix: 'install it: apt-get install -y ffmpeg' });
  });
});

it('chooses no AV1 for pictures that SVT-AV1 refuses', async () => {
  expect((await chooseEncoder({ width: 48, height: 48 }))?.name).not.toBe('libsvtav1');
});
