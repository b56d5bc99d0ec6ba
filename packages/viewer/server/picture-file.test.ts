import { decodePng } from '@rapport/data';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { pictureFile } from './picture-file.js';

it('writes pictures that another reader of PNG gives back, checksums and all', () => {
  const size = fc.integer({ min: 1, max: 12 });
  fc.assert(
    fc.property(size, size, fc.uint8Array({ minLength: 432, maxLength: 432 }), (width, height, bytes) => {
      const data = bytes.subarray(0, width * height * 3);
      const decoded = decodePng(pictureFile(width, height, data));
      expect([decoded.width, decoded.height, [...decoded.data]]).toEqual([width, height, [...data]]);
    }),
  );
});
