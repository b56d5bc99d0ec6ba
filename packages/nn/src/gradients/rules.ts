import {
  add,
  broadcastTo,
  cast,
  cos,
  div,
  equal,
  exp,
  gather,
  greaterOrEqual,
  less,
  lessOrEqual,
  logicalAnd,
  matmul,
  minimum,
  mul,
  neg,
  pad,
  pow,
  reshape,
  scatterAdd,
  sigmoid,
  sin,
  slice,
  sub,
  sum,
  sumToShape,
  transpose,
  where,
} from '../ops/index.js';
import { constant, makeTensor, type Primitive, sizeOf, type Tensor, type TensorOf } from '../tensor.js';
import { averagePoolInputGradient, maxPoolInputGradient } from './pooling.js';

/** From here on mish(x) = x in float32; the exponential of larger numbers is not needed, and its square would overflow. */
export const MISH_IS_IDENTITY = 20;

/** Gradients with respect to the operands, undefined where none flows. */
export type OperandGradients = readonly (Tensor | undefined)[];

type GradientRules = {
  readonly [P in Primitive]: (y: TensorOf<P>, dy: Tensor) => OperandGradients;
};

/** No gradient flows through: leaves, comparisons, indices. */
const none = (): OperandGradients => [];

/** The reverse-mode rule of every primitive: from the node and the gradient of its result to those of its operands. */
export const gradientRules: GradientRules = {
  input: none,
  parameter: none,
  constant: none,

  neg: (_, dy) => [neg(dy)],
  abs: ({ inputs: [x] }, dy) => [where(less(x!, 0), neg(dy), where(equal(x!, 0), 0, dy))],
  exp: (y, dy) => [mul(dy, y)],
  log: ({ inputs: [x] }, dy) => [div(dy, x!)],
  sqrt: (y, dy) => [div(mul(dy, 0.5), y)],
  square: ({ inputs: [x] }, dy) => [mul(mul(dy, 2), x!)],
  sin: ({ inputs: [x] }, dy) => [mul(dy, cos(x!))],
  cos: ({ inputs: [x] }, dy) => [neg(mul(dy, sin(x!)))],
  // d erf(x) / dx = 2 / sqrt(pi) exp(-x^2)
  erf: ({ inputs: [x] }, dy) => [mul(dy, mul(exp(neg(mul(x!, x!))), 2 / Math.sqrt(Math.PI)))],
  tanh: (y, dy) => [mul(dy, sub(1, mul(y, y)))],
  sigmoid: (y, dy) => [mul(dy, mul(y, sub(1, y)))],
  softplus: ({ inputs: [x] }, dy) => [mul(dy, sigmoid(x!))],
  mish: (y, dy) => [mishGradient(y, dy)],
  // From the result, so that the operand need not be kept: relu then fuses with the product before it. A product with
  // the result's truth value takes half the time of `where`.
  relu: (y, dy) => [mul(dy, cast(cast(y, 'bool'), 'float32'))],
  pow: ({ inputs: [x], attributes: { exponent } }, dy) => [mul(dy, mul(pow(x!, exponent - 1), exponent))],
  clip: ({ inputs: [x], attributes: { low, high } }, dy) => [
    where(logicalAnd(lessOrEqual(low, x!), lessOrEqual(x!, high)), dy, 0),
  ],
  logicalNot: none,
  cast: ({ inputs: [x] }, dy) => [x!.dtype === 'float32' && dy.dtype === 'float32' ? dy : undefined],
  stopGradient: none,

  add: ({ inputs: [a, b] }, dy) => [sumToShape(dy, a!.shape), sumToShape(dy, b!.shape)],
  sub: ({ inputs: [a, b] }, dy) => [sumToShape(dy, a!.shape), neg(sumToShape(dy, b!.shape))],
  mul: ({ inputs: [a, b] }, dy) => [sumToShape(mul(dy, b!), a!.shape), sumToShape(mul(dy, a!), b!.shape)],
  div: (y, dy) => {
    const [a, b] = y.inputs;
    const scaled = div(dy, b!);
    return [sumToShape(scaled, a!.shape), neg(sumToShape(mul(scaled, y), b!.shape))];
  },
  minimum: ({ inputs: [a, b] }, dy) => choose(lessOrEqual(a!, b!), a!, b!, dy),
  maximum: ({ inputs: [a, b] }, dy) => choose(greaterOrEqual(a!, b!), a!, b!, dy),
  less: none,
  lessOrEqual: none,
  equal: none,
  logicalAnd: none,
  where: ({ inputs: [condition, a, b] }, dy) => [undefined, ...choose(condition!, a!, b!, dy)],

  matmul: ({ inputs: [a, b], attributes }, dy) => productGradients(a!, b!, attributes, dy),
  gemm: ({ inputs: [a, b, c], attributes }, dy) => [
    ...productGradients(a!, b!, attributes, dy),
    sumToShape(dy, c!.shape),
  ],

  reduceSum: ({ inputs: [x], attributes: { axes } }, dy) => [spread(dy, x!, axes)],
  reduceMax: (y, dy) => {
    const [x] = y.inputs;
    const { axes } = y.attributes;
    const winners = where(equal(x!, keepAxes(y, x!, axes)), broadcastTo(constant(1), x!.shape), 0);
    const share = div(winners, sum(winners, { axes, keepDims: true }));
    return [mul(share, keepAxes(dy, x!, axes))];
  },
  logSumExp: (y, dy) => {
    const [x] = y.inputs;
    const { axes } = y.attributes;
    return [mul(keepAxes(dy, x!, axes), exp(sub(x!, keepAxes(y, x!, axes))))];
  },
  softmax: (y, dy) => {
    const weighted = mul(dy, y);
    return [sub(weighted, mul(y, sum(weighted, { axes: [y.attributes.axis], keepDims: true })))];
  },
  logSoftmax: (y, dy) => [sub(dy, mul(exp(y), sum(dy, { axes: [y.attributes.axis], keepDims: true })))],

  reshape: ({ inputs: [x] }, dy) => [reshape(dy, x!.shape)],
  transpose: ({ attributes: { permutation } }, dy) => [
    transpose(
      dy,
      permutation.map((_, axis) => permutation.indexOf(axis)),
    ),
  ],
  broadcastTo: ({ inputs: [x] }, dy) => [sumToShape(dy, x!.shape)],
  slice: ({ inputs: [x], attributes: { starts, sizes } }, dy) => [
    pad(
      dy,
      starts,
      x!.shape.map((size, axis) => size - starts[axis]! - sizes[axis]!),
    ),
  ],
  pad: ({ inputs: [x], attributes: { before } }, dy) => [
    makeTensor('slice', [dy], { starts: before, sizes: x!.shape }),
  ],
  concat: ({ inputs, attributes: { axis } }, dy) => {
    let start = 0;
    return inputs.map((operand) => {
      const end = start + operand.shape[axis]!;
      const part = slice(dy, axis, start, end);
      start = end;
      return part;
    });
  },
  gather: ({ inputs: [x, indices], attributes: { axis } }, dy) => [scatterAdd(dy, indices!, axis, x!.shape[axis]!)],
  scatterAdd: ({ inputs: [, indices], attributes: { axis } }, dy) => [gather(dy, indices!, axis)],

  unfold: ({ inputs: [x], attributes }, dy) => [makeTensor('fold', [dy], { ...attributes, size: x!.shape[1]! })],
  fold: ({ attributes: { size: _, ...window } }, dy) => [makeTensor('unfold', [dy], window)],

  conv2d: ({ inputs: [x, weight, bias], attributes }, dy) => {
    const [, , height, width] = x!.shape;
    const [, , kernelHeight, kernelWidth] = weight!.shape;
    return [
      makeTensor('conv2dInputGradient', [dy, weight!], { ...attributes, inputSize: [height!, width!] }),
      makeTensor('conv2dWeightGradient', [x!, dy], { ...attributes, kernel: [kernelHeight!, kernelWidth!] }),
      bias === undefined ? undefined : sum(dy, { axes: [0, 2, 3] }),
    ];
  },
  // Both gradients of a convolution are linear in each operand, so theirs are convolutions again.
  conv2dInputGradient: ({ inputs: [outputGradient, weight], attributes }, dy) => {
    const { inputSize: _, ...window } = attributes;
    const [, , kernelHeight, kernelWidth] = weight!.shape;
    return [
      makeTensor('conv2d', [dy, weight!], window),
      makeTensor('conv2dWeightGradient', [dy, outputGradient!], { ...window, kernel: [kernelHeight!, kernelWidth!] }),
    ];
  },
  conv2dWeightGradient: ({ inputs: [x, outputGradient], attributes }, dy) => {
    const { kernel: _, ...window } = attributes;
    const [, , height, width] = x!.shape;
    return [
      makeTensor('conv2dInputGradient', [outputGradient!, dy], { ...window, inputSize: [height!, width!] }),
      makeTensor('conv2d', [x!, dy], window),
    ];
  },
  maxPool2d: (y, dy) => [maxPoolInputGradient(y, dy)],
  maxPool2dIndices: none,
  averagePool2d: (y, dy) => [averagePoolInputGradient(y, dy)],
};

