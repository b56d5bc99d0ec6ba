import { makeTensor, sizeOf, type Tensor } from '../tensor.js';
import { add, mul, neg, sqrt, square, sub } from './elementwise.js';
import { reshape, resolveAxis } from './layout.js';

/** Which axes are reduced (all by default; negative ones count from the end) and whether they stay with size 1. */
export interface ReduceOptions {
  readonly axes?: readonly number[];
  readonly keepDims?: boolean;
}

/** Sum over axes. */
export function sum(x: Tensor, options: ReduceOptions = {}): Tensor {
  const { axes, keepDims } = resolve(x, options);
  return axes.length === 0 ? x : makeTensor('reduceSum', [x], { axes, keepDims });
}

/** Arithmetic mean over axes. */
export function mean(x: Tensor, options: ReduceOptions = {}): Tensor {
  const total = sum(x, options);
  return mul(total, sizeOf(total.shape) / sizeOf(x.shape));
}

/** Largest element over axes; ties share the gradient equally. */
export function max(x: Tensor, options: ReduceOptions = {}): Tensor {
  const { axes, keepDims } = resolve(x, options);
  return axes.length === 0 ? x : makeTensor('reduceMax', [x], { axes, keepDims });
}

/** Smallest element over axes; ties share the gradient equally. */
export function min(x: Tensor, options: ReduceOptions = {}): Tensor {
  return neg(max(neg(x), options));
}

/** log(sum(exp(x))) over axes, without overflow. */
export function logSumExp(x: Tensor, options: ReduceOptions = {}): Tensor {
  const { axes, keepDims } = resolve(x, options);
  return axes.length === 0 ? x : makeTensor('logSumExp', [x], { axes, keepDims });
}

/** log(mean(exp(x))) over axes, without overflow. */
export function logMeanExp(x: Tensor, options: ReduceOptions = {}): Tensor {
  const total = logSumExp(x, options);
  return add(total, Math.log(sizeOf(total.shape) / sizeOf(x.shape)));
}

/** exp(x) divided by its sum along an axis (the last by default). */
export function softmax(x: Tensor, axis = -1): Tensor {
  return makeTensor('softmax', [x], { axis: resolveAxis(axis, x.shape.length) });
}

/** log(softmax(x)) along an axis (the last by default). */
export function logSoftmax(x: Tensor, axis = -1): Tensor {
  return makeTensor('logSoftmax', [x], { axis: resolveAxis(axis, x.shape.length) });
}

/** Mean and population variance over axes, both keeping the axes. */
export function moments(x: Tensor, axes: readonly number[]): { mean: Tensor; variance: Tensor } {
  const center = mean(x, { axes, keepDims: true });
  return { mean: center, variance: mean(square(sub(x, center)), { axes, keepDims: true }) };
}

/** Euclidean length along an axis, kept with size 1; `epsilon` is added under the root so that 0 has a gradient. */
export function norm(x: Tensor, axis = -1, epsilon = 1e-12): Tensor {
  return sqrt(add(sum(square(x), { axes: [axis], keepDims: true }), epsilon));
}

/** Mean over pairs of -log softmax(logits)[class]; logits [N, C], `oneHot` [N, C] with ones at the classes. */
export function crossEntropy(logits: Tensor, oneHot: Tensor): Tensor {
  return neg(mean(sum(mul(logSoftmax(logits), oneHot), { axes: [-1] })));
}

/** Sum of elements that each group of axes reduces to, brought back to `shape`: the gradient of broadcasting. */
export function sumToShape(x: Tensor, shape: readonly number[]): Tensor {
  const lead = x.shape.length - shape.length;
  const axes = x.shape.flatMap((size, axis) => (axis < lead || (shape[axis - lead] === 1 && size !== 1) ? [axis] : []));
  return axes.length === 0 ? x : reshape(sum(x, { axes }), shape);
}

function resolve(x: Tensor, { axes, keepDims = false }: ReduceOptions): { axes: number[]; keepDims: boolean } {
  const all = x.shape.map((_, axis) => axis);
  return { axes: axes?.map((axis) => resolveAxis(axis, x.shape.length)).sort((a, b) => a - b) ?? all, keepDims };
}
