import { InputError } from '@rapport/core';
import {
  conv2d,
  matmul,
  type Parameter,
  type ParameterValues,
  parameter,
  relu,
  reshape,
  type Shape,
  type Tensor,
  uniformFanIn,
} from '@rapport/nn';

/** What a head looks like. */
export interface HeadShape {
  /**
   * `linear`: one matrix on a frame's features. `convolution`: a 3x3 convolution to 16 channels with ReLU on a feature map,
   * then a matrix; for an encoder whose features are its stride-16 map.
   */
  readonly kind: 'linear' | 'convolution';
  /** Features of a frame; for `convolution` channels x side x side. */
  readonly featureSize: number;
  readonly embeddingSize: number;
}

/** Name of the matrix, shape [inputs, embedding]. */
export const MATRIX = 'head/matrix';
const CONVOLUTION = 'head/convolution';
const KERNEL = `${CONVOLUTION}/weight`;
const BIAS = `${CONVOLUTION}/bias`;

const CHANNELS = 16;
/** Height and width of the stride-16 map of 112-pixel pictures, the encoders' default size. */
const MAP_SIDE = 7;
const MAP_PIXELS = MAP_SIDE * MAP_SIDE;

/** Channels of the encoder's map. @throws InputError when the features are no map of 7 x 7 */
function mapChannels({ featureSize }: HeadShape): number {
  if (featureSize % MAP_PIXELS !== 0) {
    throw new InputError(`a convolution head needs feature maps of 7 x 7; the encoder gives ${featureSize} features`, {
      fix: 'use an encoder with features=map16, or head=linear',
    });
  }
  return featureSize / MAP_PIXELS;
}

/** Shapes of a head's parameters by name. */
export function headParameters(shape: HeadShape): Readonly<Record<string, Shape>> {
  const { featureSize, embeddingSize } = shape;
  switch (shape.kind) {
    case 'linear':
      return { [MATRIX]: [featureSize, embeddingSize] };
    case 'convolution':
      return {
        [KERNEL]: [CHANNELS, mapChannels(shape), 3, 3],
        [BIAS]: [CHANNELS],
        [MATRIX]: [CHANNELS * MAP_PIXELS, embeddingSize],
      };
  }
}

/** The head as a graph: standardised features [N, features] to embeddings [N, embedding], not yet of unit length. */
export function headGraph(shape: HeadShape): {
  readonly parameters: readonly Parameter[];
  apply(features: Tensor): Tensor;
} {
  const sizes = headParameters(shape)[MATRIX]!;
  const matrix = parameter(MATRIX, sizes, uniformFanIn(sizes[0]!));
  if (shape.kind === 'linear') return { parameters: [matrix], apply: (features) => matmul(features, matrix) };
  const inputChannels = mapChannels(shape);
  const convolution = conv2d(CONVOLUTION, { inputChannels, outputChannels: CHANNELS, kernel: 3, pads: 1 });
  return {
    parameters: [...convolution.parameters, matrix],
    apply: (features) => {
      const maps = relu(convolution.apply(reshape(features, [-1, inputChannels, MAP_SIDE, MAP_SIDE])));
      return matmul(reshape(maps, [-1, CHANNELS * MAP_PIXELS]), matrix);
    },
  };
}

/** The same in plain TypeScript. @param features shape [frames, features]; @returns shape [frames, embedding] */
export function applyHead(shape: HeadShape, parameters: ParameterValues, features: Float32Array): Float32Array {
  const matrix = parameters[MATRIX]!.data;
  if (shape.kind === 'linear') return product(features, matrix, shape.embeddingSize);
  const channels = mapChannels(shape);
  return product(
    convolve(features, channels, parameters[KERNEL]!.data, parameters[BIAS]!.data),
    matrix,
    shape.embeddingSize,
  );
}

/** Rows times a matrix of `columns` columns. */
function product(rows: Float32Array, matrix: Float32Array, columns: number): Float32Array {
  const width = matrix.length / columns;
  const count = rows.length / width;
  const out = new Float32Array(count * columns);
  const sums = new Float64Array(columns);
  for (let row = 0; row < count; row++) {
    sums.fill(0);
    for (let feature = 0; feature < width; feature++) {
      const value = rows[row * width + feature]!;
      if (value === 0) continue;
      const base = feature * columns;
      for (let column = 0; column < columns; column++) sums[column] = sums[column]! + value * matrix[base + column]!;
    }
    out.set(sums, row * columns);
  }
  return out;
}

/** ReLU of a 3x3 convolution with padding 1: maps [frames, channels, 7, 7] to [frames, CHANNELS, 7, 7]. */
function convolve(maps: Float32Array, channels: number, kernel: Float32Array, bias: Float32Array): Float32Array {
  const frames = maps.length / (channels * MAP_PIXELS);
  const out = new Float32Array(frames * CHANNELS * MAP_PIXELS);
  for (let frame = 0; frame < frames; frame++) {
    for (let channel = 0; channel < CHANNELS; channel++) {
      const target = (frame * CHANNELS + channel) * MAP_PIXELS;
      out.fill(bias[channel]!, target, target + MAP_PIXELS);
      for (let from = 0; from < channels; from++) {
        const source = (frame * channels + from) * MAP_PIXELS;
        for (let tap = 0; tap < 9; tap++) {
          const weight = kernel[(channel * channels + from) * 9 + tap]!;
          addShifted(maps, source, out, target, weight, Math.floor(tap / 3) - 1, (tap % 3) - 1);
        }
      }
      for (let pixel = target; pixel < target + MAP_PIXELS; pixel++) out[pixel] = Math.max(0, out[pixel]!);
    }
  }
  return out;
}

/** Adds `weight` times the map moved by (down, right); what lies outside counts as zero. */
function addShifted(
  maps: Float32Array,
  source: number,
  out: Float32Array,
  target: number,
  weight: number,
  down: number,
  right: number,
): void {
  const [firstColumn, lastColumn] = [Math.max(0, -right), Math.min(MAP_SIDE, MAP_SIDE - right)];
  for (let row = Math.max(0, -down); row < Math.min(MAP_SIDE, MAP_SIDE - down); row++) {
    const at = target + row * MAP_SIDE;
    const from = source + (row + down) * MAP_SIDE + right;
    for (let column = firstColumn; column < lastColumn; column++) {
      out[at + column] = out[at + column]! + weight * maps[from + column]!;
    }
  }
}
