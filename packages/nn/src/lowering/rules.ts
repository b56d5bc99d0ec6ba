import { MISH_IS_IDENTITY } from '../gradients/rules.js';
import { ELEMENT_TYPE } from '../onnx/proto.js';
import { type DataType, type Primitive, type Shape, sizeOf, type Tensor, type TensorOf } from '../tensor.js';
import { lowerConv2d, lowerConv2dInputGradient, lowerConv2dWeightGradient, windowAttributes } from './convolution.js';
import type { OnnxGraph } from './onnxGraph.js';
import { lowerFold, lowerUnfold } from './sequences.js';

/** What a lowering rule works with. */
export interface Lowering {
  readonly graph: OnnxGraph;
  /** `standard` uses ONNX's own operators only; `runtime` also onnxruntime's faster ones. */
  readonly dialect: 'standard' | 'runtime';
  /** Primitives that occur anywhere in the graph. */
  readonly present: ReadonlySet<Primitive>;
  /** ONNX name of a tensor that was lowered before. */
  name(tensor: Tensor): string;
  /** A value that two rules share, made on first use. */
  shared(key: string, make: () => string[]): string[];
}

type LoweringRules = {
  readonly [P in Primitive]: (y: TensorOf<P>, to: Lowering) => string;
};

/** The ONNX nodes of every primitive (operator set 21). */
export const loweringRules: LoweringRules = {
  input: ({ attributes: { name, shape, dtype } }, { graph }) => graph.input(name, shape, dtype),
  // Parameters are bound by the compiler before lowering starts.
  parameter: (y, to) => to.name(y),
  constant: ({ attributes: { data, shape, dtype } }, { graph }) => graph.constant(data, shape, dtype),

  neg: same('Neg'),
  abs: same('Abs'),
  exp: same('Exp'),
  log: same('Log'),
  sqrt: same('Sqrt'),
  square: ({ inputs: [x] }, { graph, name }) => graph.emit('Mul', [name(x!), name(x!)]),
  sin: same('Sin'),
  cos: same('Cos'),
  erf: same('Erf'),
  tanh: same('Tanh'),
  sigmoid: same('Sigmoid'),
  softplus: same('Softplus'),
  mish: lowerMish,
  relu: same('Relu'),
  pow: ({ inputs: [x], attributes: { exponent } }, { graph, name }) =>
    graph.emit('Pow', [name(x!), graph.scalar(exponent)]),
  clip: ({ inputs: [x], attributes: { low, high } }, { graph, name }) =>
    graph.emit('Clip', [name(x!), graph.scalar(low), graph.scalar(high)]),
  logicalNot: same('Not'),
  cast: ({ inputs: [x], attributes: { dtype } }, { graph, name }) =>
    graph.emit('Cast', [name(x!)], { to: ELEMENT_TYPE[dtype] }),
  stopGradient: ({ inputs: [x] }, { name }) => name(x!),

  add: same('Add'),
  sub: same('Sub'),
  mul: same('Mul'),
  div: same('Div'),
  minimum: same('Min'),
  maximum: same('Max'),
  less: same('Less'),
  lessOrEqual: same('LessOrEqual'),
  equal: same('Equal'),
  logicalAnd: same('And'),
  where: same('Where'),

  matmul: (y, to) => {
    const [a, b] = y.inputs;
    const { transposeA, transposeB } = y.attributes;
    const names = [to.name(a!), to.name(b!)];
    if (!transposeA && !transposeB) return to.graph.emit('MatMul', names);
    const [transA, transB] = [Number(transposeA), Number(transposeB)];
    if (y.shape.length === 2) return to.graph.emit('Gemm', names, { transA, transB });
    if (to.dialect === 'runtime') return to.graph.emitMicrosoft('FusedMatMul', names, { transA, transB });
    return to.graph.emit('MatMul', [
      transposeA ? swapLastTwo(to.graph, a!, names[0]!) : names[0]!,
      transposeB ? swapLastTwo(to.graph, b!, names[1]!) : names[1]!,
    ]);
  },
  gemm: ({ inputs, attributes: { transposeA, transposeB } }, { graph, name }) =>
    graph.emit('Gemm', inputs.map(name), { transA: Number(transposeA), transB: Number(transposeB) }),

  reduceSum: ({ inputs: [x], attributes: { axes, keepDims } }, to) => {
    const { graph, name } = to;
    const [rows, columns] = x!.shape;
    // onnxruntime sums the rows of a matrix faster as a product with ones.
    if (to.dialect === 'runtime' && x!.shape.length === 2 && axes.length === 1 && axes[0] === 0) {
      const ones = graph.constant(new Float32Array(rows!).fill(1), [1, rows!]);
      const total = graph.emit('MatMul', [ones, name(x!)]);
      return keepDims ? total : graph.emit('Reshape', [total, graph.integers([columns!])]);
    }
    const keepdims = Number(keepDims);
    const [last] = axes.slice(-1);
    const isApart = axes.length === 2 && axes[0]! + 1 < last! && last === x!.shape.length - 1;
    if (!isApart) return graph.emit('ReduceSum', [name(x!), graph.integers(axes)], { keepdims });
    // Two sums over one axis each take less time than one over axes that are not neighbours.
    const inner = graph.emit('ReduceSum', [name(x!), graph.integers([last!])], { keepdims });
    return graph.emit('ReduceSum', [inner, graph.integers([axes[0]!])], { keepdims });
  },
  reduceMax: ({ inputs: [x], attributes: { axes, keepDims } }, { graph, name }) =>
    graph.emit('ReduceMax', [name(x!), graph.integers(axes)], { keepdims: Number(keepDims) }),
  logSumExp: lowerLogSumExp,
  softmax: ({ inputs: [x], attributes: { axis } }, { graph, name }) => graph.emit('Softmax', [name(x!)], { axis }),
  logSoftmax: ({ inputs: [x], attributes: { axis } }, { graph, name }) =>
    graph.emit('LogSoftmax', [name(x!)], { axis }),

  reshape: ({ inputs: [x], attributes: { shape } }, { graph, name }) =>
    graph.emit('Reshape', [name(x!), graph.integers(shape)]),
  transpose: ({ inputs: [x], attributes: { permutation } }, { graph, name }) =>
    graph.emit('Transpose', [name(x!)], { perm: permutation }),
  broadcastTo: ({ inputs: [x], attributes: { shape } }, { graph, name }) =>
    graph.emit('Expand', [name(x!), graph.integers(shape)]),
  slice: ({ inputs: [x], attributes: { starts, sizes } }, { graph, name }) => {
    const axes = x!.shape.flatMap((size, axis) => (sizes[axis] === size ? [] : [axis]));
    const first = axes.map((axis) => starts[axis]!);
    const end = axes.map((axis) => starts[axis]! + sizes[axis]!);
    return graph.emit('Slice', [name(x!), graph.integers(first), graph.integers(end), graph.integers(axes)]);
  },
  pad: ({ inputs: [x], attributes: { before, after } }, { graph, name }) =>
    graph.emit('Pad', [name(x!), graph.integers([...before, ...after])]),
  concat: ({ inputs, attributes: { axis } }, { graph, name }) => graph.emit('Concat', inputs.map(name), { axis }),
  gather: ({ inputs, attributes: { axis } }, { graph, name }) => graph.emit('Gather', inputs.map(name), { axis }),
  scatterAdd: (y, to) => lowerScatterAdd(y, to),

  unfold: lowerUnfold,
  fold: lowerFold,

  conv2d: lowerConv2d,
  conv2dInputGradient: lowerConv2dInputGradient,
  conv2dWeightGradient: lowerConv2dWeightGradient,
  maxPool2d: (y, to) => lowerMaxPool(y, to, 0),
  maxPool2dIndices: (y, to) => lowerMaxPool(y, to, 1),
  averagePool2d: ({ inputs: [x], attributes }, { graph, name }) =>
    graph.emit('AveragePool', [name(x!)], {
      ...windowAttributes(attributes),
      kernel_shape: attributes.kernel,
      count_include_pad: Number(attributes.countPadding),
    }),
};

