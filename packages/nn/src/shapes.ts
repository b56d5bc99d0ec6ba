import { InputError } from '@rapport/core';
import {
  type DataType,
  type PoolWindow,
  type Primitive,
  type PrimitiveAttributes,
  type Shape,
  sizeOf,
  type Tensor,
  type TimeWindow,
  type Window,
} from './tensor.js';

/** What a rule infers. */
export interface Signature {
  readonly shape: Shape;
  readonly dtype: DataType;
}

type ShapeRules = {
  readonly [P in Primitive]: (inputs: readonly Tensor[], attributes: PrimitiveAttributes[P]) => Signature;
};

/** Type check and shape inference of every primitive. Each rule throws an `InputError` that names the operator. */
export const shapeRules: ShapeRules = {
  input: (_, { name, shape, dtype }) => ({ shape: checkedShape(`input "${name}"`, shape), dtype }),
  parameter: (_, { name, shape }) => ({ shape: checkedShape(`parameter "${name}"`, shape), dtype: 'float32' }),
  constant: (_, { data, shape, dtype }) => {
    if (sizeOf(shape) !== data.length) {
      throw new InputError(`constant: ${data.length} values do not fill the shape ${show(shape)}`);
    }
    return { shape, dtype };
  },

  neg: unary('neg'),
  abs: unary('abs'),
  exp: unary('exp'),
  log: unary('log'),
  sqrt: unary('sqrt'),
  square: unary('square'),
  sin: unary('sin'),
  cos: unary('cos'),
  erf: unary('erf'),
  tanh: unary('tanh'),
  sigmoid: unary('sigmoid'),
  softplus: unary('softplus'),
  mish: unary('mish'),
  relu: unary('relu'),
  pow: unary('pow'),
  clip: unary('clip'),
  logicalNot: (inputs) => {
    const [x] = operands('logicalNot', inputs, 1);
    requireType('logicalNot', x!, 'bool');
    return { shape: x!.shape, dtype: 'bool' };
  },
  cast: (inputs, { dtype }) => ({ shape: operands('cast', inputs, 1)[0]!.shape, dtype }),
  stopGradient: (inputs) => operands('stopGradient', inputs, 1)[0]!,

  add: binary('add'),
  sub: binary('sub'),
  mul: binary('mul'),
  div: binary('div'),
  minimum: binary('minimum'),
  maximum: binary('maximum'),
  less: comparison('less'),
  lessOrEqual: comparison('lessOrEqual'),
  equal: comparison('equal'),
  logicalAnd: (inputs) => {
    const [a, b] = operands('logicalAnd', inputs, 2);
    requireType('logicalAnd', a!, 'bool');
    requireType('logicalAnd', b!, 'bool');
    return { shape: broadcastShapes('logicalAnd', a!.shape, b!.shape), dtype: 'bool' };
  },
  where: (inputs) => {
    const [condition, a, b] = operands('where', inputs, 3);
    requireType('where', condition!, 'bool');
    requireSameType('where', a!, b!);
    const shape = broadcastShapes('where', condition!.shape, broadcastShapes('where', a!.shape, b!.shape));
    return { shape, dtype: a!.dtype };
  },

  matmul: (inputs, { transposeA, transposeB }) => {
    const [a, b] = operands('matmul', inputs, 2);
    return { shape: productShape('matmul', a!, b!, transposeA, transposeB), dtype: 'float32' };
  },
  gemm: (inputs, { transposeA, transposeB }) => {
    const [a, b, c] = operands('gemm', inputs, 3);
    const shape = productShape('gemm', a!, b!, transposeA, transposeB);
    if (shape.length !== 2)
      throw new InputError(`gemm: expected matrices, found ${show(a!.shape)} and ${show(b!.shape)}`);
    if (!sameShape(broadcastShapes('gemm', shape, c!.shape), shape)) {
      throw new InputError(`gemm: a bias of shape ${show(c!.shape)} does not fit the product ${show(shape)}`);
    }
    return { shape, dtype: 'float32' };
  },

  reduceSum: (inputs, { axes, keepDims }) => reduction('reduceSum', inputs, axes, keepDims),
  reduceMax: (inputs, { axes, keepDims }) => reduction('reduceMax', inputs, axes, keepDims),
  logSumExp: (inputs, { axes, keepDims }) => reduction('logSumExp', inputs, axes, keepDims),
  softmax: (inputs, { axis }) => alongAxis('softmax', inputs, axis),
  logSoftmax: (inputs, { axis }) => alongAxis('logSoftmax', inputs, axis),

  reshape: (inputs, { shape }) => {
    const [x] = operands('reshape', inputs, 1);
    checkedShape('reshape', shape);
    if (sizeOf(shape) !== sizeOf(x!.shape)) {
      throw new InputError(`reshape: ${show(x!.shape)} does not fill ${show(shape)}`);
    }
    return { shape, dtype: x!.dtype };
  },
  transpose: (inputs, { permutation }) => {
    const [x] = operands('transpose', inputs, 1);
    const sorted = [...permutation].sort((a, b) => a - b);
    if (permutation.length !== x!.shape.length || sorted.some((axis, index) => axis !== index)) {
      throw new InputError(`transpose: [${permutation}] is no permutation of the axes of ${show(x!.shape)}`);
    }
    return { shape: permutation.map((axis) => x!.shape[axis]!), dtype: x!.dtype };
  },
  broadcastTo: (inputs, { shape }) => {
    const [x] = operands('broadcastTo', inputs, 1);
    if (!sameShape(broadcastShapes('broadcastTo', x!.shape, shape), shape)) {
      throw new InputError(`broadcastTo: ${show(x!.shape)} cannot be repeated to ${show(shape)}`);
    }
    return { shape, dtype: x!.dtype };
  },
  slice: (inputs, { starts, sizes }) => {
    const [x] = operands('slice', inputs, 1);
    const fits =
      starts.length === x!.shape.length &&
      sizes.length === x!.shape.length &&
      x!.shape.every((size, axis) => starts[axis]! >= 0 && sizes[axis]! >= 1 && starts[axis]! + sizes[axis]! <= size);
    if (!fits) throw new InputError(`slice: starts [${starts}] with sizes [${sizes}] leave ${show(x!.shape)}`);
    return { shape: sizes, dtype: x!.dtype };
  },
  pad: (inputs, { before, after }) => {
    const [x] = operands('pad', inputs, 1);
    const amounts = [...before, ...after];
    if (amounts.length !== 2 * x!.shape.length || amounts.some((amount) => amount < 0)) {
      throw new InputError(`pad: before [${before}] and after [${after}] do not fit ${show(x!.shape)}`);
    }
    return { shape: x!.shape.map((size, axis) => size + before[axis]! + after[axis]!), dtype: x!.dtype };
  },
  concat: (inputs, { axis }) => {
    const first = inputs[0];
    if (first === undefined) throw new InputError('concat: expected at least one operand');
    for (const other of inputs) {
      requireSameType('concat', first, other);
      const fits =
        other.shape.length === first.shape.length &&
        axis >= 0 &&
        axis < first.shape.length &&
        other.shape.every((size, index) => index === axis || size === first.shape[index]);
      if (!fits)
        throw new InputError(`concat: ${show(other.shape)} does not join ${show(first.shape)} on axis ${axis}`);
    }
    const joined = inputs.reduce((sum, operand) => sum + operand.shape[axis]!, 0);
    return { shape: first.shape.map((size, index) => (index === axis ? joined : size)), dtype: first.dtype };
  },
  gather: (inputs, { axis }) => {
    const [x, indices] = operands('gather', inputs, 2);
    requireIndices('gather', indices!);
    requireAxis('gather', x!, axis);
    return { shape: [...x!.shape.slice(0, axis), ...indices!.shape, ...x!.shape.slice(axis + 1)], dtype: x!.dtype };
  },
  scatterAdd: (inputs, { axis, size }) => {
    const [updates, indices] = operands('scatterAdd', inputs, 2);
    requireIndices('scatterAdd', indices!);
    const rank = indices!.shape.length;
    if (!sameShape(updates!.shape.slice(axis, axis + rank), indices!.shape)) {
      throw new InputError(
        `scatterAdd: updates ${show(updates!.shape)} do not have the indices' shape ${show(indices!.shape)} at axis ${axis}`,
      );
    }
    return {
      shape: [...updates!.shape.slice(0, axis), size, ...updates!.shape.slice(axis + rank)],
      dtype: updates!.dtype,
    };
  },

  unfold: (inputs, window) => {
    const [x] = operands('unfold', inputs, 1);
    const [batch, steps, channels] = sequenceShape('unfold', x!);
    return { shape: [batch, windowCount('unfold', steps, window), window.kernel * channels], dtype: 'float32' };
  },
  fold: (inputs, window) => {
    const [x] = operands('fold', inputs, 1);
    const [batch, windows, values] = sequenceShape('fold', x!);
    if (values % window.kernel !== 0 || windows !== windowCount('fold', window.size, window)) {
      throw new InputError(
        `fold: ${show(x!.shape)} are not windows of ${window.kernel} steps over a sequence of ${window.size}`,
      );
    }
    return { shape: [batch, window.size, values / window.kernel], dtype: 'float32' };
  },

  conv2d: (inputs, attributes) => {
    const [x, weight, bias] = operands('conv2d', inputs, inputs.length === 3 ? 3 : 2);
    const [batch, channels, height, width] = imageShape('conv2d', x!);
    const [outputs, perGroup, kernelHeight, kernelWidth] = imageShape('conv2d', weight!);
    const { groups } = attributes;
    if (perGroup * groups !== channels || outputs % groups !== 0) {
      throw new InputError(
        `conv2d: weights ${show(weight!.shape)} in ${groups} group(s) do not fit an input of ${channels} channels`,
      );
    }
    if (bias !== undefined && !sameShape(bias.shape, [outputs])) {
      throw new InputError(`conv2d: a bias of shape ${show(bias.shape)} does not fit ${outputs} output channels`);
    }
    const size = windowOutput('conv2d', [height, width], [kernelHeight, kernelWidth], attributes);
    return { shape: [batch, outputs, ...size], dtype: 'float32' };
  },
  conv2dInputGradient: (inputs, { groups, inputSize }) => {
    const [outputGradient, weight] = operands('conv2dInputGradient', inputs, 2);
    const [batch] = imageShape('conv2dInputGradient', outputGradient!);
    const [, perGroup] = imageShape('conv2dInputGradient', weight!);
    return { shape: [batch, perGroup * groups, ...inputSize], dtype: 'float32' };
  },
  conv2dWeightGradient: (inputs, { groups, kernel }) => {
    const [x, outputGradient] = operands('conv2dWeightGradient', inputs, 2);
    const [, channels] = imageShape('conv2dWeightGradient', x!);
    const [, outputs] = imageShape('conv2dWeightGradient', outputGradient!);
    return { shape: [outputs, channels / groups, ...kernel], dtype: 'float32' };
  },
  maxPool2d: (inputs, window) => ({ shape: poolShape('maxPool2d', inputs, window), dtype: 'float32' }),
  maxPool2dIndices: (inputs, window) => ({ shape: poolShape('maxPool2dIndices', inputs, window), dtype: 'int64' }),
  averagePool2d: (inputs, window) => ({ shape: poolShape('averagePool2d', inputs, window), dtype: 'float32' }),
};