/**
 * With w = exp(x): tanh(softplus(x)) = t = n / (n + 2), n = w (w + 2), and d(x t)/dx = t + 2 (x - x t)(t - w / (n + 2)). The
 * first operators are those by which the result is computed (`lowering/rules.ts`), so that the runtime merges them.
 */
function mishGradient(y: TensorOf<'mish'>, dy: Tensor): Tensor {
  const [x] = y.inputs;
  const w = exp(minimum(x!, MISH_IS_IDENTITY));
  const n = mul(w, add(w, 2));
  const d = add(n, 2);
  const t = div(n, d);
  return mul(dy, add(t, mul(mul(sub(x!, y), 2), sub(t, div(w, d)))));
}

/** Gradients of `where(condition, a, b)` with respect to a and b. */
function choose(condition: Tensor, a: Tensor, b: Tensor, dy: Tensor): [Tensor, Tensor] {
  return [sumToShape(where(condition, dy, 0), a.shape), sumToShape(where(condition, 0, dy), b.shape)];
}

/** Gradients of op(a) op(b), where op swaps the last two axes or not. */
function productGradients(
  a: Tensor,
  b: Tensor,
  { transposeA, transposeB }: { readonly transposeA: boolean; readonly transposeB: boolean },
  dy: Tensor,
): [Tensor, Tensor] {
  const da = transposeA
    ? matmul(b, dy, { transposeA: transposeB, transposeB: true })
    : matmul(dy, b, { transposeB: !transposeB });
  const db = transposeB
    ? matmul(dy, a, { transposeA: true, transposeB: transposeA })
    : matmul(a, dy, { transposeA: !transposeA });
  return [sumToShape(da, a.shape), sumToShape(db, b.shape)];
}

/** A reduced tensor with the reduced axes put back with size 1. */
function keepAxes(reduced: Tensor, x: Tensor, axes: readonly number[]): Tensor {
  return reshape(
    reduced,
    x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size)),
  );
}

/** A reduced tensor repeated along the reduced axes. */
function spread(reduced: Tensor, x: Tensor, axes: readonly number[]): Tensor {
  return sizeOf(x.shape) === sizeOf(reduced.shape)
    ? reshape(reduced, x.shape)
    : broadcastTo(keepAxes(reduced, x, axes), x.shape);
}
