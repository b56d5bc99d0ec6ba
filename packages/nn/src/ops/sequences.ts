import { makeTensor, type Tensor, type TimeWindow } from '../tensor.js';
import { add } from './elementwise.js';
import { reshape } from './layout.js';

/** Window of a convolution over time; by default it moves by one step, and no zeros are added. */
export interface SequenceOptions {
  readonly stride?: number;
  /** Zeros before the first and after the last step; one number stands for both. */
  readonly pads?: number | readonly [number, number];
}

/** The steps under each window side by side: x [N, T, C] to [N, windows, kernel C]. */
export function unfold(x: Tensor, kernel: number, options: SequenceOptions = {}): Tensor {
  const window = timeWindow(kernel, options);
  const changesNothing = kernel === 1 && window.stride === 1 && window.pads.every((zeros) => zeros === 0);
  return changesNothing ? x : makeTensor('unfold', [x], window);
}

/** Windows [N, windows, kernel C] added up where they overlap, [N, size, C]: the transpose of `unfold`. */
export function fold(x: Tensor, kernel: number, size: number, options: SequenceOptions = {}): Tensor {
  return makeTensor('fold', [x], { ...timeWindow(kernel, options), size });
}

/** Cross-correlation over time of x [N, T, C] with weights [kernel, C, O], plus a bias [O]: [N, windows, O]. */
export function conv1d(x: Tensor, weight: Tensor, bias: Tensor, options: SequenceOptions = {}): Tensor {
  const [kernel, channels, outputs] = weight.shape;
  const windows = unfold(x, kernel!, options);
  const [batch, count, values] = windows.shape;
  const matrix = reshape(weight, [kernel! * channels!, outputs!]);
  const product = makeTensor('gemm', [reshape(windows, [batch! * count!, values!]), matrix, bias], {
    transposeA: false,
    transposeB: false,
  });
  return reshape(product, [batch!, count!, outputs!]);
}

/**
 * Transposed convolution over time of x [N, T, C] with weights [C, kernel, O], plus a bias [O]: torch's ConvTranspose1d.
 * Its result has (T - 1) stride + kernel - pads steps.
 */
export function transposedConv1d(x: Tensor, weight: Tensor, bias: Tensor, options: SequenceOptions = {}): Tensor {
  const [batch, steps, channels] = x.shape;
  const [, kernel, outputs] = weight.shape;
  const { stride, pads } = timeWindow(kernel!, options);
  const rows = reshape(x, [batch! * steps!, channels!]);
  const matrix = reshape(weight, [channels!, kernel! * outputs!]);
  const product = makeTensor('matmul', [rows, matrix], { transposeA: false, transposeB: false });
  const size = (steps! - 1) * stride + kernel! - pads[0] - pads[1];
  return add(fold(reshape(product, [batch!, steps!, kernel! * outputs!]), kernel!, size, options), bias);
}

function timeWindow(kernel: number, { stride = 1, pads = 0 }: SequenceOptions): TimeWindow {
  return { kernel, stride, pads: typeof pads === 'number' ? [pads, pads] : pads };
}
