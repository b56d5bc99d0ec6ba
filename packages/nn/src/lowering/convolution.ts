import type { Shape, Tensor, TensorOf, Window } from '../tensor.js';
import type { OnnxGraph } from './onnxGraph.js';
import type { Lowering } from './rules.js';
import { sumRows } from './sequences.js';
import {
  type ConvolutionSizes,
  convolutionByTiles,
  inputGradientByTiles,
  isForWinograd,
  weightGradientByTiles,
} from './winograd.js';

/** Strides, pads and dilations as ONNX attributes. */
export function windowAttributes({ strides, pads, dilations }: Window): Record<string, readonly number[]> {
  return { strides, pads, dilations };
}

/**
 * onnxruntime makes one product per image. With this many images of at most this many windows each, one product over all
 * windows is two to six times as fast: the last maps of a residual network are of this kind.
 */
const MIN_IMAGES_TO_JOIN = 16;
const MAX_WINDOWS_TO_JOIN = 16;

/** Whether pixels should be copied side by side for one large product. */
function joinsImages(to: Lowering, images: number, channels: number, groups: number, windows: number): boolean {
  const isSmall = images >= MIN_IMAGES_TO_JOIN && windows <= MAX_WINDOWS_TO_JOIN;
  return to.dialect === 'runtime' && groups === 1 && channels >= MIN_CHANNELS_TO_GATHER && isSmall;
}

export function lowerConv2d(y: TensorOf<'conv2d'>, to: Lowering): string {
  const { graph, name } = to;
  const { inputs, attributes, shape } = y;
  const [x, weight, bias] = inputs;
  const [images, channels] = x!.shape;
  const [, outputs, rows, columns] = shape;
  const sizes = convolutionSizes(x!.shape, shape, weight!.shape, attributes);
  if (bias === undefined && isForWinograd(to, sizes)) return convolutionByTiles(y, sizes, to);
  if (!joinsImages(to, images!, channels!, attributes.groups, rows! * columns!)) {
    return graph.emit('Conv', inputs.map(name), { ...windowAttributes(attributes), group: attributes.groups });
  }
  const kernel = [weight!.shape[2]!, weight!.shape[3]!] as const;
  const taps = kernel[0] * kernel[1];
  const patches = gatherPatches(to, x!, windowPixels(attributes, kernel, imageSize(x!), [rows!, columns!]));
  const flat = graph.emit('Reshape', [patches, graph.integers([images! * rows! * columns!, taps * channels!])]);
  const matrix = graph.emit('Reshape', [channelsLast(to, weight!), graph.integers([outputs!, taps * channels!])]);
  const operands = bias === undefined ? [flat, matrix] : [flat, matrix, name(bias)];
  return imagesOfRows(graph, graph.emit('Gemm', operands, { transB: 1 }), shape);
}

/** Sizes out of the shapes of the input [N, C, H, W], the output [N, O, H', W'] and the weights [O, C / groups, kH, kW]. */
function convolutionSizes(
  input: Shape,
  output: Shape,
  weight: Shape,
  window: ConvolutionSizes['window'],
): ConvolutionSizes {
  return {
    images: input[0]!,
    channels: input[1]!,
    outputs: output[1]!,
    kernel: [weight[2]!, weight[3]!],
    input: [input[2]!, input[3]!],
    output: [output[2]!, output[3]!],
    window,
  };
}

/** [N, C, H, W] as [N, H, W, C]. */
function channelsLast({ graph, name }: Lowering, x: Tensor): string {
  return graph.emit('Transpose', [name(x)], { perm: [0, 2, 3, 1] });
}

/** Rows [N H W, C] as images [N, C, H, W]. */
function imagesOfRows(graph: OnnxGraph, rows: string, [images, channels, height, width]: readonly number[]): string {
  const split = graph.emit('Reshape', [rows, graph.integers([images!, height!, width!, channels!])]);
  return graph.emit('Transpose', [split], { perm: [0, 3, 1, 2] });
}

function imageSize({ shape }: Tensor): readonly [number, number] {
  return [shape[2]!, shape[3]!];
}

