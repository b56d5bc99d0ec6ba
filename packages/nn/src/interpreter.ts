import type { PoolWindow, Primitive, Shape, Tensor, TensorOf, TimeWindow, Window } from './tensor.js';
import { sizeOf, topologicalOrder } from './tensor.js';

/** A tensor of doubles; bool is 0 and 1. */
export interface Value {
  readonly shape: Shape;
  readonly data: Float64Array;
}

type Rules = {
  readonly [P in Primitive]: (y: TensorOf<P>, operands: readonly Value[], feed: (name: string) => Value) => Value;
};

/**
 * Evaluates a graph with plain loops in double precision: slow, and written straight from the definitions. The ONNX
 * importer folds small constants with it, and tests hold compiled graphs and finite differences against it.
 */
export function interpret(outputs: readonly Tensor[], feeds: Readonly<Record<string, Float64Array>>): Value[] {
  const values = new Map<Tensor, Value>();
  for (const tensor of topologicalOrder(outputs)) {
    const operands = tensor.inputs.map((operand) => values.get(operand)!);
    values.set(
      tensor,
      applyRule(tensor, operands, (name) => ({ shape: tensor.shape, data: feeds[name]! })),
    );
  }
  return outputs.map((output) => values.get(output)!);
}

function applyRule<P extends Primitive>(
  tensor: TensorOf<P>,
  operands: readonly Value[],
  feed: (name: string) => Value,
): Value {
  return rules[tensor.primitive](tensor, operands, feed);
}

