import { RandomStream } from '@rapport/core';
import { compileFunction, input, type Tensor } from '@rapport/nn';
import { expect, it } from 'vitest';
import { type Backbone, backboneParameters, type Convolution, foldBatchNorm, namedConvolutions } from './backbone.js';
import { keypoints } from './features.js';
import { encoderGraph } from './graph.js';
import { randomLite0 } from './random-network.js';
import { efficientNetLite0, mobileNetV2 } from './torch-networks.js';

/** Convolution, padding and ReLU6 by their definitions; x [C, n, n]. */
function plainConvolution(x: number[][][], convolution: Convolution, groups: number, before: number, outSize: number) {
  const { weight, bias, stride } = convolution;
  const [outputs, inputs, kernel] = weight.shape as [number, number, number, number];
  return Array.from({ length: outputs }, (_, o) =>
    Array.from({ length: outSize }, (_, row) =>
      Array.from({ length: outSize }, (_, column) => {
        let sum = bias[o]!;
        for (let i = 0; i < inputs; i++) {
          const channel = groups === 1 ? i : o;
          for (let dy = 0; dy < kernel; dy++) {
            for (let dx = 0; dx < kernel; dx++) {
              const value = x[channel]?.[row * stride + dy - before]?.[column * stride + dx - before] ?? 0;
              sum += value * weight.data[((o * inputs + i) * kernel + dy) * kernel + dx]!;
            }
          }
        }
        return sum;
      }),
    ),
  );
}

const relu6 = (map: number[][][]) => map.map((rows) => rows.map((row) => row.map((v) => Math.min(6, Math.max(0, v)))));

function draw(stream: RandomStream, shape: readonly number[], stride: number): Convolution {
  const size = shape.reduce((product, entry) => product * entry, 1);
  const data = stream.fillNormal(new Float32Array(size)).map((value) => value * 0.5);
  return { weight: { shape, data }, bias: stream.fillNormal(new Float32Array(shape[0]!)), stride };
}

function smallBackbone(padding: Backbone['padding']): Backbone {
  const stream = new RandomStream(3, 'small');
  return {
    stem: draw(stream, [4, 3, 3, 3], 2),
    blocks: [
      { expand: undefined, depthwise: draw(stream, [4, 1, 5, 5], 2), project: draw(stream, [4, 4, 1, 1], 1) },
      {
        expand: draw(stream, [6, 4, 1, 1], 1),
        depthwise: draw(stream, [6, 1, 3, 3], 1),
        project: draw(stream, [4, 6, 1, 1], 1),
      },
    ],
    head: draw(stream, [5, 4, 1, 1], 1),
    padding,
    mean: [127, 120, 110],
    deviation: [128, 60, 50],
    mapBlocks: { map8: 0, map16: 1 },
  };
}

it.each(['same', 'half'] as const)(
  'computes a small network with "%s" padding as its definition says',
  async (padding) => {
    const backbone = smallBackbone(padding);
    const size = 10;
    const image = Uint8Array.from({ length: size * size * 3 }, (_, index) => (index * 37) % 256);
    let x = [0, 1, 2].map((channel) =>
      Array.from({ length: size }, (_, row) =>
        Array.from({ length: size }, (_, column) => {
          const byte = image[(row * size + column) * 3 + channel]!;
          return (byte - backbone.mean[channel]!) / backbone.deviation[channel]!;
        }),
      ),
    );
    // Rows before the picture: TensorFlow puts floor(total / 2) there, total = (out - 1) * stride + kernel - size.
    const pads = padding === 'same' ? { stem: 0, wide: 1 } : { stem: 1, wide: 2 };
    const [first, second] = backbone.blocks;
    x = relu6(plainConvolution(x, backbone.stem, 1, pads.stem, 5));
    x = relu6(plainConvolution(x, first!.depthwise, 4, padding === 'same' ? 2 : pads.wide, 3));
    const map8 = plainConvolution(x, first!.project, 1, 0, 3);
    x = relu6(plainConvolution(map8, second!.expand!, 1, 0, 3));
    x = relu6(plainConvolution(x, second!.depthwise, 6, 1, 3));
    const projected = plainConvolution(x, second!.project, 1, 0, 3);
    const map16 = projected.map((rows, c) => rows.map((row, r) => row.map((value, k) => value + map8[c]![r]![k]!)));
    const head = relu6(plainConvolution(map16, backbone.head, 1, 0, 3));

    const graph = encoderGraph(backbone, 1, size);
    const outputs: Record<string, Tensor> = { map8: graph.map8, map16: graph.map16, head: graph.head };
    const run = await compileFunction({ outputs, parameters: backboneParameters(backbone) });
    const found = await run.run({ image });
    await run.close();
    for (const [name, expected] of Object.entries({ map8, map16, head })) {
      const values = expected.flat(2);
      expect(found[name]!.length).toBe(values.length);
      values.forEach((value, index) => {
        expect(found[name]![index]).toBeCloseTo(value, 4);
      });
    }
  },
);

