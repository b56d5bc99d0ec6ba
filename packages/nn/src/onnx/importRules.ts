import { InputError } from '@rapport/core';
import * as ops from '../ops/index.js';
import { broadcastShapes, show } from '../shapes.js';
import { constant, type DataType, makeTensor, type Shape, sizeOf, type Tensor } from '../tensor.js';
import type { NodeReader } from './nodeReader.js';
import { ELEMENT_TYPE } from './proto.js';
import { constantOf } from './tensors.js';

type ImportRule = (node: NodeReader) => Tensor | readonly Tensor[];

/** What the engine can import, by ONNX operator of the default domain. */
export const importRules: ReadonlyMap<string, ImportRule> = new Map<string, ImportRule>([
  ['Identity', (node) => node.operand(0)],
  ['Dropout', (node) => node.operand(0)],
  ['Constant', readConstant],
  ['ConstantOfShape', constantOfShape],
  ['Shape', (node) => longs(node.operand(0).shape)],
  ['Cast', (node) => ops.cast(node.operand(0), castTarget(node))],

  ['Neg', unary(ops.neg)],
  ['Abs', unary(ops.abs)],
  ['Exp', unary(ops.exp)],
  ['Log', unary(ops.log)],
  ['Sqrt', unary(ops.sqrt)],
  ['Sin', unary(ops.sin)],
  ['Cos', unary(ops.cos)],
  ['Erf', unary(ops.erf)],
  ['Tanh', unary(ops.tanh)],
  ['Sigmoid', unary(ops.sigmoid)],
  ['Softplus', unary(ops.softplus)],
  ['Relu', unary(ops.relu)],
  ['Mish', unary(ops.mish)],
  ['Not', unary(ops.logicalNot)],
  ['Reciprocal', unary((x) => ops.div(1, x))],
  ['HardSwish', unary((x) => ops.mul(x, hardSigmoid(x, 1 / 6, 0.5)))],
  ['HardSigmoid', (node) => hardSigmoid(node.operand(0), node.float('alpha', 0.2), node.float('beta', 0.5))],
  ['LeakyRelu', leakyRelu],
  ['Gelu', importGelu],
  ['Clip', clip],
  ['Pow', power],

  ['Add', binary(ops.add)],
  ['Sub', binary(ops.sub)],
  ['Mul', binary(ops.mul)],
  ['Div', binary(ops.div)],
  ['Min', (node) => node.operands.reduce((a, b) => ops.minimum(a, b))],
  ['Max', (node) => node.operands.reduce((a, b) => ops.maximum(a, b))],
  ['Sum', (node) => node.operands.reduce((a, b) => ops.add(a, b))],
  ['Less', binary(ops.less)],
  ['LessOrEqual', binary(ops.lessOrEqual)],
  ['Greater', binary(ops.greater)],
  ['GreaterOrEqual', binary(ops.greaterOrEqual)],
  ['Equal', binary(ops.equal)],
  ['And', binary(ops.logicalAnd)],
  ['Where', (node) => ops.where(node.operand(0), node.operand(1), node.operand(2))],

  ['MatMul', binary((a, b) => ops.matmul(a, b))],
  ['Gemm', gemm],
  ['Conv', convolution],
  ['MaxPool', (node) => makeTensor('maxPool2d', [node.operand(0)], poolWindow(node))],
  [
    'AveragePool',
    (node) => {
      const countPadding = node.int('count_include_pad', 0) === 1;
      return makeTensor('averagePool2d', [node.operand(0)], { ...poolWindow(node), countPadding });
    },
  ],
  ['GlobalAveragePool', unary((x) => ops.mean(x, { axes: spatialAxes(x), keepDims: true }))],
  ['GlobalMaxPool', unary((x) => ops.max(x, { axes: spatialAxes(x), keepDims: true }))],
  ['BatchNormalization', batchNormalization],
  ['LayerNormalization', layerNormalization],

  ['Softmax', (node) => alongAxis(node, ops.softmax)],
  ['LogSoftmax', (node) => alongAxis(node, ops.logSoftmax)],
  ['ReduceSum', (node) => reduction(node, ops.sum)],
  ['ReduceMean', (node) => reduction(node, ops.mean)],
  ['ReduceMax', (node) => reduction(node, ops.max)],
  ['ReduceMin', (node) => reduction(node, ops.min)],
  ['ReduceLogSumExp', (node) => reduction(node, ops.logSumExp)],

  ['Reshape', reshape],
  ['Flatten', flatten],
  ['Squeeze', squeeze],
  ['Unsqueeze', unsqueeze],
  ['Transpose', (node) => ops.transpose(node.operand(0), node.ints('perm') ?? reversedAxes(node.operand(0)))],
  ['Expand', expand],
  ['Concat', (node) => ops.concat(node.operands, node.int('axis', 0))],
  ['Slice', importSlice],
  ['Split', split],
  ['Pad', pad],
  ['Gather', importGather],
]);