export function lowerConv2dInputGradient(y: TensorOf<'conv2dInputGradient'>, to: Lowering): string {
  const { strides, dilations, pads, groups } = y.attributes;
  const [images, channels, height, width] = y.inputs[0]!.shape;
  const [, , kernelHeight, kernelWidth] = y.inputs[1]!.shape;
  const sizes = convolutionSizes(y.shape, y.inputs[0]!.shape, y.inputs[1]!.shape, y.attributes);
  if (isForWinograd(to, sizes)) return inputGradientByTiles(y, sizes, to);
  if (!joinsImages(to, images!, channels!, groups, height! * width!)) {
    return inputGradientByTransposedConvolution(y, to);
  }
  const isPlain = [...strides, ...dilations].every((size) => size === 1);
  const fits = pads.every((size, side) => size < (side % 2 === 0 ? kernelHeight! : kernelWidth!));
  return isPlain && fits ? inputGradientByGather(y, to) : inputGradientByFold(y, to);
}

/** What every window gives to the pixels under it, one product; then each pixel's sum over the windows that cover it. */
function inputGradientByFold(
  { inputs: [outputGradient, weight], attributes, shape }: TensorOf<'conv2dInputGradient'>,
  to: Lowering,
): string {
  const { graph } = to;
  const [images, channels, rows, columns] = outputGradient!.shape;
  const kernel = [weight!.shape[2]!, weight!.shape[3]!] as const;
  const [height, width] = attributes.inputSize;
  const inner = shape[1]!;
  const taps = kernel[0] * kernel[1];
  const windows = images! * rows! * columns!;
  const gradients = graph.emit('Reshape', [channelsLast(to, outputGradient!), graph.integers([windows, channels!])]);
  const matrix = graph.emit('Reshape', [channelsLast(to, weight!), graph.integers([channels!, taps * inner])]);
  const patches = graph.emit('Gemm', [gradients, matrix]);

  const over = Array.from({ length: height * width }, (): number[] => []);
  const { positions } = windowPixels(attributes, kernel, [height, width], [rows!, columns!]);
  positions.forEach((pixel, at) => {
    over[pixel]?.push(at);
  });
  const sums = sumRows(to, patches, [images!, positions.length, inner], over);
  return imagesOfRows(graph, sums, shape);
}

/** With stride 1 it is a convolution of the output gradient, with the kernel turned around and the paddings completed. */
function inputGradientByGather(
  { inputs: [outputGradient, weight], attributes, shape }: TensorOf<'conv2dInputGradient'>,
  to: Lowering,
): string {
  const { graph, name } = to;
  const [images, channels] = outputGradient!.shape;
  const [, , kernelHeight, kernelWidth] = weight!.shape;
  const taps = kernelHeight! * kernelWidth!;
  const [top, left, bottom, right] = attributes.pads;
  const pads = [kernelHeight! - 1 - top, kernelWidth! - 1 - left, kernelHeight! - 1 - bottom, kernelWidth! - 1 - right];
  const window = { ...attributes, pads: pads as [number, number, number, number] };
  const [height, width] = attributes.inputSize;
  const found = windowPixels(window, [kernelHeight!, kernelWidth!], imageSize(outputGradient!), [height, width]);
  // Turned around by visiting each window's taps from the last to the first.
  const positions = found.positions.map((_, at) => found.positions[at - (at % taps) + taps - 1 - (at % taps)]!);
  const patches = gatherPatches(to, outputGradient!, { ...found, positions });
  const flat = graph.emit('Reshape', [patches, graph.integers([images! * height * width, taps * channels!])]);
  const filters = graph.emit('Transpose', [name(weight!)], { perm: [2, 3, 0, 1] });
  const matrix = graph.emit('Reshape', [filters, graph.integers([taps * channels!, shape[1]!])]);
  return imagesOfRows(graph, graph.emit('Gemm', [flat, matrix]), shape);
}

/** The transposed convolution; `output_padding` restores rows and columns that the stride skipped. */
function inputGradientByTransposedConvolution(
  { inputs: [outputGradient, weight], attributes }: TensorOf<'conv2dInputGradient'>,
  { graph, name }: Lowering,
): string {
  const { strides, pads, dilations, groups, inputSize } = attributes;
  const outputPadding = ([0, 1] as const).map((axis) => {
    const covered =
      (outputGradient!.shape[2 + axis]! - 1) * strides[axis] + dilations[axis] * (weight!.shape[2 + axis]! - 1) + 1;
    return inputSize[axis] + pads[axis] + pads[axis + 2]! - covered;
  });
  return graph.emit('ConvTranspose', [name(outputGradient!), name(weight!)], {
    ...windowAttributes(attributes),
    group: groups,
    output_padding: outputPadding,
  });
}

/** From this many input channels on, copying whole pixels is cheaper than a dilated convolution. */
const MIN_CHANNELS_TO_GATHER = 16;

