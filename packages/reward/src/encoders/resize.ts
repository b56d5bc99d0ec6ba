import { type FrameStack, type ImageSize, InputError } from '@rapport/core';

/**
 * Pictures of another size, RGB bytes [T, height, width, 3]. The filter is a triangle in each direction, as wide as a
 * source pixel when enlarging (bilinear) and as wide as a target pixel when reducing (so that thin things fade instead of
 * vanishing); pixel centres lie at half-integers, and weights outside the picture are left out. Rounded once, at the end.
 * @throws InputError when the data's length disagrees with the stack's size
 */
export function resizeFrames(frames: FrameStack, size: ImageSize): Uint8Array {
  const { width, height, data } = frames;
  const count = data.length / (width * height * 3);
  if (!Number.isInteger(count)) {
    throw new InputError(
      `pictures of camera "${frames.camera}" have ${data.length} bytes, which is no multiple of ${width}x${height}x3`,
    );
  }
  if (width === size.width && height === size.height) return data;
  const columns = triangleFilter(width, size.width);
  const rows = triangleFilter(height, size.height);
  const result = new Uint8Array(count * size.width * size.height * 3);
  const narrow = new Float32Array(height * size.width * 3);
  for (let picture = 0; picture < count; picture++) {
    const source = data.subarray(picture * width * height * 3, (picture + 1) * width * height * 3);
    const target = result.subarray(
      picture * size.width * size.height * 3,
      (picture + 1) * size.width * size.height * 3,
    );
    for (let row = 0; row < height; row++) filterRow(source, row * width * 3, columns, narrow, row * size.width * 3);
    filterColumns(narrow, size.width * 3, rows, target);
  }
  return result;
}

/** For each target pixel: the first source pixel and the weights of it and those after it; they sum to 1. */
interface Filter {
  readonly starts: Int32Array;
  readonly weights: readonly Float32Array[];
}

function triangleFilter(from: number, to: number): Filter {
  const scale = from / to;
  const radius = Math.max(1, scale);
  const starts = new Int32Array(to);
  const weights = Array.from({ length: to }, (_, index) => {
    const centre = (index + 0.5) * scale;
    const first = Math.max(0, Math.ceil(centre - radius - 0.5));
    const end = Math.min(from, Math.floor(centre + radius - 0.5) + 1);
    starts[index] = first;
    const taps = Float32Array.from({ length: end - first }, (_, tap) =>
      Math.max(0, 1 - Math.abs(first + tap + 0.5 - centre) / radius),
    );
    const sum = taps.reduce((total, weight) => total + weight, 0);
    return taps.map((weight) => weight / sum);
  });
  return { starts, weights };
}

function filterRow(source: Uint8Array, from: number, { starts, weights }: Filter, out: Float32Array, to: number): void {
  for (let column = 0; column < starts.length; column++) {
    const taps = weights[column]!;
    for (let channel = 0; channel < 3; channel++) {
      let sum = 0;
      let position = from + starts[column]! * 3 + channel;
      for (let tap = 0; tap < taps.length; tap++, position += 3) sum += taps[tap]! * source[position]!;
      out[to + column * 3 + channel] = sum;
    }
  }
}

function filterColumns(source: Float32Array, stride: number, { starts, weights }: Filter, out: Uint8Array): void {
  for (let row = 0; row < starts.length; row++) {
    const taps = weights[row]!;
    for (let entry = 0; entry < stride; entry++) {
      let sum = 0.5;
      let position = starts[row]! * stride + entry;
      for (let tap = 0; tap < taps.length; tap++, position += stride) sum += taps[tap]! * source[position]!;
      out[row * stride + entry] = sum;
    }
  }
}
