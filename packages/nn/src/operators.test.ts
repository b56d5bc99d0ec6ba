import { RandomStream } from '@rapport/core';
import { describe, expect, it } from 'vitest';
import { compileFunction } from './compiledFunction.js';
import { gradient } from './gradients/gradient.js';
import { interpret } from './interpreter.js';
import * as ops from './ops/index.js';
import { shapeRules } from './shapes.js';
import {
  constant,
  input,
  makeTensor,
  type Primitive,
  parameter,
  type Shape,
  type Tensor,
  topologicalOrder,
} from './tensor.js';

/** A small graph that uses one operator on float32 inputs drawn from [low, high). */
interface Case {
  readonly shapes: readonly Shape[];
  readonly low?: number;
  readonly high?: number;
  build(...inputs: Tensor[]): Tensor;
}

const same = (build: (x: Tensor) => Tensor, low = -2, high = 2): Case[] => [{ shapes: [[3, 4]], low, high, build }];

/** Equal shapes, a row, a scalar, and both sides broadcast. */
const broadcasting = (build: (a: Tensor, b: Tensor) => Tensor, low = -2, high = 2): Case[] =>
  [
    [
      [3, 4],
      [3, 4],
    ],
    [[2, 3, 4], [4]],
    [[], [2, 3]],
    [
      [3, 1],
      [1, 4],
    ],
  ].map((shapes) => ({ shapes, low, high, build }));

const indices = constant(new Int32Array([2, 0, 2, 1]), [2, 2]);
const longIndices = constant(new BigInt64Array([1n, 1n, 3n]), [3]);

/** Kernel sizes, strides, asymmetric pads, dilations, groups, depthwise, and 1x1 with stride 2. */
const convolutions: { x: Shape; weight: Shape; options: ops.ConvolutionOptions }[] = [
  { x: [2, 3, 6, 5], weight: [4, 3, 3, 3], options: {} },
  { x: [2, 3, 7, 6], weight: [4, 3, 3, 3], options: { strides: 2, pads: 1 } },
  { x: [1, 2, 8, 8], weight: [3, 2, 3, 2], options: { strides: [2, 3], pads: [0, 1, 2, 0] } },
  { x: [2, 2, 8, 7], weight: [2, 2, 3, 3], options: { dilations: 2, pads: 2 } },
  { x: [2, 4, 5, 5], weight: [6, 2, 3, 3], options: { groups: 2, pads: 1, strides: 2 } },
  { x: [2, 3, 6, 6], weight: [3, 1, 3, 3], options: { groups: 3, pads: [0, 0, 1, 1], strides: 2 } },
  { x: [2, 3, 6, 6], weight: [6, 1, 3, 3], options: { groups: 3, pads: 1 } },
  { x: [2, 3, 6, 7], weight: [4, 3, 1, 1], options: { strides: 2 } },
  { x: [1, 1, 9, 9], weight: [1, 1, 2, 2], options: { strides: 4 } },
  { x: [2, 3, 4, 3], weight: [5, 3, 1, 1], options: {} },
  // Enough channels for the weight gradient by gathering: few windows and many, with and without padding.
  { x: [2, 17, 6, 6], weight: [4, 17, 3, 3], options: { strides: 2, pads: 1 } },
  { x: [1, 16, 9, 9], weight: [2, 16, 2, 2], options: { pads: [1, 0, 0, 0] } },
  { x: [1, 16, 5, 4], weight: [2, 16, 2, 1], options: {} },
  // Many small images, which become one product: forward, and the input gradient.
  { x: [32, 16, 1, 3], weight: [16, 16, 1, 3], options: { pads: [0, 1, 0, 1] } },
  { x: [32, 16, 2, 2], weight: [2, 16, 2, 1], options: { pads: [1, 0, 0, 0], strides: [1, 2] } },
  { x: [16, 3, 3, 3], weight: [16, 3, 3, 2], options: { pads: [1, 1, 1, 0], strides: 2 } },
];

/** A convolution node, from which the rules for its two gradients are checked as operators of their own. */
function convolution({ x, weight, options }: (typeof convolutions)[number]) {
  const node = ops.conv2d(input('x', x), input('w', weight), options);
  if (!('groups' in node.attributes)) throw new Error('expected a convolution');
  const { strides, pads, dilations, groups } = node.attributes;
  return { output: node.shape, window: { strides, pads, dilations, groups } };
}