/** A primitive that is one ONNX operator with the same operands. */
function same(operator: string): (y: Tensor, to: Lowering) => string {
  return (y, { graph, name }) => graph.emit(operator, y.inputs.map(name));
}

function swapLastTwo(graph: OnnxGraph, x: Tensor, name: string): string {
  const axes = x.shape.map((_, axis) => axis);
  const rank = axes.length;
  return graph.emit('Transpose', [name], { perm: [...axes.slice(0, -2), rank - 1, rank - 2] });
}

/** By one exponential, which onnxruntime computes much faster than Softplus; see `mishGradient`. */
function lowerMish({ inputs: [x] }: TensorOf<'mish'>, { graph, name }: Lowering): string {
  const two = graph.scalar(2);
  const w = graph.emit('Exp', [graph.emit('Min', [name(x!), graph.scalar(MISH_IS_IDENTITY)])]);
  const n = graph.emit('Mul', [w, graph.emit('Add', [w, two])]);
  const t = graph.emit('Div', [n, graph.emit('Add', [n, two])]);
  return graph.emit('Mul', [name(x!), t]);
}

/** onnxruntime's own operator takes seven times as long as its parts (1.43 against 0.21 ms for 200 x 45 x 45). */
function lowerLogSumExp(
  { inputs: [x], attributes: { axes, keepDims }, shape }: TensorOf<'logSumExp'>,
  { graph, name, dialect }: Lowering,
): string {
  const operands = [name(x!), graph.integers(axes)];
  if (dialect === 'standard') return graph.emit('ReduceLogSumExp', operands, { keepdims: Number(keepDims) });
  const largest = graph.emit('ReduceMax', operands, { keepdims: 1 });
  // Where all are -Infinity, subtracting the largest would give NaN.
  const finite = graph.emit('Max', [largest, graph.scalar(LOWEST_FLOAT)]);
  const powers = graph.emit('Exp', [graph.emit('Sub', [name(x!), finite])]);
  const total = graph.emit('ReduceSum', [powers, graph.integers(axes)], { keepdims: 1 });
  const result = graph.emit('Add', [graph.emit('Log', [total]), finite]);
  return keepDims ? result : graph.emit('Reshape', [result, graph.integers(shape)]);
}

