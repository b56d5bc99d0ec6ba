import { CorruptDataError } from '@rapport/core';
import type { NamedTensor } from '@rapport/data';
import { type Backbone, type Convolution, foldBatchNorm, type InvertedResidual } from './backbone.js';

/** Strides of the depthwise convolutions, block by block. */
const lite0Strides = [1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1];
const mobileNetV2Strides = [1, 2, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1];

/** What EfficientNet-Lite0 expects of its input, and where its maps are; its random twin shares them. */
export const lite0Frame = {
  padding: 'same',
  mean: [127, 127, 127],
  deviation: [128, 128, 128],
  mapBlocks: { map8: 4, map16: 10 },
} as const satisfies Partial<Backbone>;

/**
 * EfficientNet-Lite0 from the state dict of its PyTorch port (names `_conv_stem`, `_blocks.N._expand_conv`, ...).
 * @throws CorruptDataError when a tensor is missing, naming it
 */
export function efficientNetLite0(tensors: ReadonlyMap<string, NamedTensor>): Backbone {
  const layer = (weight: string, norm: string, stride = 1) => convolution(tensors, weight, norm, 1e-3, stride);
  const blocks = lite0Strides.map((stride, index): InvertedResidual => {
    const block = `_blocks.${index}`;
    const expands = tensors.has(`${block}._expand_conv.weight`);
    return {
      expand: expands ? layer(`${block}._expand_conv`, `${block}._bn0`) : undefined,
      depthwise: layer(`${block}._depthwise_conv`, `${block}._bn1`, stride),
      project: layer(`${block}._project_conv`, `${block}._bn2`),
    };
  });
  return { stem: layer('_conv_stem', '_bn0', 2), blocks, head: layer('_conv_head', '_bn1'), ...lite0Frame };
}

/**
 * MobileNetV2 from the state dict of an early PyTorch port: the layers of a block are numbered through, 0 and 1 expand,
 * then 3 and 4 the depthwise convolution, 6 and 7 the projection; the first block has no expansion.
 * @throws CorruptDataError when a tensor is missing, naming it
 */
export function mobileNetV2(tensors: ReadonlyMap<string, NamedTensor>): Backbone {
  const layer = (weight: string, norm: string, stride = 1) => convolution(tensors, weight, norm, 1e-5, stride);
  const blocks = mobileNetV2Strides.map((stride, index): InvertedResidual => {
    const block = `features.${index + 1}.conv`;
    const first = tensors.has(`${block}.7.weight`) ? 3 : 0;
    return {
      expand: first === 3 ? layer(`${block}.0`, `${block}.1`) : undefined,
      depthwise: layer(`${block}.${first}`, `${block}.${first + 1}`, stride),
      project: layer(`${block}.${first + 3}`, `${block}.${first + 4}`),
    };
  });
  return {
    stem: layer('features.0.0', 'features.0.1', 2),
    blocks,
    head: layer('features.18.0', 'features.18.1'),
    padding: 'half',
    // ImageNet's mean and deviation per channel, in bytes.
    mean: [123.675, 116.28, 103.53],
    deviation: [58.395, 57.12, 57.375],
    mapBlocks: { map8: 5, map16: 12 },
  };
}

function convolution(
  tensors: ReadonlyMap<string, NamedTensor>,
  weight: string,
  norm: string,
  epsilon: number,
  stride: number,
): Convolution {
  const tensor = (name: string): NamedTensor => {
    const found = tensors.get(name);
    if (found === undefined) throw new CorruptDataError(`the weights have no tensor ${name}`);
    return found;
  };
  const weights = tensor(`${weight}.weight`);
  const parts = {
    scale: tensor(`${norm}.weight`).data,
    shift: tensor(`${norm}.bias`).data,
    mean: tensor(`${norm}.running_mean`).data,
    variance: tensor(`${norm}.running_var`).data,
  };
  return foldBatchNorm(weights, parts, epsilon, stride);
}