export function lowerConv2dWeightGradient(y: TensorOf<'conv2dWeightGradient'>, to: Lowering): string {
  const channels = y.inputs[0]!.shape[1]!;
  const { groups, kernel, strides, pads } = y.attributes;
  const sizes = convolutionSizes(y.inputs[0]!.shape, y.inputs[1]!.shape, y.shape, y.attributes);
  if (isForWinograd(to, sizes)) return weightGradientByTiles(y, sizes, to);
  if (to.dialect === 'standard' || groups > 1) return weightGradientByConvolution(y, to);
  const pointwise = [...kernel, ...strides].every((size) => size === 1) && pads.every((size) => size === 0);
  if (pointwise) return weightGradientOfPointwise(y, to);
  return channels >= MIN_CHANNELS_TO_GATHER ? weightGradientByGather(y, to) : weightGradientByConvolution(y, to);
}

/** A 1x1 convolution is a product per image already: output gradients [N, O, H W] times pixels [N, C, H W]. */
function weightGradientOfPointwise(
  { inputs: [x, outputGradient] }: TensorOf<'conv2dWeightGradient'>,
  { graph, name }: Lowering,
): string {
  const [batch, channels, height, width] = x!.shape;
  const outputs = outputGradient!.shape[1]!;
  const pixels = graph.emit('Reshape', [name(x!), graph.integers([batch!, channels!, height! * width!])]);
  const gradients = graph.emit('Reshape', [name(outputGradient!), graph.integers([batch!, outputs, height! * width!])]);
  const perImage = graph.emitMicrosoft('FusedMatMul', [gradients, pixels], { transB: 1 });
  const total = graph.emit('ReduceSum', [perImage, graph.integers([0])], { keepdims: 0 });
  return graph.emit('Reshape', [total, graph.integers([outputs, channels!, 1, 1])]);
}

/**
 * dW as one large product: every window's pixels are copied side by side (im2col, one Gather), and the output gradient
 * is multiplied with them. About twice as fast as the convolution below.
 */
function weightGradientByGather(
  { inputs: [x, outputGradient], attributes }: TensorOf<'conv2dWeightGradient'>,
  to: Lowering,
): string {
  const { graph, name } = to;
  const [batch, channels] = x!.shape;
  const [, outputs, rows, columns] = outputGradient!.shape;
  const { kernel } = attributes;
  const taps = kernel[0] * kernel[1];

  const gathered = gatherPatches(to, x!, windowPixels(attributes, kernel, imageSize(x!), [rows!, columns!]));
  const ordered = productOfPatches(graph, gathered, name(outputGradient!), {
    batch: batch!,
    windows: rows! * columns!,
    outputs: outputs!,
    taps,
    channels: channels!,
  });
  return graph.emit('Reshape', [ordered, graph.integers([outputs!, channels!, ...kernel])]);
}

/** From this many windows per image on, one product per image beats one product over all of them. */
const MIN_WINDOWS_PER_PRODUCT = 64;

/** Output gradients [N, O, windows] times patches [N, windows, taps, C], summed over images and windows: [O, C, taps]. */
function productOfPatches(
  graph: OnnxGraph,
  patches: string,
  outputGradient: string,
  sizes: { batch: number; windows: number; outputs: number; taps: number; channels: number },
): string {
  const { batch, windows, outputs, taps, channels } = sizes;
  if (windows >= MIN_WINDOWS_PER_PRODUCT) {
    const right = graph.emit('Reshape', [patches, graph.integers([batch, windows, taps * channels])]);
    const left = graph.emit('Reshape', [outputGradient, graph.integers([batch, outputs, windows])]);
    const perImage = graph.emit('MatMul', [left, right]);
    const total = graph.emit('ReduceSum', [perImage, graph.integers([0])], { keepdims: 0 });
    const split = graph.emit('Reshape', [total, graph.integers([outputs, taps, channels])]);
    return graph.emit('Transpose', [split], { perm: [0, 2, 1] });
  }
  const rows = graph.emit('Reshape', [patches, graph.integers([batch * windows, taps * channels])]);
  const moved = graph.emit('Transpose', [outputGradient], { perm: [0, 2, 3, 1] });
  const gradients = graph.emit('Reshape', [moved, graph.integers([batch * windows, outputs])]);
  // Patches first: with the gradients first onnxruntime's product is half as fast.
  const product = graph.emit('Gemm', [rows, gradients], { transA: 1 });
  const split = graph.emit('Reshape', [product, graph.integers([taps, channels, outputs])]);
  return graph.emit('Transpose', [split], { perm: [2, 1, 0] });
}