function unary(fn: (x: Tensor) => Tensor): ImportRule {
  return (node) => fn(node.operand(0));
}

function binary(fn: (a: Tensor, b: Tensor) => Tensor): ImportRule {
  return (node) => fn(node.operand(0), node.operand(1));
}

function longs(values: readonly number[]): Tensor {
  return constant(BigInt64Array.from(values, BigInt), [values.length]);
}

function readConstant(node: NodeReader): Tensor {
  const tensor = node.tensorAttribute('value');
  if (tensor !== undefined) return constantOf(tensor);
  if (node.has('value_float')) return constant(node.float('value_float', 0));
  if (node.has('value_int')) return ops.squeeze(longs([node.int('value_int', 0)]), 0);
  if (node.has('value_ints')) return longs(node.ints('value_ints') ?? []);
  if (node.has('value_floats')) return constant(node.floats('value_floats') ?? []);
  throw new InputError('its value is of a kind that the engine does not know');
}

/** One stored number (float 0 when absent), repeated. */
function constantOfShape(node: NodeReader): Tensor {
  const stored = node.tensorAttribute('value');
  const value = stored === undefined ? constant([0]) : constantOf(stored);
  return ops.broadcastTo(value, node.numbers(0) ?? []);
}

/** All float types are computed as float32. */
function castTarget(node: NodeReader): DataType {
  const to = node.int('to', 0);
  if (to === ELEMENT_TYPE.float16 || to === ELEMENT_TYPE.float64) return 'float32';
  for (const dtype of ['float32', 'int32', 'int64', 'bool', 'uint8'] as const) {
    if (ELEMENT_TYPE[dtype] === to) return dtype;
  }
  throw new InputError(`it casts to element type ${to}, which the engine does not know`);
}

function hardSigmoid(x: Tensor, alpha: number, beta: number): Tensor {
  return ops.clip(ops.add(ops.mul(x, alpha), beta), 0, 1);
}

function leakyRelu(node: NodeReader): Tensor {
  const x = node.operand(0);
  return ops.where(ops.less(x, 0), ops.mul(x, node.float('alpha', 0.01)), x);
}

function importGelu(node: NodeReader): Tensor {
  if (node.text('approximate', 'none') !== 'none') throw new InputError('only the exact form is known');
  return ops.gelu(node.operand(0));
}

function clip(node: NodeReader): Tensor {
  const low = node.has('min') ? node.float('min', 0) : node.numbers(1)?.[0];
  const high = node.has('max') ? node.float('max', 0) : node.numbers(2)?.[0];
  return ops.clip(node.operand(0), low ?? -3.4028234663852886e38, high ?? 3.4028234663852886e38);
}

function power(node: NodeReader): Tensor {
  const exponents = node.numbers(1);
  if (exponents?.length !== 1) throw new InputError('the exponent is not a single fixed number');
  return exponents[0] === 2 ? ops.square(node.operand(0)) : ops.pow(node.operand(0), exponents[0]!);
}

function gemm(node: NodeReader): Tensor {
  const transposeA = node.int('transA', 0) === 1;
  const transposeB = node.int('transB', 0) === 1;
  const scaled = (x: Tensor, factor: number) => (factor === 1 ? x : ops.mul(x, factor));
  const a = scaled(node.operand(0), node.float('alpha', 1));
  const bias = node.optional(2);
  if (bias === undefined) return ops.matmul(a, node.operand(1), { transposeA, transposeB });
  const operands = [a, node.operand(1), scaled(bias, node.float('beta', 1))];
  return makeTensor('gemm', operands, { transposeA, transposeB });
}

function convolution(node: NodeReader): Tensor {
  const [x, weight, bias] = [node.operand(0), node.operand(1), node.optional(2)];
  const kernel = imagePair(weight.shape.slice(2));
  return makeTensor('conv2d', bias === undefined ? [x, weight] : [x, weight, bias], {
    ...window(node, x, kernel),
    groups: node.int('group', 1),
  });
}

function poolWindow(node: NodeReader) {
  const kernel = imagePair(node.ints('kernel_shape') ?? []);
  const sizes = window(node, node.operand(0), kernel);
  if (node.int('ceil_mode', 0) !== 0) throw new InputError('ceil_mode is not known');
  if (node.outputCount > 1) throw new InputError('the indices of the maxima are not known');
  if (sizes.dilations.some((dilation) => dilation !== 1)) throw new InputError('dilations of a pooling are not known');
  return { kernel, ...sizes };
}