/** Odd and even kernels, strides that skip steps, uneven padding, and windows that leave a step out. */
const sequences: { kernel: number; options: ops.SequenceOptions }[] = [
  { kernel: 3, options: { pads: 1 } },
  { kernel: 5, options: { pads: 2 } },
  { kernel: 3, options: { stride: 2, pads: 1 } },
  { kernel: 4, options: { stride: 2, pads: [0, 3] } },
  { kernel: 1, options: { stride: 2 } },
  { kernel: 2, options: { stride: 2 } },
];

const pools: { x: Shape; options: ops.PoolOptions }[] = [
  { x: [2, 3, 6, 6], options: { kernel: 2 } },
  { x: [2, 2, 7, 6], options: { kernel: 3, strides: 2, pads: 1 } },
  { x: [1, 2, 5, 5], options: { kernel: [2, 3], strides: 1, pads: [1, 0, 0, 2] } },
];

/** Every operator needs an entry; this type and the first test below see to it. */
const cases: Readonly<Record<Primitive, readonly Case[]>> = {
  input: same((x) => ops.mul(x, 3)),
  parameter: same((x) => ops.mul(x, ops.sum(parameter('p', [1], () => new Float32Array([2]))))),
  constant: same((x) => ops.mul(x, constant([1, 2, 3, 4]))),
  neg: same(ops.neg),
  abs: same(ops.abs),
  exp: same(ops.exp),
  log: same(ops.log, 0.2, 3),
  sqrt: same(ops.sqrt, 0.2, 3),
  square: same(ops.square),
  sin: same(ops.sin),
  cos: same(ops.cos),
  erf: same(ops.erf),
  tanh: same(ops.tanh),
  sigmoid: same(ops.sigmoid),
  softplus: [...same(ops.softplus), ...same(ops.softplus, 30, 60)],
  mish: [...same(ops.mish), ...same(ops.mish, -30, 30)],
  relu: same(ops.relu),
  pow: [...same((x) => ops.pow(x, 3)), ...same((x) => ops.pow(x, -0.5), 0.3, 2)],
  clip: same((x) => ops.clip(x, -0.7, 1.1)),
  logicalNot: same((x) => ops.where(ops.logicalNot(ops.less(x, 0)), x, ops.mul(x, 3))),
  cast: same((x) => ops.mul(x, ops.cast(ops.cast(x, 'int32'), 'float32'))),
  stopGradient: same((x) => ops.add(x, ops.mul(ops.stopGradient(x), 0))),
  add: broadcasting(ops.add),
  sub: broadcasting(ops.sub),
  mul: broadcasting(ops.mul),
  div: broadcasting(ops.div, 0.5, 2),
  minimum: broadcasting(ops.minimum),
  maximum: broadcasting(ops.maximum),
  less: broadcasting((a, b) => ops.where(ops.less(a, b), a, ops.mul(b, 2))),
  lessOrEqual: broadcasting((a, b) => ops.where(ops.lessOrEqual(a, b), a, ops.mul(b, 2))),
  equal: broadcasting((a, b) => ops.where(ops.equal(a, b), a, ops.mul(b, 2))),
  logicalAnd: broadcasting((a, b) => ops.where(ops.logicalAnd(ops.less(a, 1), ops.less(0, b)), a, b)),
  where: broadcasting((a, b) => ops.where(ops.less(a, 0.3), b, a)),
  matmul: [false, true].flatMap((transposeA) =>
    [false, true].flatMap((transposeB) => {
      const build = (a: Tensor, b: Tensor) => makeTensor('matmul', [a, b], { transposeA, transposeB });
      const left = transposeA ? [4, 3] : [3, 4];
      const right = transposeB ? [5, 4] : [4, 5];
      return [
        { shapes: [left, right], build },
        {
          shapes: [
            [2, ...left],
            [2, ...right],
          ],
          build,
        },
        {
          shapes: [
            [2, 1, ...left],
            [3, ...right],
          ],
          build,
        },
        { shapes: [[2, ...left], right], build: (a, b) => ops.matmul(a, b, { transposeA, transposeB }) },
      ];
    }),
  ),
  gemm: [
    { shapes: [[3, 4], [5, 4], [5]], build: ops.affine },
    { shapes: [[2, 3, 4], [5, 4], [5]], build: ops.affine },
    ...[[5], [3, 5], [3, 1], []].map((bias) => ({
      shapes: [[4, 3], [4, 5], bias],
      build: (a: Tensor, b: Tensor, c: Tensor) =>
        makeTensor('gemm', [a, b, c], { transposeA: true, transposeB: false }),
    })),
  ],
  reduceSum: reductions(ops.sum),
  reduceMax: reductions(ops.max),
  logSumExp: reductions(ops.logSumExp),
  softmax: [0, 1, 2].map((axis) => ({ shapes: [[2, 3, 4]], build: (x) => ops.softmax(x, axis) })),
  logSoftmax: [0, 1, 2].map((axis) => ({ shapes: [[2, 3, 4]], build: (x) => ops.logSoftmax(x, axis) })),
  reshape: same((x) => ops.reshape(x, [2, -1])),
  transpose: [
    { shapes: [[2, 3, 4]], build: (x) => ops.transpose(x, [2, 0, 1]) },
    { shapes: [[2, 3, 4]], build: (x) => ops.transpose(x) },
  ],
  broadcastTo: [
    { shapes: [[3, 1]], build: (x) => ops.broadcastTo(x, [2, 3, 4]) },
    { shapes: [[]], build: (x) => ops.broadcastTo(x, [2]) },
  ],
  slice: [
    { shapes: [[4, 5]], build: (x) => ops.slice(x, 1, 1, -1) },
    { shapes: [[4, 5]], build: (x) => makeTensor('slice', [x], { starts: [1, 2], sizes: [2, 3] }) },
  ],
  pad: [{ shapes: [[2, 3]], build: (x) => ops.pad(x, [1, 0], [0, 2]) }],
  concat: [
    {
      shapes: [
        [2, 3],
        [2, 1],
        [2, 2],
      ],
      build: (...x) => ops.concat(x, 1),
    },
    {
      shapes: [
        [2, 3],
        [1, 3],
      ],
      build: (...x) => ops.concat(x, 0),
    },
  ],
  gather: [
    { shapes: [[4, 3]], build: (x) => ops.gather(x, indices) },
    { shapes: [[2, 4, 3]], build: (x) => ops.gather(x, longIndices, 1) },
    { shapes: [[2, 4]], build: (x) => ops.gather(x, indices, 1) },
  ],
  scatterAdd: [
    { shapes: [[2, 2, 3]], build: (x) => ops.scatterAdd(x, indices, 0, 4) },
    { shapes: [[2, 3, 2]], build: (x) => ops.scatterAdd(x, longIndices, 1, 5) },
    { shapes: [[3, 2, 2]], build: (x) => ops.scatterAdd(x, indices, 1, 3) },
  ],
  unfold: sequences.map(({ kernel, options }) => ({
    shapes: [[2, 6, 3]],
    build: (x: Tensor) => ops.unfold(x, kernel, options),
  })),
  fold: sequences.map(({ kernel, options }) => ({
    shapes: [ops.unfold(input('x', [2, 6, 3]), kernel, options).shape],
    build: (x: Tensor) => ops.fold(x, kernel, 6, options),
  })),
  conv2d: convolutions.flatMap(({ x, weight, options }) => [
    { shapes: [x, weight], build: (image: Tensor, kernel: Tensor) => ops.conv2d(image, kernel, options) },
    {
      shapes: [x, weight, [weight[0]!]],
      build: (image: Tensor, kernel: Tensor, bias: Tensor) => ops.conv2d(image, kernel, { ...options, bias }),
    },
  ]),
  conv2dInputGradient: convolutions.map((one) => {
    const { output, window } = convolution(one);
    return {
      shapes: [output, one.weight],
      build: (dy, kernel) =>
        makeTensor('conv2dInputGradient', [dy, kernel], { ...window, inputSize: [one.x[2]!, one.x[3]!] }),
    };
  }),
  conv2dWeightGradient: convolutions.map((one) => {
    const { output, window } = convolution(one);
    return {
      shapes: [one.x, output],
      build: (image, dy) =>
        makeTensor('conv2dWeightGradient', [image, dy], { ...window, kernel: [one.weight[2]!, one.weight[3]!] }),
    };
  }),
  maxPool2d: pools.map(({ x, options }) => ({ shapes: [x], build: (image) => ops.maxPool2d(image, options) })),
  maxPool2dIndices: pools.map(({ x, options }) => ({
    shapes: [x],
    build: (image) => {
      const pooled = ops.maxPool2d(image, options);
      if (!('kernel' in pooled.attributes) || !('strides' in pooled.attributes)) throw new Error('expected a pooling');
      const winners = makeTensor('maxPool2dIndices', [image], pooled.attributes);
      return ops.gather(ops.reshape(image, [-1]), winners);
    },
  })),
  averagePool2d: pools.flatMap(({ x, options }) =>
    [false, true].map((countPadding) => ({
      shapes: [x],
      build: (image: Tensor) => ops.averagePool2d(image, { ...options, countPadding }),
    })),
  ),
};

