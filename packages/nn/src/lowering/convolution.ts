import type { TensorOf, Window } from '../tensor.js';
import type { Lowering } from './rules.js';

/** Strides, pads and dilations as ONNX attributes. */
export function windowAttributes({ strides, pads, dilations }: Window): Record<string, readonly number[]> {
  return { strides, pads, dilations };
}

/** The transposed convolution; `output_padding` restores rows and columns that the stride skipped. */
export function lowerConv2dInputGradient(
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

/**
 * dW as a convolution of the input with the output gradient: batch and channels change places, stride and dilation
 * change places. Rows and columns that no window covered are cut off first, because Conv takes no negative padding.
 */
export function lowerConv2dWeightGradient(
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
