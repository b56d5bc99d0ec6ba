import { InputError } from '@rapport/core';
import type { Initializer } from './initializers.js';
import { type Signature, shapeRules } from './shapes.js';

/** Element types of tensors. `bool` travels as bytes 0 and 1. */
export type DataType = 'float32' | 'int32' | 'int64' | 'bool' | 'uint8';

/** Static sizes per axis; `[]` is a scalar. */
export type Shape = readonly number[];

/** Flat row-major data of a tensor: Float32Array, Int32Array, BigInt64Array or (bool, uint8) Uint8Array. */
export type TensorData = Float32Array | Int32Array | BigInt64Array | Uint8Array;

/** A tensor with numbers in it. */
export interface TensorValue {
  readonly shape: Shape;
  readonly data: Float32Array;
}

/** Values of parameters (or of any named tensors) by name. */
export type ParameterValues = Readonly<Record<string, TensorValue>>;

/** The window of a convolution or pooling over [N, C, H, W]. */
export interface Window {
  /** [vertical, horizontal] */
  readonly strides: readonly [number, number];
  /** [top, left, bottom, right] */
  readonly pads: readonly [number, number, number, number];
  readonly dilations: readonly [number, number];
}

/** Window of a pooling: its size is not given by a weight. */
export interface PoolWindow extends Window {
  /** [height, width] */
  readonly kernel: readonly [number, number];
}

/** The window of a convolution over time, [N, T, C]. */
export interface TimeWindow {
  /** Steps under the window. */
  readonly kernel: number;
  readonly stride: number;
  /** Zeros before the first and after the last step. */
  readonly pads: readonly [number, number];
}

type None = Readonly<Record<never, never>>;

/**
 * The closed list of primitive operators with the attributes of each. Shape inference, gradient and ONNX lowering are
 * mapped types over it: an operator without a row in each table does not compile.
 */
export interface PrimitiveAttributes {
  // Leaves
  input: { readonly name: string; readonly shape: Shape; readonly dtype: DataType };
  parameter: { readonly name: string; readonly shape: Shape; readonly initializer: Initializer };
  constant: { readonly data: TensorData; readonly shape: Shape; readonly dtype: DataType };
  // One operand, element by element
  neg: None;
  abs: None;
  exp: None;
  log: None;
  sqrt: None;
  square: None;
  sin: None;
  cos: None;
  erf: None;
  tanh: None;
  sigmoid: None;
  softplus: None;
  mish: None;
  relu: None;
  pow: { readonly exponent: number };
  clip: { readonly low: number; readonly high: number };
  logicalNot: None;
  cast: { readonly dtype: DataType };
  stopGradient: None;
  // Two or three operands, element by element with broadcasting
  add: None;
  sub: None;
  mul: None;
  div: None;
  minimum: None;
  maximum: None;
  less: None;
  lessOrEqual: None;
  equal: None;
  logicalAnd: None;
  where: None;
  // Products
  matmul: { readonly transposeA: boolean; readonly transposeB: boolean };
  gemm: { readonly transposeA: boolean; readonly transposeB: boolean };
  // Reductions along axes
  reduceSum: { readonly axes: readonly number[]; readonly keepDims: boolean };
  reduceMax: { readonly axes: readonly number[]; readonly keepDims: boolean };
  logSumExp: { readonly axes: readonly number[]; readonly keepDims: boolean };
  softmax: { readonly axis: number };
  logSoftmax: { readonly axis: number };
  // Layout
  reshape: { readonly shape: Shape };
  transpose: { readonly permutation: readonly number[] };
  broadcastTo: { readonly shape: Shape };
  slice: { readonly starts: readonly number[]; readonly sizes: readonly number[] };
  pad: { readonly before: readonly number[]; readonly after: readonly number[] };
  concat: { readonly axis: number };
  gather: { readonly axis: number };
  scatterAdd: { readonly axis: number; readonly size: number };
  // Sequences, [N, T, C]
  unfold: TimeWindow;
  fold: TimeWindow & { readonly size: number };
  // Images, [N, C, H, W]
  conv2d: Window & { readonly groups: number };
  conv2dInputGradient: Window & { readonly groups: number; readonly inputSize: readonly [number, number] };
  conv2dWeightGradient: Window & { readonly groups: number; readonly kernel: readonly [number, number] };
  maxPool2d: PoolWindow;
  maxPool2dIndices: PoolWindow;
  averagePool2d: PoolWindow & { readonly countPadding: boolean };
}