function reductions(build: (x: Tensor, options: ops.ReduceOptions) => Tensor): Case[] {
  const options = [{}, { axes: [0] }, { axes: [1], keepDims: true }, { axes: [0, 2] }, { axes: [-1] }];
  return options.flatMap((one) => [
    { shapes: [[2, 3, 4]], build: (x: Tensor) => build(x, one) },
    ...(one.axes?.includes(2) ? [] : [{ shapes: [[3, 4]], build: (x: Tensor) => build(x, one) }]),
  ]);
}

describe('every operator', () => {
  it('has at least one case', () => {
    for (const primitive of Object.keys(shapeRules)) {
      expect(Object.entries(cases).find(([name]) => name === primitive)?.[1].length ?? 0, primitive).toBeGreaterThan(0);
    }
  });

  for (const [primitive, list] of Object.entries(cases)) {
    list.forEach((one, index) => {
      it(`agrees with plain loops and finite differences: ${primitive}, case ${index}`, async () => {
        const stream = new RandomStream(index, primitive);
        const inputs = one.shapes.map((shape, at) => input(`x${at}`, shape));
        const y = one.build(...inputs);
        expect(topologicalOrder([y]).some((tensor) => tensor.primitive === primitive)).toBe(true);

        const draw = (size: number) =>
          Float32Array.from({ length: size }, () => stream.uniformBetween(one.low ?? -2, one.high ?? 2));
        const feeds = Object.fromEntries(inputs.map(({ shape }, at) => [`x${at}`, draw(size(shape))]));
        const weights = constant(draw(size(y.shape)), y.shape);
        const loss = ops.sum(ops.mul(y, weights));
        const gradients = gradient(loss, inputs);
        const values = { p: { shape: [1], data: new Float32Array([2]) } };
        const run = await compileFunction({
          outputs: { y, ...Object.fromEntries(gradients.map((g, at) => [`g${at}`, g])) },
          parameters: values,
        });
        const found: Record<string, Float32Array> = await run.run(feeds);

        const exact: Record<string, Float64Array> = { p: new Float64Array([2]) };
        for (const [name, data] of Object.entries(feeds)) exact[name] = Float64Array.from(data);
        const [expected] = interpret([y], exact);
        expect(expected!.shape).toEqual(y.shape);
        expectClose(found.y!, expected!.data);
        inputs.forEach((_, at) => {
          expectClose(found[`g${at}`]!, finiteDifferences(loss, exact, `x${at}`));
        });
        await run.close();
      });
    });
  }
});

