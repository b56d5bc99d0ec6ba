import type { FrameStack } from '@rapport/core';
import { encode } from 'fast-png';

/** RGB bytes as a PNG in a data URI. */
export function pngUri(width: number, height: number, rgb: Uint8Array): string {
  const png = encode({ width, height, data: rgb, channels: 3, depth: 8 });
  return `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
}

/** Frames of the given numbers side by side. @returns a picture of height `stack.height` */
export function frameSheet(stack: FrameStack, frames: readonly number[]): string {
  const { width, height, data } = stack;
  const sheet = new Uint8Array(frames.length * width * height * 3);
  const rowBytes = width * 3;
  frames.forEach((frame, place) => {
    for (let row = 0; row < height; row++) {
      const from = (frame * height + row) * rowBytes;
      sheet.set(data.subarray(from, from + rowBytes), (row * frames.length + place) * rowBytes);
    }
  });
  return pngUri(frames.length * width, height, sheet);
}

/** `count` frames from first to last, evenly spread. */
export function filmStrip(stack: FrameStack, frameCount: number, count: number): string {
  const frames = Array.from({ length: count }, (_, index) => Math.round((index * (frameCount - 1)) / (count - 1)));
  return frameSheet(stack, frames);
}

/**
 * A transport plan as a picture of one pixel an entry: white is nothing, deep blue the largest entry.
 * @param plan shape [rows, columns]
 */
export function planPicture(plan: ArrayLike<number>, rows: number, columns: number): string {
  let largest = 0;
  for (let index = 0; index < plan.length; index++) largest = Math.max(largest, plan[index]!);
  const rgb = new Uint8Array(rows * columns * 3);
  for (let index = 0; index < rows * columns; index++) {
    const share = Math.sqrt(plan[index]! / largest);
    rgb[index * 3] = 255 - 235 * share;
    rgb[index * 3 + 1] = 255 - 180 * share;
    rgb[index * 3 + 2] = 255 - 95 * share;
  }
  return pngUri(columns, rows, rgb);
}
