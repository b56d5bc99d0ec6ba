import { InputError } from '@rapport/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { resizeFrames } from './resize.js';

function stack(width: number, height: number, data: Uint8Array) {
  return { camera: 'top', width, height, data };
}

/** The documented filter, pixel by pixel over the whole picture, in double precision. */
function resizedPixel(
  source: Uint8Array,
  from: { width: number; height: number },
  to: { width: number; height: number },
  row: number,
  column: number,
  channel: number,
): number {
  const weight = (target: number, source: number, fromSize: number, toSize: number) => {
    const scale = fromSize / toSize;
    return Math.max(0, 1 - Math.abs(source + 0.5 - (target + 0.5) * scale) / Math.max(1, scale));
  };
  let sum = 0;
  let total = 0;
  for (let y = 0; y < from.height; y++) {
    for (let x = 0; x < from.width; x++) {
      const w = weight(row, y, from.height, to.height) * weight(column, x, from.width, to.width);
      sum += w * source[(y * from.width + x) * 3 + channel]!;
      total += w;
    }
  }
  return sum / total;
}

it('agrees with the filter written out over the whole picture', () => {
  const size = fc.integer({ min: 1, max: 9 });
  fc.assert(
    fc.property(size, size, size, size, fc.infiniteStream(fc.nat(255)), (width, height, toWidth, toHeight, bytes) => {
      const data = Uint8Array.from({ length: 2 * width * height * 3 }, () => bytes.next().value as number);
      const to = { width: toWidth, height: toHeight };
      const resized = resizeFrames(stack(width, height, data), to);
      expect(resized.length).toBe(2 * toWidth * toHeight * 3);
      const second = data.subarray(width * height * 3);
      for (let entry = 0; entry < toWidth * toHeight * 3; entry++) {
        const pixel = Math.floor(entry / 3);
        const expected = resizedPixel(
          second,
          { width, height },
          to,
          Math.floor(pixel / toWidth),
          pixel % toWidth,
          entry % 3,
        );
        expect(Math.abs(resized[toWidth * toHeight * 3 + entry]! - expected)).toBeLessThan(0.501);
      }
    }),
    { numRuns: 60 },
  );
});

it('averages two pixels where it halves a line of two, and interpolates where it doubles', () => {
  const line = Uint8Array.of(0, 0, 0, 100, 200, 50);
  expect([...resizeFrames(stack(2, 1, line), { width: 1, height: 1 })]).toEqual([50, 100, 25]);
  const wide = resizeFrames(stack(2, 1, line), { width: 4, height: 1 });
  expect([wide[0], wide[3], wide[6], wide[9]]).toEqual([0, 25, 75, 100]);
});

it('hands the same bytes back when the size is right, and refuses a length that does not fit', () => {
  const data = new Uint8Array(2 * 4 * 3 * 3);
  expect(resizeFrames(stack(4, 3, data), { width: 4, height: 3 })).toBe(data);
  const wrong = () => resizeFrames(stack(5, 3, data), { width: 4, height: 3 });
  expect(wrong).toThrow(InputError);
  expect(wrong).toThrow('pictures of camera "top" have 72 bytes, which is no multiple of 5x3x3');
});
