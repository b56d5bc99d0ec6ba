import { InterruptedError } from '@rapport/core';
import { makeEnv } from '@rapport/sim';
import { describe, expect, it } from 'vitest';
import { environmentsSheet, episodeSheet } from './environment-sheet.js';
import { GLYPH_HEIGHT, GLYPH_WIDTH, glyphCovers } from './glyphs.js';
import { composeSheet, halvePicture } from './sheet.js';

const picture = (value: number) => ({ width: 60, height: 20, data: new Uint8Array(3 * 60 * 20).fill(value) });

describe('composeSheet', () => {
  it('puts every picture at its place with its label below', () => {
    const tiles = [10, 20, 30].map((value) => ({ picture: picture(value), label: `tile ${value}` }));
    const sheet = composeSheet(tiles, 2);
    expect([sheet.width, sheet.height]).toEqual([8 + 2 * 68, 8 + 2 * (28 + 10)]);
    const at = (x: number, y: number) => sheet.data[3 * (y * sheet.width + x)];
    expect([at(8, 8), at(67, 27), at(76, 8), at(8, 46), at(76, 46)]).toEqual([10, 10, 20, 30, 255]);
    // The letter t stands below the first picture, and nothing beside the last label.
    const ink = (left: number, top: number, letter: string) =>
      Array.from({ length: GLYPH_WIDTH * GLYPH_HEIGHT }, (_, index) => {
        const [x, y] = [index % GLYPH_WIDTH, Math.floor(index / GLYPH_WIDTH)];
        return (at(left + x, top + y) === 40) === glyphCovers(letter, x, y);
      }).every(Boolean);
    expect(ink(8, 31, 't')).toBe(true);
    expect(ink(8 + 6 * 5, 31, '1')).toBe(true);
    expect(ink(8 + 6 * 5, 69, '3')).toBe(true);
  });

  it('breaks long labels after hyphens and slashes, and cuts what cannot be broken', () => {
    const one = composeSheet([{ picture: picture(1), label: 'a/bc' }], 1);
    const three = composeSheet([{ picture: picture(1), label: 'franka/door-abcdefghijkl' }], 1);
    expect(three.height - one.height).toBe(2 * 10);
  });

  it('draws every letter unlike the others', () => {
    const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-/_.:'];
    const shapes = letters.map((letter) =>
      Array.from({ length: 40 }, (_, index) => Number(glyphCovers(letter, index % 5, Math.floor(index / 5)))).join(''),
    );
    expect(new Set(shapes).size).toBe(letters.length);
  });
});

describe('halvePicture', () => {
  it('averages each two by two pixels', () => {
    const data = Uint8Array.from([0, 0, 0, 100, 0, 0, 50, 0, 8, 10, 4, 0]);
    expect([...halvePicture({ width: 2, height: 2, data }).data]).toEqual([40, 1, 2]);
  });
});

describe('sheets of environments', () => {
  it("holds each environment's own picture, halved", async () => {
    const id = 'xmagical/avoid-longstick';
    const sheet = await environmentsSheet([id, 'xmagical/group-gripper'], {});
    const env = await makeEnv(id);
    env.reset({ seed: 0 });
    const size = { width: 320, height: 320 };
    const half = halvePicture({ ...size, data: env.render(env.spec.cameras[0]!, size) });
    env.close();
    for (let row = 0; row < 160; row++) {
      const start = 3 * ((8 + row) * sheet.width + 8);
      expect(sheet.data.subarray(start, start + 480)).toEqual(half.data.subarray(480 * row, 480 * (row + 1)));
    }
  });

  it('stops between two environments when Ctrl+C arrives, which only a turn of the event loop lets in', async () => {
    const stop = new AbortController();
    const onProgress = () => setImmediate(() => stop.abort());
    const drawing = environmentsSheet(['xmagical/avoid-longstick'], { signal: stop.signal, onProgress });
    await expect(drawing).rejects.toThrow(InterruptedError);
  });

  it('shows six moments of an episode for each camera', async () => {
    const sheet = await episodeSheet('xmagical/avoid-longstick');
    const env = await makeEnv('xmagical/avoid-longstick');
    const cameras = env.spec.cameras.length;
    env.close();
    expect([sheet.width, sheet.height]).toEqual([8 + 6 * 168, 8 + cameras * (168 + 10)]);
    // The policy that is asked for acts: one that drives otherwise gives other pictures.
    const careless = await episodeSheet('xmagical/avoid-longstick', { policy: 'careless' });
    expect(careless.data).not.toEqual(sheet.data);
    const unknown = episodeSheet('xmagical/avoid-longstick', { policy: 'carful' });
    await expect(unknown).rejects.toThrow(
      'xmagical/avoid-longstick has no scripted policy "carful"; it has careful, careless',
    );
  });
});