export type Primitive = keyof PrimitiveAttributes;

/** A node of a graph made by primitive `P`: a symbolic tensor with a static shape. */
export interface TensorOf<P extends Primitive> {
  readonly primitive: P;
  readonly attributes: PrimitiveAttributes[P];
  readonly inputs: readonly Tensor[];
  readonly shape: Shape;
  readonly dtype: DataType;
}

/** A symbolic tensor. Tensors are immutable and shared by identity. */
export type Tensor = TensorOf<Primitive>;

/** A trainable tensor; its name is unique within one compiled graph. */
export type Parameter = TensorOf<'parameter'>;

/** Makes a node after its rule has checked the operands and inferred shape and element type. */
export function makeTensor<P extends Primitive>(
  primitive: P,
  inputs: readonly Tensor[],
  attributes: PrimitiveAttributes[P],
): TensorOf<P> {
  const signature: Signature = shapeRules[primitive](inputs, attributes);
  return { primitive, attributes, inputs, shape: signature.shape, dtype: signature.dtype };
}

/** Whether a node was made by the primitive. */
export function isMadeBy<P extends Primitive>(tensor: Tensor, primitive: P): tensor is TensorOf<P> {
  return tensor.primitive === primitive;
}

/** A value that is fed on every call, by name. */
export function input(name: string, shape: Shape, dtype: DataType = 'float32'): TensorOf<'input'> {
  return makeTensor('input', [], { name, shape, dtype });
}

/** A trainable float32 tensor. `initializer` draws its first value. */
export function parameter(name: string, shape: Shape, initializer: Initializer): Parameter {
  return makeTensor('parameter', [], { name, shape, initializer });
}

/** A fixed tensor. A number or an array of numbers becomes float32; the default shape is [] or [length]. */
export function constant(value: number | readonly number[] | TensorData, shape?: Shape): TensorOf<'constant'> {
  const data =
    typeof value === 'number' ? new Float32Array([value]) : Array.isArray(value) ? new Float32Array(value) : value;
  if (!ArrayBuffer.isView(data)) throw new InputError('constant: expected a number, an array or a typed array');
  return makeTensor('constant', [], {
    data,
    shape: shape ?? (typeof value === 'number' ? [] : [data.length]),
    dtype: dataTypeOf(data),
  });
}

/** The element type that a typed array stands for (bytes are uint8). */
export function dataTypeOf(data: TensorData): DataType {
  if (data instanceof Float32Array) return 'float32';
  if (data instanceof Int32Array) return 'int32';
  return data instanceof BigInt64Array ? 'int64' : 'uint8';
}

/** Number of elements. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Every tensor that the outputs depend on, operands before results, each once. */
export function topologicalOrder(outputs: readonly Tensor[]): Tensor[] {
  const order: Tensor[] = [];
  const seen = new Set<Tensor>();
  // An explicit stack: unrolled loops are deeper than the call stack.
  const stack: { tensor: Tensor; next: number }[] = [];
  const visit = (tensor: Tensor): void => {
    if (seen.has(tensor)) return;
    seen.add(tensor);
    stack.push({ tensor, next: 0 });
  };
  for (const output of outputs) {
    visit(output);
    while (stack.length > 0) {
      const top = stack.at(-1)!;
      const operand = top.tensor.inputs[top.next++];
      if (operand !== undefined) visit(operand);
      else {
        order.push(top.tensor);
        stack.pop();
      }
    }
  }
  return order;
}