const rules: Rules = {
  input: (y, _, feed) => feed(y.attributes.name),
  parameter: (y, _, feed) => feed(y.attributes.name),
  constant: ({ attributes: { data, shape } }) => ({ shape, data: Float64Array.from(data, Number) }),

  neg: each((x) => -x),
  abs: each(Math.abs),
  exp: each(Math.exp),
  log: each(Math.log),
  sqrt: each(Math.sqrt),
  square: each((x) => x * x),
  sin: each(Math.sin),
  cos: each(Math.cos),
  erf: each(erf),
  tanh: each(Math.tanh),
  sigmoid: each((x) => 1 / (1 + Math.exp(-x))),
  softplus: each((x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))),
  mish: each((x) => x * Math.tanh(Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))))),
  relu: each((x) => Math.max(x, 0)),
  pow: (y, [x]) => map(x!, (value) => value ** y.attributes.exponent),
  clip: (y, [x]) => map(x!, (value) => Math.min(Math.max(value, y.attributes.low), y.attributes.high)),
  logicalNot: each((x) => 1 - x),
  cast: (y, [x]) =>
    map(x!, (value) => (y.dtype === 'bool' ? Number(value !== 0) : y.dtype === 'float32' ? value : Math.trunc(value))),
  stopGradient: each((x) => x),

  add: pairs((a, b) => a + b),
  sub: pairs((a, b) => a - b),
  mul: pairs((a, b) => a * b),
  div: ({ shape, dtype }, [a, b]) =>
    build(shape, (index) => {
      const quotient = read(a!, index) / read(b!, index);
      return dtype === 'float32' ? quotient : Math.trunc(quotient);
    }),
  minimum: pairs(Math.min),
  maximum: pairs(Math.max),
  less: pairs((a, b) => Number(a < b)),
  lessOrEqual: pairs((a, b) => Number(a <= b)),
  equal: pairs((a, b) => Number(a === b)),
  logicalAnd: pairs((a, b) => a * b),
  where: ({ shape }, [condition, a, b]) =>
    build(shape, (index) => (read(condition!, index) !== 0 ? read(a!, index) : read(b!, index))),

  matmul: product,
  gemm: (y, [a, b, c]) => {
    const ab = product(y, [a!, b!]);
    return build(y.shape, (index) => read(ab, index) + read(c!, index));
  },

  reduceSum: (y, [x]) => reduce(x!, y.attributes, 0, (total, value) => total + value),
  reduceMax: (y, [x]) => reduce(x!, y.attributes, -Infinity, Math.max),
  logSumExp: (y, [x]) =>
    map(
      reduce(x!, y.attributes, 0, (total, value) => total + Math.exp(value)),
      Math.log,
    ),
  softmax: (y, [x]) => softmax(x!, y.attributes.axis),
  logSoftmax: (y, [x]) => map(softmax(x!, y.attributes.axis), Math.log),

  reshape: ({ shape }, [x]) => ({ shape, data: x!.data }),
  transpose: ({ shape, attributes: { permutation } }, [x]) =>
    build(shape, (index) => {
      const source = index.slice();
      permutation.forEach((axis, position) => {
        source[axis] = index[position]!;
      });
      return read(x!, source);
    }),
  broadcastTo: ({ shape }, [x]) => build(shape, (index) => read(x!, index)),
  slice: ({ shape, attributes: { starts } }, [x]) =>
    build(shape, (index) =>
      read(
        x!,
        index.map((position, axis) => position + starts[axis]!),
      ),
    ),
  pad: ({ shape, attributes: { before } }, [x]) =>
    build(shape, (index) => {
      const source = index.map((position, axis) => position - before[axis]!);
      return source.every((position, axis) => position >= 0 && position < x!.shape[axis]!) ? read(x!, source) : 0;
    }),
  concat: ({ shape, attributes: { axis } }, operands) =>
    build(shape, (index) => {
      let position = index[axis]!;
      let which = 0;
      while (position >= operands[which]!.shape[axis]!) position -= operands[which++]!.shape[axis]!;
      return read(
        operands[which]!,
        index.map((value, at) => (at === axis ? position : value)),
      );
    }),
  gather: ({ shape, attributes: { axis } }, [x, indices]) =>
    build(shape, (index) => {
      const rank = indices!.shape.length;
      const picked = read(indices!, index.slice(axis, axis + rank));
      return read(x!, [...index.slice(0, axis), picked, ...index.slice(axis + rank)]);
    }),
  scatterAdd: ({ shape, attributes: { axis } }, [updates, indices]) => {
    const out = new Float64Array(sizeOf(shape));
    const rank = indices!.shape.length;
    forEachIndex(updates!.shape, (index) => {
      const picked = read(indices!, index.slice(axis, axis + rank));
      out[offset(shape, [...index.slice(0, axis), picked, ...index.slice(axis + rank)])]! += read(updates!, index);
    });
    return { shape, data: out };
  },

  unfold: (y, [x]) => {
    const out = new Float64Array(sizeOf(y.shape));
    const [, steps, channels] = x!.shape;
    forEachIndex(y.shape, (index) => {
      const step = stepUnder(y.attributes, index, channels!);
      if (step >= 0 && step < steps!) {
        out[offset(y.shape, index)] = read(x!, [index[0]!, step, index[2]! % channels!]);
      }
    });
    return { shape: y.shape, data: out };
  },
  fold: (y, [x]) => {
    const out = new Float64Array(sizeOf(y.shape));
    const [, steps, channels] = y.shape;
    forEachIndex(x!.shape, (index) => {
      const step = stepUnder(y.attributes, index, channels!);
      if (step >= 0 && step < steps!) {
        out[offset(y.shape, [index[0]!, step, index[2]! % channels!])]! += read(x!, index);
      }
    });
    return { shape: y.shape, data: out };
  },

  conv2d: (y, [x, weight, bias]) => {
    const { data: out } = build(y.shape, ([, channel]) => bias?.data[channel!] ?? 0);
    forEachTap(y.attributes, y.attributes.groups, x!.shape, weight!.shape, y.shape, (input, tap, output) => {
      out[offset(y.shape, output)]! += read(x!, input) * read(weight!, tap);
    });
    return { shape: y.shape, data: out };
  },
  conv2dInputGradient: (y, [dy, weight]) => {
    const out = new Float64Array(sizeOf(y.shape));
    forEachTap(y.attributes, y.attributes.groups, y.shape, weight!.shape, dy!.shape, (input, tap, output) => {
      out[offset(y.shape, input)]! += read(dy!, output) * read(weight!, tap);
    });
    return { shape: y.shape, data: out };
  },
  conv2dWeightGradient: (y, [x, dy]) => {
    const out = new Float64Array(sizeOf(y.shape));
    forEachTap(y.attributes, y.attributes.groups, x!.shape, y.shape, dy!.shape, (input, tap, output) => {
      out[offset(y.shape, tap)]! += read(x!, input) * read(dy!, output);
    });
    return { shape: y.shape, data: out };
  },
  maxPool2d: (y, [x]) =>
    build(y.shape, (index) => Math.max(...windowPositions(y.attributes, x!.shape, index).map((at) => read(x!, at)))),
  maxPool2dIndices: (y, [x]) =>
    build(y.shape, (index) => {
      const positions = windowPositions(y.attributes, x!.shape, index);
      const values = positions.map((at) => read(x!, at));
      return offset(x!.shape, positions[values.indexOf(Math.max(...values))]!);
    }),
  averagePool2d: (y, [x]) =>
    build(y.shape, (index) => {
      const positions = windowPositions(y.attributes, x!.shape, index);
      const count = y.attributes.countPadding ? y.attributes.kernel[0] * y.attributes.kernel[1] : positions.length;
      return positions.reduce((total, at) => total + read(x!, at), 0) / count;
    }),
};

function each(fn: (x: number) => number): (y: Tensor, operands: readonly Value[]) => Value {
  return (_, [x]) => map(x!, fn);
}

function pairs(fn: (a: number, b: number) => number): (y: Tensor, operands: readonly Value[]) => Value {
  return ({ shape }, [a, b]) => build(shape, (index) => fn(read(a!, index), read(b!, index)));
}