it('folds a batch normalisation so that convolution plus norm is unchanged', () => {
  const weight = { shape: [2, 1, 1, 2], data: Float32Array.of(1, 2, -3, 4) };
  const norm = {
    scale: Float32Array.of(2, 0.5),
    shift: Float32Array.of(1, -1),
    mean: Float32Array.of(3, -2),
    variance: Float32Array.of(4, 0.25),
  };
  const folded = foldBatchNorm(weight, norm, 0.01, 1);
  const x = [0.7, -1.3];
  for (const output of [0, 1]) {
    const product = (data: Float32Array) => x[0]! * data[2 * output]! + x[1]! * data[2 * output + 1]!;
    const normalised = (product(weight.data) - norm.mean[output]!) / Math.sqrt(norm.variance[output]! + 0.01);
    const expected = normalised * norm.scale[output]! + norm.shift[output]!;
    expect(product(folded.weight.data) + folded.bias[output]!).toBeCloseTo(expected, 5);
  }
});

it('finds the place of a bright spot, x first and y second', async () => {
  const map = input('map', [2, 1, 5, 9]);
  const run = await compileFunction({ outputs: { points: keypoints(map) } });
  const data = new Float32Array(2 * 45);
  data[0 * 45 + 1 * 9 + 8] = 1e3; // first map: row 1 of 5, column 8 of 9
  const { points } = await run.run({ map: data });
  await run.close();
  // By the definition: z = sqrt(44) at the spot, -1 / sqrt(44) elsewhere.
  const share = Math.exp(Math.sqrt(44)) / (Math.exp(Math.sqrt(44)) + 44 * Math.exp(-1 / Math.sqrt(44)));
  const others = (1 - share) / 44;
  expect(points[0]).toBeCloseTo(share * 1 + others * -1, 4);
  expect(points[1]).toBeCloseTo(share * -0.5 + others * 0.5, 4);
  // A flat map has its centre in the middle.
  expect([points[2], points[3]].map((value) => Math.abs(value!) < 1e-5)).toEqual([true, true]);
});

it('draws the same random network from the same seed, and signals keep their size in it', async () => {
  const backbone = await randomLite0(new RandomStream(5, 'encoder'));
  const again = await randomLite0(new RandomStream(5, 'encoder'));
  namedConvolutions(backbone).forEach(([name, { weight }], index) => {
    const [, other] = namedConvolutions(again)[index]!;
    expect(Buffer.compare(Buffer.from(weight.data.buffer), Buffer.from(other.weight.data.buffer)), name).toBe(0);
  });
  const other = await randomLite0(new RandomStream(6, 'encoder'));
  expect(other.stem.weight.data[0]).not.toBe(backbone.stem.weight.data[0]);
  expect(namedConvolutions(backbone)).toHaveLength(49);

  const outputs: Record<string, Tensor> = {};
  encoderGraph(backbone, 1, 112, (name, output) => {
    outputs[name] = output;
    return output;
  });
  const run = await compileFunction({ outputs, parameters: backboneParameters(backbone) });
  const image = Uint8Array.from({ length: 112 * 112 * 3 }, (_, index) => (Math.floor(index / 3) % 112 < 60 ? 40 : 200));
  const found = await run.run({ image });
  await run.close();
  for (const [name, values] of Object.entries(found)) {
    const power = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
    expect(power, name).toBeGreaterThan(0.1);
    expect(power, name).toBeLessThan(10);
  }
});

it('names the tensor that a weight file lacks', () => {
  expect(() => efficientNetLite0(new Map())).toThrow('the weights have no tensor _blocks.0._depthwise_conv.weight');
  expect(() => mobileNetV2(new Map())).toThrow('the weights have no tensor features.1.conv.0.weight');
});
