import { add, cast, clip, constant, conv2d, input, mul, reshape, sub, type Tensor, transpose } from '@rapport/nn';
import type { Backbone, Convolution } from './backbone.js';

/** What the network gives for a batch of N pictures. */
export interface EncoderOutputs {
  /** Pictures, uint8 [N, size, size, 3]: the graph's input `image`. */
  readonly image: Tensor;
  /** Stride 8 and 16, [N, channels, height, width]. */
  readonly map8: Tensor;
  readonly map16: Tensor;
  /** Output of the last convolution, stride 32. */
  readonly head: Tensor;
}

/** Sees every convolution's output on its way; used to rescale random weights. */
export type Tap = (name: string, output: Tensor) => Tensor;

/**
 * The network as a symbolic graph whose parameters are those of `backboneParameters`.
 * @param size height and width of the pictures; TensorFlow's padding depends on it
 */
export function encoderGraph(
  backbone: Backbone,
  batch: number,
  size: number,
  tap: Tap = (_name, output) => output,
): EncoderOutputs {
  const convolve = (name: string, x: Tensor, convolution: Convolution, groups = 1): Tensor =>
    tap(name, applyConvolution(name, x, convolution, groups, backbone.padding));

  const image = input('image', [batch, size, size, 3], 'uint8');
  const perChannel = (values: readonly number[]) => constant(Float32Array.from(values), [3, 1, 1]);
  const centred = sub(transpose(cast(image, 'float32'), [0, 3, 1, 2]), perChannel(backbone.mean));
  let x = mul(centred, perChannel(backbone.deviation.map((deviation) => 1 / deviation)));

  x = relu6(convolve('stem', x, backbone.stem));
  const maps: Tensor[] = [];
  backbone.blocks.forEach(({ expand, depthwise, project }, index) => {
    const entrance = x;
    if (expand !== undefined) x = relu6(convolve(`block${index}/expand`, x, expand));
    x = relu6(convolve(`block${index}/depthwise`, x, depthwise, x.shape[1]!));
    x = convolve(`block${index}/project`, x, project);
    if (depthwise.stride === 1 && entrance.shape[1] === x.shape[1]) x = add(x, entrance);
    maps.push(x);
  });
  const head = relu6(convolve('head', x, backbone.head));
  return { image, map8: maps[backbone.mapBlocks.map8]!, map16: maps[backbone.mapBlocks.map16]!, head };
}

function applyConvolution(
  name: string,
  x: Tensor,
  { weight, stride }: Convolution,
  groups: number,
  padding: Backbone['padding'],
): Tensor {
  const [outputs, , kernel] = weight.shape;
  const half = kernel! >> 1;
  return conv2d(name, {
    inputChannels: x.shape[1]!,
    outputChannels: outputs!,
    kernel: kernel!,
    strides: stride,
    groups,
    pads: padding === 'half' ? [half, half, half, half] : samePads(x.shape[2]!, kernel!, stride),
  }).apply(x);
}

/** TensorFlow's "SAME": the output has ceil(size / stride) rows; an odd row of padding goes to the end. */
function samePads(size: number, kernel: number, stride: number): [number, number, number, number] {
  const total = Math.max(0, (Math.ceil(size / stride) - 1) * stride + kernel - size);
  const before = total >> 1;
  return [before, before, total - before, total - before];
}

function relu6(x: Tensor): Tensor {
  return clip(x, 0, 6);
}

/** x [N, C, H, W] as [N, C, H * W]. */
export function flattenSpace(x: Tensor): Tensor {
  const [batch, channels, height, width] = x.shape;
  return reshape(x, [batch!, channels!, height! * width!]);
}
