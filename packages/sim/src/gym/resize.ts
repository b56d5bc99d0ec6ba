import type { ImageSize } from '@rapport/core';

/**
 * Scales a picture to another size: every new pixel is the mean of the old ones that it covers, at least of one.
 * @param pixels RGB, row-major, shape [height, width, 3]
 * @param out RGB of the new size
 */
export function resizePicture(pixels: Uint8Array, from: ImageSize, to: ImageSize, out: Uint8Array): void {
  for (let row = 0; row < to.height; row++) {
    const top = Math.floor((row * from.height) / to.height);
    const bottom = Math.max(top + 1, Math.floor(((row + 1) * from.height) / to.height));
    for (let column = 0; column < to.width; column++) {
      const left = Math.floor((column * from.width) / to.width);
      const right = Math.max(left + 1, Math.floor(((column + 1) * from.width) / to.width));
      const count = (bottom - top) * (right - left);
      for (let channel = 0; channel < 3; channel++) {
        let sum = 0;
        for (let y = top; y < bottom; y++) {
          for (let x = left; x < right; x++) sum += pixels[3 * (y * from.width + x) + channel]!;
        }
        out[3 * (row * to.width + column) + channel] = Math.round(sum / count);
      }
    }
  }
}