/** For every window and tap the position of a pixel; padding is the pixel after the last. */
interface WindowPixels {
  readonly positions: Int32Array;
  readonly usesPadding: boolean;
}

/** The pixels of images [N, C, H, W] under every window and tap, [N, windows * taps, C]; made once per image and window. */
function gatherPatches(to: Lowering, x: Tensor, { positions, usesPadding }: WindowPixels): string {
  const { graph, name, shared } = to;
  const [images, channels, height, width] = x.shape;
  const [patches] = shared(`patches of ${name(x)} at ${positions}`, () => {
    let pixels = graph.emit('Reshape', [channelsLast(to, x), graph.integers([images!, height! * width!, channels!])]);
    if (usesPadding) {
      const zeros = graph.constant(new Float32Array(images! * channels!), [images!, 1, channels!]);
      pixels = graph.emit('Concat', [pixels, zeros], { axis: 1 });
    }
    return [graph.emit('Gather', [pixels, graph.constant(positions, [positions.length])], { axis: 1 })];
  });
  return patches!;
}

function windowPixels(
  { strides, pads, dilations }: Window,
  kernel: readonly [number, number],
  [height, width]: readonly [number, number],
  [rows, columns]: readonly [number, number],
): WindowPixels {
  const positions = new Int32Array(rows * columns * kernel[0] * kernel[1]);
  let next = 0;
  let usesPadding = false;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      for (let tapRow = 0; tapRow < kernel[0]; tapRow++) {
        for (let tapColumn = 0; tapColumn < kernel[1]; tapColumn++) {
          const y = row * strides[0] - pads[0] + tapRow * dilations[0];
          const x = column * strides[1] - pads[1] + tapColumn * dilations[1];
          const inside = y >= 0 && y < height && x >= 0 && x < width;
          positions[next++] = inside ? y * width + x : height * width;
          usesPadding ||= !inside;
        }
      }
    }
  }
  return { positions, usesPadding };
}

/**
 * dW as a convolution of the input with the output gradient: batch and channels change places, stride and dilation
 * change places. Rows and columns that no window covered are cut off first, because Conv takes no negative padding.
 */
function weightGradientByConvolution(
  { inputs: [x, outputGradient], attributes }: TensorOf<'conv2dWeightGradient'>,
  { graph, name }: Lowering,
): string {
  const { strides, pads, dilations, groups, kernel } = attributes;
  const [batch, channels, height, width] = x!.shape;
  const [, outputs, rows, columns] = outputGradient!.shape;
  const perGroup = channels! / groups;

  // What is left over after the last window; it first eats the end padding, then the image.
  const sizes = [height!, width!];
  const steps = [rows!, columns!];
  const unused = ([0, 1] as const).map((axis) => {
    const covered = (steps[axis]! - 1) * strides[axis] + dilations[axis] * (kernel[axis] - 1) + 1;
    return sizes[axis]! + pads[axis] + pads[axis + 2]! - covered;
  });
  const endPads = unused.map((count, axis) => Math.max(0, pads[axis + 2]! - count));
  const cut = unused.map((count, axis) => Math.max(0, count - pads[axis + 2]!));

  let image = name(x!);
  if (cut.some((count) => count > 0)) {
    const ends = [height! - cut[0]!, width! - cut[1]!];
    image = graph.emit('Slice', [image, graph.integers([0, 0]), graph.integers(ends), graph.integers([2, 3])]);
  }
  const [cutHeight, cutWidth] = [height! - cut[0]!, width! - cut[1]!];
  if (groups === 1) image = graph.emit('Transpose', [image], { perm: [1, 0, 2, 3] });
  else {
    // [N, g, C, H, W] -> [C, g, N, H, W]: the groups of the new convolution are over the batch.
    const split = graph.emit('Reshape', [image, graph.integers([batch!, groups, perGroup, cutHeight, cutWidth])]);
    const swapped = graph.emit('Transpose', [split], { perm: [2, 1, 0, 3, 4] });
    image = graph.emit('Reshape', [swapped, graph.integers([perGroup, groups * batch!, cutHeight, cutWidth])]);
  }
  const filter = graph.emit('Transpose', [name(outputGradient!)], { perm: [1, 0, 2, 3] });
  const product = graph.emit('Conv', [image, filter], {
    strides: dilations,
    dilations: strides,
    pads: [pads[0], pads[1], ...endPads],
    group: groups,
  });
  // [C / g, O, kH, kW] -> [O, C / g, kH, kW]
  return outputs === 1 && perGroup === 1 ? product : graph.emit('Transpose', [product], { perm: [1, 0, 2, 3] });
}