function window(node: NodeReader, x: Tensor, kernel: readonly [number, number]) {
  const strides = imagePair(node.ints('strides') ?? [1, 1]);
  const dilations = imagePair(node.ints('dilations') ?? [1, 1]);
  return { strides, dilations, pads: windowPads(node, x, kernel, strides, dilations) };
}

/** Explicit pads, or TensorFlow's SAME rule: ceil(size / stride) outputs, the odd row or column at the named end. */
function windowPads(
  node: NodeReader,
  x: Tensor,
  kernel: readonly [number, number],
  strides: readonly [number, number],
  dilations: readonly [number, number],
): [number, number, number, number] {
  const rule = node.text('auto_pad', 'NOTSET');
  if (rule === 'NOTSET' || rule === '') {
    const [top = 0, left = 0, bottom = 0, right = 0] = node.ints('pads') ?? [];
    return [top, left, bottom, right];
  }
  if (rule === 'VALID') return [0, 0, 0, 0];
  const ends = ([0, 1] as const).map((axis) => {
    const size = x.shape[2 + axis]!;
    const covered = (Math.ceil(size / strides[axis]) - 1) * strides[axis] + dilations[axis] * (kernel[axis] - 1) + 1;
    const total = Math.max(0, covered - size);
    const small = Math.floor(total / 2);
    return rule === 'SAME_UPPER' ? [small, total - small] : [total - small, small];
  });
  return [ends[0]![0]!, ends[1]![0]!, ends[0]![1]!, ends[1]![1]!];
}

function imagePair(values: readonly number[]): [number, number] {
  const [height, width] = values;
  if (values.length !== 2) throw new InputError(`it works on ${values.length} spatial axes; only images (2) are known`);
  return [height!, width!];
}

function spatialAxes(x: Tensor): number[] {
  return x.shape.map((_, axis) => axis).slice(2);
}

/** Inference form: scale * (x - mean) / sqrt(variance + epsilon) + shift, per channel. */
function batchNormalization(node: NodeReader): Tensor {
  if (node.int('training_mode', 0) !== 0) throw new InputError('only its inference form is known');
  const x = node.operand(0);
  const perChannel = (tensor: Tensor) => ops.reshape(tensor, [tensor.shape[0]!, ...spatialAxes(x).map(() => 1)]);
  const [scale, shift, mean, variance] = [1, 2, 3, 4].map((index) => node.operand(index));
  const factor = ops.div(scale!, ops.sqrt(ops.add(variance!, node.float('epsilon', 1e-5))));
  return ops.add(ops.mul(ops.sub(x, perChannel(mean!)), perChannel(factor)), perChannel(shift!));
}

function layerNormalization(node: NodeReader): Tensor {
  const x = node.operand(0);
  const first = ops.resolveAxis(node.int('axis', -1), x.shape.length);
  const axes = x.shape.map((_, axis) => axis).slice(first);
  const { mean, variance } = ops.moments(x, axes);
  const normal = ops.div(ops.sub(x, mean), ops.sqrt(ops.add(variance, node.float('epsilon', 1e-5))));
  const scaled = ops.mul(normal, node.operand(1));
  const shift = node.optional(2);
  return shift === undefined ? scaled : ops.add(scaled, shift);
}

/** Before operator set 13 everything from the axis on counted as one axis, and the axis was 1 by default. */
function alongAxis(node: NodeReader, fn: (x: Tensor, axis: number) => Tensor): Tensor {
  const x = node.operand(0);
  if (node.opset >= 13) return fn(x, node.int('axis', -1));
  const axis = ops.resolveAxis(node.int('axis', 1), x.shape.length);
  return ops.reshape(fn(ops.reshape(x, [sizeOf(x.shape.slice(0, axis)), -1]), 1), x.shape);
}

function reduction(node: NodeReader, fn: (x: Tensor, options: ops.ReduceOptions) => Tensor): Tensor {
  const axes = node.integers('axes', 1);
  const keepDims = node.int('keepdims', 1) === 1;
  if (axes === undefined || axes.length === 0) {
    return node.int('noop_with_empty_axes', 0) === 1 ? node.operand(0) : fn(node.operand(0), { keepDims });
  }
  return fn(node.operand(0), { axes, keepDims });
}

function reshape(node: NodeReader): Tensor {
  const x = node.operand(0);
  const target = node.integers('shape', 1) ?? [];
  const copies = node.int('allowzero', 0) === 0;
  return ops.reshape(
    x,
    target.map((size, axis) => (size === 0 && copies ? x.shape[axis]! : size)),
  );
}

function flatten(node: NodeReader): Tensor {
  const x = node.operand(0);
  const axis = node.int('axis', 1);
  const rows = sizeOf(x.shape.slice(0, axis));
  return ops.reshape(x, [rows, sizeOf(x.shape) / rows]);
}

