import {
  add,
  concat,
  constant,
  div,
  globalAveragePool,
  matmul,
  moments,
  reshape,
  softmax,
  sqrt,
  sub,
  type Tensor,
  transpose,
} from '@rapport/nn';
import { type EncoderOutputs, flattenSpace } from './graph.js';

/**
 * Where each channel of a map is strongest: per channel standardise over space, softmax, and take the expected x and y
 * in [-1, 1] (spatial soft-argmax; Finn et al. 2016, arXiv 1509.06113, section V). Temperature 1: 3 and 6 were mostly
 * worse for reading object positions off the features.
 * @returns [N, 2 * channels], the x of all channels and then the y
 */
export function keypoints(map: Tensor): Tensor {
  const [batch, channels, height, width] = map.shape;
  const flat = flattenSpace(map);
  const { mean, variance } = moments(flat, [2]);
  const standardised = div(sub(flat, mean), add(sqrt(variance), 1e-6));
  const grid = new Float32Array(height! * width! * 2);
  const coordinate = (index: number, count: number) => (count > 1 ? -1 + (2 * index) / (count - 1) : 0);
  for (let row = 0; row < height!; row++) {
    for (let column = 0; column < width!; column++) {
      grid[2 * (row * width! + column)] = coordinate(column, width!);
      grid[2 * (row * width! + column) + 1] = coordinate(row, height!);
    }
  }
  const points = matmul(softmax(standardised, 2), constant(grid, [height! * width!, 2]));
  return reshape(transpose(points, [0, 2, 1]), [batch!, 2 * channels!]);
}

/** Everything that an exported encoder gives, by output name. */
export function allOutputs({ map8, map16, head }: EncoderOutputs) {
  return { map8, map16, kp8: keypoints(map8), kp16: keypoints(map16), gap: globalAveragePool(head) };
}

/** Which numbers of the network an encoder hands out. */
export type FeatureKind = (typeof featureKinds)[number];

export const featureKinds = ['keypoints', 'gap', 'map16'] as const;

/** The features of a batch as one matrix [N, featureSize]. */
export function features(outputs: EncoderOutputs, kind: FeatureKind): Tensor {
  switch (kind) {
    case 'keypoints':
      return concat([keypoints(outputs.map8), keypoints(outputs.map16)], 1);
    case 'gap':
      return globalAveragePool(outputs.head);
    case 'map16':
      return reshape(outputs.map16, [outputs.map16.shape[0]!, -1]);
  }
}
