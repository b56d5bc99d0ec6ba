import { describe, expect, it } from 'vitest';
import { type ImagePixels, imagePicture } from './picture.js';

function image(width: number, height: number, encoding: string, data: readonly number[], step?: number): ImagePixels {
  const bytes = data.length / height;
  return {
    width,
    height,
    encoding,
    step: step ?? bytes,
    data: Uint8Array.from(data),
  };
}

describe('camera picture', () => {
  it('leaves a picture of the wanted size as it is, also with bytes between rows', () => {
    const data = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
    expect([...imagePicture(image(2, 2, 'rgb8', data), { width: 2, height: 2 })]).toEqual(data);
    const padded = [1, 2, 3, 4, 5, 6, 99, 99, 7, 8, 9, 10, 11, 12, 99, 99];
    expect([...imagePicture(image(2, 2, 'rgb8', padded, 8), { width: 2, height: 2 })]).toEqual(data);
  });

  it('reads the orders of colours that cameras have', () => {
    const size = { width: 1, height: 1 };
    expect([...imagePicture(image(1, 1, 'bgr8', [1, 2, 3]), size)]).toEqual([3, 2, 1]);
    expect([...imagePicture(image(1, 1, 'rgba8', [1, 2, 3, 4]), size)]).toEqual([1, 2, 3]);
    expect([...imagePicture(image(1, 1, 'bgra8', [1, 2, 3, 4]), size)]).toEqual([3, 2, 1]);
    expect([...imagePicture(image(1, 1, 'mono8', [7]), size)]).toEqual([7, 7, 7]);
  });

  it('takes the middle of a wider picture, and the mean of what a pixel covers', () => {
    // 6 x 2, columns of value 0, 10, 20, 30, 40, 50; the middle 2 x 2 becomes one pixel.
    const columns = [0, 10, 20, 30, 40, 50].flatMap((value) => [value, value, value]);
    const picture = imagePicture(image(6, 2, 'rgb8', [...columns, ...columns]), { width: 1, height: 1 });
    expect([...picture]).toEqual([25, 25, 25]);
  });

  it('enlarges a picture that is too small', () => {
    const picture = imagePicture(image(1, 1, 'rgb8', [7, 8, 9]), { width: 2, height: 2 });
    expect([...picture]).toEqual([7, 8, 9, 7, 8, 9, 7, 8, 9, 7, 8, 9]);
  });

  it.each([
    ['another encoding', image(1, 1, 'yuv422', [1]), 'its encoding is "yuv422"; expected one of rgb8'],
    ['too few bytes', image(2, 2, 'rgb8', [1, 2, 3, 4, 5, 6], 6), 'holds 6 bytes in rows of 6; 2 x 2 rgb8 need 12'],
    ['nothing', image(0, 0, 'rgb8', [], 0), 'holds 0 bytes'],
  ])('refuses %s', (_, message, text) => {
    expect(() => imagePicture(message, { width: 1, height: 1 })).toThrow(text);
  });
});
