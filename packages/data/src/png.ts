import { CorruptDataError, InputError } from '@rapport/core';
import { decode, encode } from 'fast-png';

/** An RGB picture, row-major, shape [height, width, 3]. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/**
 * Encodes an RGB picture as PNG (8 bits, no alpha); the same picture gives the same bytes.
 * @throws InputError when `data` is not of shape [height, width, 3]
 */
export function encodePng({ width, height, data }: RgbImage): Uint8Array {
  if (data.length !== width * height * 3) {
    throw new InputError(
      `picture of ${width}x${height} has ${data.length} bytes; expected ${width * height * 3} (RGB)`,
    );
  }
  return encode({ width, height, data, channels: 3, depth: 8 });
}

/**
 * Decodes a PNG to RGB; grey pictures are repeated over the channels, alpha is dropped.
 * @throws CorruptDataError when the bytes are not a PNG of 8 bits per channel
 */
export function decodePng(bytes: Uint8Array): RgbImage {
  const png = decodeOrThrow(bytes);
  const { width, height, channels } = png;
  if (png.depth !== 8 || png.palette !== undefined || !(png.data instanceof Uint8Array)) {
    throw new CorruptDataError(`the PNG has ${png.depth} bits per channel or a palette; expected RGB of 8 bits`);
  }
  if (channels === 3) return { width, height, data: png.data };
  const data = new Uint8Array(width * height * 3);
  const colours = channels >= 3 ? [0, 1, 2] : [0, 0, 0];
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      data[pixel * 3 + channel] = png.data[pixel * channels + colours[channel]!]!;
    }
  }
  return { width, height, data };
}

function decodeOrThrow(bytes: Uint8Array) {
  try {
    return decode(bytes, { checkCrc: true });
  } catch (cause) {
    throw new CorruptDataError(`the PNG is damaged: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}
