import { InputError } from '@rapport/core';
import { sameShape, show } from '../shapes.js';
import { makeTensor, type Shape, sizeOf, type Tensor } from '../tensor.js';

/** A negative axis counted from the end, as a plain index. */
export function resolveAxis(axis: number, rank: number): number {
  const resolved = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || resolved < 0 || resolved >= rank) {
    throw new InputError(`axis ${axis} is outside a tensor of ${rank} axes`);
  }
  return resolved;
}

/** The same elements in another shape; one size may be -1 and is worked out. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const open = shape.indexOf(-1);
  const known = shape.reduce((product, size) => (size === -1 ? product : product * size), 1);
  const full = open < 0 ? shape : shape.map((size, axis) => (axis === open ? sizeOf(x.shape) / known : size));
  return sameShape(full, x.shape) ? x : makeTensor('reshape', [x], { shape: full });
}

/** Axes in the order of `permutation`; without it the last two are swapped. */
export function transpose(x: Tensor, permutation?: readonly number[]): Tensor {
  const rank = x.shape.length;
  const axes = x.shape.map((_, axis) => axis);
  const order = permutation ?? [...axes.slice(0, -2), rank - 1, rank - 2];
  return order.every((axis, index) => axis === index) ? x : makeTensor('transpose', [x], { permutation: order });
}

/** Repeated along axes of size 1, and along new leading axes, until it has the shape. */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : makeTensor('broadcastTo', [x], { shape });
}

/** The part from `start` (inclusive) to `end` (exclusive) along one axis; negative positions count from the end. */
export function slice(x: Tensor, axis: number, start: number, end?: number): Tensor {
  const along = resolveAxis(axis, x.shape.length);
  const length = x.shape[along]!;
  const first = start < 0 ? start + length : start;
  const last = end === undefined ? length : end < 0 ? end + length : end;
  if (first < 0 || last > length || first >= last) {
    throw new InputError(`slice: ${start} to ${end ?? 'the end'} is empty or outside axis ${axis} of ${show(x.shape)}`);
  }
  if (first === 0 && last === length) return x;
  return makeTensor('slice', [x], {
    starts: x.shape.map((_, index) => (index === along ? first : 0)),
    sizes: x.shape.map((size, index) => (index === along ? last - first : size)),
  });
}

/** Zeros added before and after, per axis. */
export function pad(x: Tensor, before: readonly number[], after: readonly number[]): Tensor {
  return [...before, ...after].every((amount) => amount === 0) ? x : makeTensor('pad', [x], { before, after });
}

/** Tensors joined along an axis that exists. */
export function concat(tensors: readonly Tensor[], axis: number): Tensor {
  const first = tensors[0];
  if (first === undefined) throw new InputError('concat: expected at least one tensor');
  if (tensors.length === 1) return first;
  return makeTensor('concat', tensors, { axis: resolveAxis(axis, first.shape.length) });
}

/** Tensors of one shape joined along a new axis. */
export function stack(tensors: readonly Tensor[], axis = 0): Tensor {
  return concat(
    tensors.map((tensor) => expandDims(tensor, axis)),
    axis,
  );
}

/** A new axis of size 1 at the position. */
export function expandDims(x: Tensor, axis: number): Tensor {
  const position = axis < 0 ? axis + x.shape.length + 1 : axis;
  return reshape(x, [...x.shape.slice(0, position), 1, ...x.shape.slice(position)]);
}

/** Without an axis of size 1. */
export function squeeze(x: Tensor, axis: number): Tensor {
  const along = resolveAxis(axis, x.shape.length);
  if (x.shape[along] !== 1) throw new InputError(`squeeze: axis ${axis} of ${show(x.shape)} is not of size 1`);
  return reshape(
    x,
    x.shape.filter((_, index) => index !== along),
  );
}

/**
 * Elements at int32 or int64 positions along an axis: for axis 0, rows. The axis is replaced by the indices' axes.
 * Repeated positions add up in the gradient.
 */
export function gather(x: Tensor, indices: Tensor, axis = 0): Tensor {
  return makeTensor('gather', [x, indices], { axis: resolveAxis(axis, x.shape.length) });
}

/** Zeros of length `size` along an axis, with the updates added at the positions: the transpose of `gather`. */
export function scatterAdd(updates: Tensor, indices: Tensor, axis: number, size: number): Tensor {
  return makeTensor('scatterAdd', [updates, indices], { axis, size });
}