function map({ shape, data }: Value, fn: (x: number) => number): Value {
  return { shape, data: data.map((value) => fn(value)) };
}

/** erf by its Taylor series; enough for |x| < 4 in doubles. */
function erf(x: number): number {
  let term = x;
  let total = x;
  for (let n = 1; n < 200; n++) {
    term *= (-x * x) / n;
    total += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * total;
}

function product(y: TensorOf<'matmul' | 'gemm'>, [a, b]: readonly Value[]): Value {
  const { transposeA, transposeB } = y.attributes;
  const inner = a!.shape.at(transposeA ? -2 : -1)!;
  return build(y.shape, (index) => {
    const [row, column] = [index.at(-2)!, index.at(-1)!];
    const lead = index.slice(0, -2);
    let total = 0;
    for (let k = 0; k < inner; k++) {
      const left = read(a!, [...lead, ...(transposeA ? [k, row] : [row, k])]);
      total += left * read(b!, [...lead, ...(transposeB ? [column, k] : [k, column])]);
    }
    return total;
  });
}

function reduce(
  x: Value,
  { axes, keepDims }: { readonly axes: readonly number[]; readonly keepDims: boolean },
  start: number,
  fn: (total: number, value: number) => number,
): Value {
  const kept = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const data = new Float64Array(sizeOf(kept)).fill(start);
  forEachIndex(x.shape, (index) => {
    const target = offset(
      kept,
      index.map((position, axis) => (axes.includes(axis) ? 0 : position)),
    );
    data[target] = fn(data[target]!, read(x, index));
  });
  return { shape: keepDims ? kept : x.shape.filter((_, axis) => !axes.includes(axis)), data };
}

function softmax(x: Value, axis: number): Value {
  const powers = map(x, Math.exp);
  const totals = reduce(powers, { axes: [axis], keepDims: true }, 0, (total, value) => total + value);
  return build(x.shape, (index) => read(powers, index) / read(totals, index));
}

/** Calls back for every product in a convolution: position in the input, in the weight, in the output. */
function forEachTap(
  { strides, pads, dilations }: Window,
  groups: number,
  [, , height, width]: Shape,
  weight: Shape,
  output: Shape,
  visit: (input: readonly number[], tap: readonly number[], output: readonly number[]) => void,
): void {
  const [outputs, perGroup] = weight;
  forEachIndex(output, (at) => {
    const group = Math.floor(at[1]! / (outputs! / groups));
    forEachIndex(weight.slice(1), ([channel, kernelRow, kernelColumn]) => {
      const row = at[2]! * strides[0] - pads[0] + kernelRow! * dilations[0];
      const column = at[3]! * strides[1] - pads[1] + kernelColumn! * dilations[1];
      if (row < 0 || row >= height! || column < 0 || column >= width!) return;
      visit([at[0]!, group * perGroup! + channel!, row, column], [at[1]!, channel!, kernelRow!, kernelColumn!], at);
    });
  });
}

/** The step that a value [batch, window, tap and channel] of `unfold` is taken from; outside the sequence it is a zero. */
function stepUnder({ stride, pads }: TimeWindow, [, window, value]: readonly number[], channels: number): number {
  return window! * stride - pads[0] + Math.floor(value! / channels);
}

/** Positions inside the image that a pooling window covers. */
function windowPositions({ kernel, strides, pads }: PoolWindow, x: Shape, at: readonly number[]): number[][] {
  const positions: number[][] = [];
  forEachIndex(kernel, ([kernelRow, kernelColumn]) => {
    const row = at[2]! * strides[0] - pads[0] + kernelRow!;
    const column = at[3]! * strides[1] - pads[1] + kernelColumn!;
    if (row >= 0 && row < x[2]! && column >= 0 && column < x[3]!) positions.push([at[0]!, at[1]!, row, column]);
  });
  return positions;
}

function build(shape: Shape, fn: (index: readonly number[]) => number): Value {
  const data = new Float64Array(sizeOf(shape));
  let next = 0;
  forEachIndex(shape, (index) => {
    data[next++] = fn(index);
  });
  return { shape, data };
}

/** Every index of a shape in row-major order. */
function forEachIndex(shape: Shape, visit: (index: readonly number[]) => void): void {
  const count = sizeOf(shape);
  const index = shape.map(() => 0);
  for (let n = 0; n < count; n++) {
    visit(index.slice());
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis]! >= shape[axis]!; axis--) index[axis] = 0;
  }
}

/** The element at an index, with broadcasting from the right. */
function read({ shape, data }: Value, index: readonly number[]): number {
  const aligned = index.slice(index.length - shape.length);
  return data[
    offset(
      shape,
      aligned.map((position, axis) => (shape[axis] === 1 ? 0 : position)),
    )
  ]!;
}

function offset(shape: Shape, index: readonly number[]): number {
  return index.reduce((total, position, axis) => total * shape[axis]! + position, 0);
}
