import { CorruptDataError, InputError } from '@rapport/core';
import fc from 'fast-check';
import { encode } from 'fast-png';
import { expect, it } from 'vitest';
import { decodePng, encodePng } from './png.js';

it('gives every picture back unchanged', () => {
  const size = fc.integer({ min: 1, max: 20 });
  fc.assert(
    fc.property(size, size, fc.infiniteStream(fc.integer({ min: 0, max: 255 })), (width, height, bytes) => {
      const data = Uint8Array.from({ length: width * height * 3 }, () => bytes.next().value ?? 0);
      expect(decodePng(encodePng({ width, height, data }))).toEqual({ width, height, data });
    }),
  );
});

it('repeats grey over the channels and drops alpha', () => {
  const grey = encode({ width: 2, height: 1, data: Uint8Array.of(7, 200), channels: 1, depth: 8 });
  expect([...decodePng(grey).data]).toEqual([7, 7, 7, 200, 200, 200]);
  const withAlpha = encode({ width: 1, height: 1, data: Uint8Array.of(1, 2, 3, 4), channels: 4, depth: 8 });
  expect([...decodePng(withAlpha).data]).toEqual([1, 2, 3]);
});

it('refuses wrong sizes, damaged bytes and deep pictures', () => {
  expect(() => encodePng({ width: 2, height: 2, data: new Uint8Array(11) })).toThrow(InputError);
  const bytes = encodePng({ width: 2, height: 2, data: new Uint8Array(12) });
  expect(() => decodePng(bytes.subarray(0, bytes.length - 20))).toThrow(CorruptDataError);
  expect(() => decodePng(Uint8Array.of(1, 2, 3))).toThrow('the PNG is damaged');
  const deep = encode({ width: 1, height: 1, data: Uint16Array.of(1, 2, 3), channels: 3, depth: 16 });
  expect(() => decodePng(deep)).toThrow('16 bits per channel');
});
