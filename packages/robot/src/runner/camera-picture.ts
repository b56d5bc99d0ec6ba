import { type ImageSize, InputError } from '@rapport/core';
import type { Image } from '../graph/messages.js';

/** Where red, green and blue are in a pixel, and its bytes. */
const encodings: Readonly<Record<string, { readonly red: number; readonly blue: number; readonly bytes: number }>> = {
  rgb8: { red: 0, blue: 2, bytes: 3 },
  bgr8: { red: 2, blue: 0, bytes: 3 },
  rgba8: { red: 0, blue: 2, bytes: 4 },
  bgra8: { red: 2, blue: 0, bytes: 4 },
};

/**
 * An image message as the picture that a policy looks at: RGB, the largest part about the middle that has the picture's
 * aspect, every pixel the mean of the pixels that it covers.
 * @returns shape [height, width, 3]
 * @throws InputError when the encoding is another one, or the message holds fewer bytes than it says
 */
export function cameraPicture(image: Image, size: ImageSize): Uint8Array {
  const { width, height, encoding, step, data } = image;
  const layout = encodings[encoding];
  if (layout === undefined) {
    throw new InputError(`its encoding is "${encoding}"; expected one of ${Object.keys(encodings).join(', ')}`);
  }
  if (width === 0 || height === 0 || step < width * layout.bytes || data.length < step * height) {
    throw new InputError(
      `its image holds ${data.length} bytes in rows of ${step}; ${width} x ${height} ${encoding} need ${layout.bytes * width * height}`,
    );
  }
  const scale = Math.min(width / size.width, height / size.height);
  const left = (width - scale * size.width) / 2;
  const top = (height - scale * size.height) / 2;
  const picture = new Uint8Array(3 * size.width * size.height);
  for (let row = 0; row < size.height; row++) {
    const rows = covered(top + row * scale, scale, height);
    for (let column = 0; column < size.width; column++) {
      const columns = covered(left + column * scale, scale, width);
      let [red, green, blue] = [0, 0, 0];
      for (let y = rows.first; y <= rows.last; y++) {
        for (let x = columns.first; x <= columns.last; x++) {
          const pixel = y * step + x * layout.bytes;
          red += data[pixel + layout.red]!;
          green += data[pixel + 1]!;
          blue += data[pixel + layout.blue]!;
        }
      }
      const count = (rows.last - rows.first + 1) * (columns.last - columns.first + 1);
      const place = 3 * (row * size.width + column);
      picture[place] = Math.round(red / count);
      picture[place + 1] = Math.round(green / count);
      picture[place + 2] = Math.round(blue / count);
    }
  }
  return picture;
}

/** Pixels whose centres lie in [start, start + length), at least the one that holds its middle. */
function covered(start: number, length: number, limit: number): { readonly first: number; readonly last: number } {
  const first = Math.ceil(start - 0.5);
  const last = Math.ceil(start + length - 0.5) - 1;
  const middle = Math.min(limit - 1, Math.max(0, Math.floor(start + length / 2)));
  return last < first
    ? { first: middle, last: middle }
    : { first: Math.max(0, first), last: Math.min(limit - 1, last) };
}