function squeeze(node: NodeReader): Tensor {
  const x = node.operand(0);
  const axes = node.integers('axes', 1)?.map((axis) => ops.resolveAxis(axis, x.shape.length));
  const kept = x.shape.filter((size, axis) => (axes === undefined ? size !== 1 : !axes.includes(axis)));
  return ops.reshape(x, kept);
}

function unsqueeze(node: NodeReader): Tensor {
  const x = node.operand(0);
  const axes = node.integers('axes', 1) ?? [];
  const rank = x.shape.length + axes.length;
  const sorted = axes.map((axis) => ops.resolveAxis(axis, rank)).sort((a, b) => a - b);
  return sorted.reduce((tensor, axis) => ops.expandDims(tensor, axis), x);
}

function reversedAxes(x: Tensor): number[] {
  return x.shape.map((_, axis) => x.shape.length - 1 - axis);
}

function expand(node: NodeReader): Tensor {
  const x = node.operand(0);
  return ops.broadcastTo(x, broadcastShapes('Expand', x.shape, node.numbers(1) ?? []));
}

function importSlice(node: NodeReader): Tensor {
  const x = node.operand(0);
  const starts = node.integers('starts', 1) ?? [];
  const ends = node.integers('ends', 2) ?? [];
  const axes = node.integers('axes', 3) ?? starts.map((_, index) => index);
  const steps = node.numbers(4) ?? starts.map(() => 1);
  return starts.reduce((tensor, start, index) => {
    const axis = ops.resolveAxis(axes[index]!, tensor.shape.length);
    return sliceAxis(tensor, axis, start, ends[index]!, steps[index]!);
  }, x);
}

/** One axis of a Slice; positions are clamped as in NumPy. */
function sliceAxis(x: Tensor, axis: number, start: number, end: number, step: number): Tensor {
  const length = x.shape[axis]!;
  const lowest = step > 0 ? 0 : -1;
  const highest = step > 0 ? length : length - 1;
  const clamp = (position: number): number =>
    Math.min(Math.max(position < 0 ? position + length : position, lowest), highest);
  const [first, last] = [clamp(start), clamp(end)];
  if (step === 1) return ops.slice(x, axis, first, last);
  const positions: number[] = [];
  for (let at = first; step > 0 ? at < last : at > last; at += step) positions.push(at);
  return ops.gather(x, longs(positions), axis);
}

function split(node: NodeReader): readonly Tensor[] {
  const x = node.operand(0);
  const axis = ops.resolveAxis(node.int('axis', 0), x.shape.length);
  const part = Math.ceil(x.shape[axis]! / node.outputCount);
  const equal = Array.from({ length: node.outputCount }, (_, index) => Math.min(part, x.shape[axis]! - index * part));
  let start = 0;
  return (node.integers('split', 1) ?? equal).map((size) => {
    const piece = ops.slice(x, axis, start, start + size);
    start += size;
    return piece;
  });
}

function pad(node: NodeReader): Tensor {
  const mode = node.text('mode', 'constant');
  if (mode !== 'constant') throw new InputError(`mode "${mode}" is not known; only constant padding is`);
  const x = node.operand(0);
  const rank = x.shape.length;
  const amounts = node.integers('pads', 1) ?? [];
  const axes = node.numbers(3)?.map((axis) => ops.resolveAxis(axis, rank)) ?? x.shape.map((_, axis) => axis);
  if (amounts.length !== 2 * axes.length) {
    throw new InputError(`${amounts.length} amounts do not fit ${axes.length} axes of ${show(x.shape)}`);
  }
  const perAxis = (offset: number) =>
    x.shape.map((_, axis) => (axes.includes(axis) ? amounts[offset + axes.indexOf(axis)]! : 0));
  const value = node.has('value') ? node.float('value', 0) : (node.numbers(2)?.[0] ?? 0);
  const padded = (tensor: Tensor) => ops.pad(tensor, perAxis(0), perAxis(axes.length));
  return value === 0 ? padded(x) : ops.add(padded(ops.sub(x, value)), value);
}

/** Fixed indices may count from the end. */
function importGather(node: NodeReader): Tensor {
  const [x, indices] = [node.operand(0), node.operand(1)];
  const axis = ops.resolveAxis(node.int('axis', 0), x.shape.length);
  if (indices.primitive !== 'constant') return ops.gather(x, indices, axis);
  const positions = node.numbers(1)!.map((at) => (at < 0 ? at + x.shape[axis]! : at));
  return ops.gather(x, constantLongs(positions, indices.shape), axis);
}

function constantLongs(values: readonly number[], shape: Shape): Tensor {
  return constant(BigInt64Array.from(values, BigInt), shape);
}