const size = (shape: Shape) => shape.reduce((product, one) => product * one, 1);

/** Derivatives that are checked per operand; more would only repeat the same code paths. */
const CHECKED = 60;

/** Central differences of a scalar in double precision, for evenly spread elements of one input; NaN for the others. */
function finiteDifferences(loss: Tensor, feeds: Record<string, Float64Array>, name: string): Float64Array {
  const at = feeds[name]!;
  const step = 1e-5;
  const stride = Math.ceil(at.length / CHECKED);
  return at.map((value, index) => {
    if (index % stride !== 0) return Number.NaN;
    const evaluate = (moved: number): number => {
      const data = at.slice();
      data[index] = moved;
      return interpret([loss], { ...feeds, [name]: data })[0]!.data[0]!;
    };
    return (evaluate(value + step) - evaluate(value - step)) / (2 * step);
  });
}

/** Compares where a value is expected, relative to the largest. */
function expectClose(found: Float32Array, expected: Float64Array): void {
  expect(found.length).toBe(expected.length);
  const scale = expected.reduce((most, value) => (Number.isNaN(value) ? most : Math.max(most, Math.abs(value))), 1e-3);
  for (let index = 0; index < expected.length; index++) {
    if (Number.isNaN(expected[index])) continue;
    expect(Math.abs(found[index]! - expected[index]!) / scale, `element ${index}`).toBeLessThan(3e-5);
  }
}
