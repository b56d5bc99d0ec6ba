import { expect, it } from 'vitest';
import { resizePicture } from './resize.js';

const grey = (...values: number[]) => Uint8Array.from(values.flatMap((value) => [value, value, 255 - value]));

it('averages what a smaller pixel covers and repeats for a larger one', () => {
  const from = { width: 4, height: 2 };
  const pixels = grey(0, 10, 100, 104, 20, 30, 100, 96);
  const half = new Uint8Array(6);
  resizePicture(pixels, from, { width: 2, height: 1 }, half);
  expect(half).toEqual(grey(15, 100));
  const same = new Uint8Array(24);
  resizePicture(pixels, from, from, same);
  expect(same).toEqual(pixels);
  const twice = new Uint8Array(96);
  resizePicture(pixels, from, { width: 8, height: 4 }, twice);
  expect(twice.subarray(0, 24)).toEqual(grey(0, 0, 10, 10, 100, 100, 104, 104));
  expect(twice.subarray(24, 48)).toEqual(twice.subarray(0, 24));
});