/** The most negative finite float32. */
const LOWEST_FLOAT = -3.4028234663852886e38;

/** Rows (axis moved to the front) are added into zeros; the indices become a column as ScatterND wants them. */
function lowerScatterAdd(y: TensorOf<'scatterAdd'>, { graph, name }: Lowering): string {
  const [updates, indices] = y.inputs;
  const { axis, size } = y.attributes;
  const indexRank = indices!.shape.length;
  const outer = updates!.shape.slice(0, axis);
  const inner = updates!.shape.slice(axis + indexRank);
  const count = sizeOf(indices!.shape);
  const axes = updates!.shape.map((_, index) => index);
  const toFront = [...axes.slice(axis, axis + indexRank), ...axes.slice(0, axis), ...axes.slice(axis + indexRank)];
  const moved = axis === 0 ? name(updates!) : graph.emit('Transpose', [name(updates!)], { perm: toFront });
  const rows = graph.emit('Reshape', [moved, graph.integers([count, ...outer, ...inner])]);
  const positions =
    indices!.dtype === 'int64' ? name(indices!) : graph.emit('Cast', [name(indices!)], { to: ELEMENT_TYPE.int64 });
  const column = graph.emit('Reshape', [positions, graph.integers([count, 1])]);
  const shape: Shape = [size, ...outer, ...inner];
  const zeros = graph.emit('Expand', [zeroOf(graph, y.dtype), graph.integers(shape)]);
  const summed = graph.emit('ScatterND', [zeros, column, rows], { reduction: 'add' });
  if (axis === 0) return summed;
  const back = [...outer.map((_, index) => index + 1), 0, ...inner.map((_, index) => index + 1 + outer.length)];
  return graph.emit('Transpose', [summed], { perm: back });
}

function zeroOf(graph: OnnxGraph, dtype: DataType): string {
  return dtype === 'float32' ? graph.scalar(0) : graph.emit('Cast', [graph.scalar(0)], { to: ELEMENT_TYPE[dtype] });
}

/** One MaxPool node gives the values and, where a gradient needs them, the flat positions of the winners. */
function lowerMaxPool(y: TensorOf<'maxPool2d' | 'maxPool2dIndices'>, to: Lowering, output: 0 | 1): string {
  const [x] = y.inputs;
  const attributes = { ...windowAttributes(y.attributes), kernel_shape: y.attributes.kernel };
  const outputs = to.present.has('maxPool2dIndices') ? 2 : 1;
  const key = `MaxPool ${to.name(x!)} ${JSON.stringify(attributes)}`;
  return to.shared(key, () => to.graph.emitMany('MaxPool', [to.name(x!)], attributes, outputs))[output]!;
}