/** The common shape of two operands under NumPy's broadcasting rule. */
export function broadcastShapes(operator: string, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, index) => {
    const left = a[index - rank + a.length] ?? 1;
    const right = b[index - rank + b.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1) {
      throw new InputError(`${operator}: shapes ${show(a)} and ${show(b)} do not broadcast`);
    }
    return left === 1 ? right : left;
  });
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/** `[256, 24]` as text. */
export function show(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

function unary(operator: string): (inputs: readonly Tensor[]) => Signature {
  return (inputs) => {
    const [x] = operands(operator, inputs, 1);
    requireType(operator, x!, 'float32');
    return { shape: x!.shape, dtype: 'float32' };
  };
}

function binary(operator: string): (inputs: readonly Tensor[]) => Signature {
  return (inputs) => {
    const [a, b] = operands(operator, inputs, 2);
    requireSameType(operator, a!, b!);
    return { shape: broadcastShapes(operator, a!.shape, b!.shape), dtype: a!.dtype };
  };
}

function comparison(operator: string): (inputs: readonly Tensor[]) => Signature {
  const rule = binary(operator);
  return (inputs) => ({ shape: rule(inputs).shape, dtype: 'bool' });
}

function reduction(operator: string, inputs: readonly Tensor[], axes: readonly number[], keepDims: boolean): Signature {
  const [x] = operands(operator, inputs, 1);
  requireType(operator, x!, 'float32');
  for (const axis of axes) requireAxis(operator, x!, axis);
  const shape = keepDims
    ? x!.shape.map((size, axis) => (axes.includes(axis) ? 1 : size))
    : x!.shape.filter((_, axis) => !axes.includes(axis));
  return { shape, dtype: 'float32' };
}

function alongAxis(operator: string, inputs: readonly Tensor[], axis: number): Signature {
  const [x] = operands(operator, inputs, 1);
  requireType(operator, x!, 'float32');
  requireAxis(operator, x!, axis);
  return { shape: x!.shape, dtype: 'float32' };
}

function productShape(operator: string, a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean): Shape {
  requireType(operator, a, 'float32');
  requireType(operator, b, 'float32');
  if (a.shape.length < 2 || b.shape.length < 2) {
    throw new InputError(`${operator}: expected matrices, found ${show(a.shape)} and ${show(b.shape)}`);
  }
  const [rows, innerA] = lastTwo(a.shape, transposeA);
  const [innerB, columns] = lastTwo(b.shape, transposeB);
  if (innerA !== innerB) {
    const flags = `${transposeA ? ' (first transposed)' : ''}${transposeB ? ' (second transposed)' : ''}`;
    throw new InputError(`${operator}: ${show(a.shape)} and ${show(b.shape)}${flags} do not multiply`);
  }
  return [...broadcastShapes(operator, a.shape.slice(0, -2), b.shape.slice(0, -2)), rows, columns];
}

function lastTwo(shape: Shape, transposed: boolean): [number, number] {
  const [rows, columns] = [shape.at(-2)!, shape.at(-1)!];
  return transposed ? [columns, rows] : [rows, columns];
}

function poolShape(operator: string, inputs: readonly Tensor[], window: PoolWindow): Shape {
  const [x] = operands(operator, inputs, 1);
  const [batch, channels, height, width] = imageShape(operator, x!);
  return [batch, channels, ...windowOutput(operator, [height, width], window.kernel, window)];
}

/** Output height and width of a sliding window. */
function windowOutput(
  operator: string,
  [height, width]: readonly [number, number],
  [kernelHeight, kernelWidth]: readonly [number, number],
  { strides, pads, dilations }: Window,
): [number, number] {
  const rows = Math.floor((height + pads[0] + pads[2] - dilations[0] * (kernelHeight - 1) - 1) / strides[0]) + 1;
  const columns = Math.floor((width + pads[1] + pads[3] - dilations[1] * (kernelWidth - 1) - 1) / strides[1]) + 1;
  if (rows < 1 || columns < 1) {
    throw new InputError(`${operator}: a ${kernelHeight}x${kernelWidth} window does not fit ${height}x${width}`);
  }
  return [rows, columns];
}

/** How many windows fit a sequence. */
function windowCount(operator: string, steps: number, { kernel, stride, pads }: TimeWindow): number {
  const count = Math.floor((steps + pads[0] + pads[1] - kernel) / stride) + 1;
  if (count < 1) throw new InputError(`${operator}: a window of ${kernel} steps does not fit ${steps}`);
  return count;
}

function sequenceShape(operator: string, x: Tensor): readonly [number, number, number] {
  requireType(operator, x, 'float32');
  const [a, b, c] = x.shape;
  if (x.shape.length !== 3) throw new InputError(`${operator}: expected three axes, found ${show(x.shape)}`);
  return [a!, b!, c!];
}

function imageShape(operator: string, x: Tensor): readonly [number, number, number, number] {
  requireType(operator, x, 'float32');
  const [a, b, c, d] = x.shape;
  if (x.shape.length !== 4) throw new InputError(`${operator}: expected four axes, found ${show(x.shape)}`);
  return [a!, b!, c!, d!];
}

function operands(operator: string, inputs: readonly Tensor[], count: number): readonly Tensor[] {
  if (inputs.length !== count)
    throw new InputError(`${operator}: expected ${count} operand(s), found ${inputs.length}`);
  return inputs;
}

function requireType(operator: string, x: Tensor, dtype: DataType): void {
  if (x.dtype !== dtype) throw new InputError(`${operator}: expected ${dtype}, found ${x.dtype} ${show(x.shape)}`);
}

function requireSameType(operator: string, a: Tensor, b: Tensor): void {
  if (a.dtype !== b.dtype) throw new InputError(`${operator}: operands are ${a.dtype} and ${b.dtype}; cast one`);
}

function requireIndices(operator: string, x: Tensor): void {
  if (x.dtype !== 'int32' && x.dtype !== 'int64') {
    throw new InputError(`${operator}: indices are ${x.dtype}; expected int32 or int64`);
  }
}

function requireAxis(operator: string, x: Tensor, axis: number): void {
  if (!Number.isInteger(axis) || axis < 0 || axis >= x.shape.length) {
    throw new InputError(`${operator}: axis ${axis} is outside ${show(x.shape)}`);
  }
}

function checkedShape(owner: string, shape: Shape): Shape {
  if (shape.some((size) => !Number.isInteger(size) || size < 1)) {
    throw new InputError(`${owner}: shape ${show(shape)} has a size that is not a positive integer`);
  }
  return shape;
}
