import { type ImageSize, InputError } from '@rapport/core';
import { decode as decodeJpeg } from 'jpeg-js';
import { decodePng } from '../png.js';
import type { DecodedMessage } from '../rosbag2/decode.js';

/** The pixels of a `sensor_msgs/msg/Image`: rows of `step` bytes. */
export interface ImagePixels {
  readonly width: number;
  readonly height: number;
  readonly encoding: string;
  readonly step: number;
  readonly data: Uint8Array;
}

/** Pixels as they came: `bytes` per pixel, rows of `step` bytes. */
interface RawPicture {
  readonly width: number;
  readonly height: number;
  readonly step: number;
  readonly bytes: number;
  /** Places of red, green and blue in a pixel. */
  readonly channels: readonly [red: number, green: number, blue: number];
  readonly data: Uint8Array;
}

const encodings: Readonly<Record<string, { bytes: number; channels: readonly [number, number, number] }>> = {
  rgb8: { bytes: 3, channels: [0, 1, 2] },
  bgr8: { bytes: 3, channels: [2, 1, 0] },
  rgba8: { bytes: 4, channels: [0, 1, 2] },
  bgra8: { bytes: 4, channels: [2, 1, 0] },
  mono8: { bytes: 1, channels: [0, 0, 0] },
};

/**
 * A recorded `sensor_msgs/msg/Image` or `CompressedImage` (JPEG, PNG) as an RGB picture, as `imagePicture` makes it.
 * @returns shape [height, width, 3]
 * @throws InputError when it is no image, encoded in another way, or holds fewer bytes than it says
 */
export function messagePicture(message: DecodedMessage, size: ImageSize): Uint8Array {
  return 'format' in message ? shrink(compressedPicture(message), size) : imagePicture(pixelsOf(message), size);
}

function pixelsOf({ width, height, step, encoding, data }: DecodedMessage): ImagePixels {
  if (
    !(data instanceof Uint8Array) ||
    typeof width !== 'number' ||
    typeof height !== 'number' ||
    typeof step !== 'number'
  ) {
    throw new InputError('it is no image: width, height, step or data are missing');
  }
  return { width, height, step, data, encoding: String(encoding) };
}

/**
 * An image as an RGB picture: the largest part about the middle that has the picture's aspect, every pixel the mean of the
 * pixels that it covers.
 * @returns shape [height, width, 3]
 * @throws InputError when it is encoded in another way, or holds fewer bytes than it says
 */
export function imagePicture({ width, height, step, encoding, data }: ImagePixels, size: ImageSize): Uint8Array {
  const layout = encodings[encoding];
  if (layout === undefined) {
    throw new InputError(`its encoding is "${encoding}"; expected one of ${Object.keys(encodings).join(', ')}`);
  }
  if (width === 0 || height === 0 || step < width * layout.bytes || data.length < step * height) {
    throw new InputError(
      `it holds ${data.length} bytes in rows of ${step}; ${width} x ${height} ${encoding} need ${layout.bytes * width * height}`,
    );
  }
  return shrink({ width, height, step, data, ...layout }, size);
}

function compressedPicture({ format, data }: DecodedMessage): RawPicture {
  if (!(data instanceof Uint8Array)) throw new InputError('it is no compressed image: data are missing');
  const rgb = { bytes: 3, channels: [0, 1, 2] } as const;
  try {
    if (data[0] === 0x89) {
      const { width, height, data: pixels } = decodePng(data);
      return { width, height, step: 3 * width, data: pixels, ...rgb };
    }
    if (data[0] === 0xff && data[1] === 0xd8) {
      const { width, height, data: pixels } = decodeJpeg(data, { useTArray: true, formatAsRGBA: false });
      return { width, height, step: 3 * width, data: pixels, ...rgb };
    }
  } catch (cause) {
    throw new InputError(`its ${format} picture of ${data.length} bytes is damaged`, { cause });
  }
  throw new InputError(`its format is "${format}"; expected jpeg or png`);
}

function shrink({ width, height, step, bytes, channels, data }: RawPicture, size: ImageSize): Uint8Array {
  const scale = Math.min(width / size.width, height / size.height);
  const left = (width - scale * size.width) / 2;
  const top = (height - scale * size.height) / 2;
  const picture = new Uint8Array(3 * size.width * size.height);
  const sums = [0, 0, 0];
  for (let row = 0; row < size.height; row++) {
    const [firstRow, lastRow] = covered(top + row * scale, scale, height);
    for (let column = 0; column < size.width; column++) {
      const [firstColumn, lastColumn] = covered(left + column * scale, scale, width);
      sums.fill(0);
      for (let y = firstRow; y <= lastRow; y++) {
        for (let x = firstColumn; x <= lastColumn; x++) {
          const pixel = y * step + x * bytes;
          for (let channel = 0; channel < 3; channel++) sums[channel]! += data[pixel + channels[channel]!]!;
        }
      }
      const count = (lastRow - firstRow + 1) * (lastColumn - firstColumn + 1);
      const place = 3 * (row * size.width + column);
      for (let channel = 0; channel < 3; channel++) picture[place + channel] = Math.round(sums[channel]! / count);
    }
  }
  return picture;
}

/** First and last of the pixels whose centres lie in [start, start + length), at least the one that holds its middle. */
function covered(start: number, length: number, limit: number): readonly [first: number, last: number] {
  const first = Math.ceil(start - 0.5);
  const last = Math.ceil(start + length - 0.5) - 1;
  const middle = Math.min(limit - 1, Math.max(0, Math.floor(start + length / 2)));
  return last < first ? [middle, middle] : [Math.max(0, first), Math.min(limit - 1, last)];
}
