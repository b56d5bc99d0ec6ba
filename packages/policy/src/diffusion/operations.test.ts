import {
  add,
  compileFunction,
  constant,
  gradient,
  input,
  maxPool2d,
  mish,
  mul,
  reshape,
  sum,
  type Tensor,
  transpose,
} from '@rapport/nn';
import { describe, expect, it } from 'vitest';
import { at, floatsAt, type Json, readFixture, relativeError, shapeAt } from './fixtures.js';
import {
  conv1d,
  frozenBatchNorm,
  groupNorm,
  type Layer,
  sequenceGroupNorm,
  sinusoidalEmbedding,
  upsampling1d,
} from './layers.js';
import { residualBlock } from './unet.js';
import { centerCrop, resizeBilinear, spatialSoftmax } from './vision.js';

const ops = readFixture('ops/ops.json');

/** Sequences are [N, C, T] there and [N, T, C] here. */
const turned = (x: Tensor) => transpose(x, [0, 2, 1]);
const overTime = (layer: Layer): Layer => ({ ...layer, apply: (x) => turned(layer.apply(turned(x))) });
const bare = (apply: (x: Tensor) => Tensor): Layer => ({ parameters: [], apply });

const block = (useFilmScaleModulation: boolean): Layer<readonly [Tensor, Tensor]> => {
  const sizes = { inputs: 4, outputs: 8, kernelSize: 3, nGroups: 4, modulationSize: 5, useFilmScaleModulation };
  const layer = residualBlock('x', sizes);
  return { ...layer, apply: (x, condition) => turned(layer.apply(turned(x), mish(condition))) };
};

const layers: Readonly<Record<string, Layer | Layer<readonly [Tensor, Tensor]>>> = {
  conv1d_k5: overTime(conv1d('x', 4, 6, { kernel: 5 })),
  conv1d_down: overTime(conv1d('x', 4, 4, { kernel: 3, stride: 2, pad: 1 })),
  convtranspose1d_up: overTime(upsampling1d('x', 4)),
  groupnorm1d: overTime(sequenceGroupNorm('x', 6, 2)),
  groupnorm2d: groupNorm('x', 4, 2),
  mish: bare(mish),
  batchnorm2d_eval: frozenBatchNorm('x', 3),
  maxpool2d: bare((x) => maxPool2d(x, { kernel: 3, strides: 2, pads: 1 })),
  spatial_softmax: spatialSoftmax('x', 4, 2, [3, 5]),
  residual_block_film_scale: block(true),
  residual_block_film_bias: block(false),
};

/** A recorded parameter or statistic, by its name within the layer. */
function recorded(one: Json, name: string): Float32Array {
  const place = Object.hasOwn(one as object, name) ? [name] : ['params', name];
  return floatsAt(one, ...place);
}

const largestOf = (values: Float32Array) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

describe('layers', () => {
  for (const [key, layer] of Object.entries(layers)) {
    it(`compute what torch computes, with its gradients: ${key}`, async () => {
      const one = at(ops, key);
      const has = (name: string) => Object.hasOwn(one as object, name);
      const operands = (has('cond') ? ['input', 'cond'] : ['input']).map((name) => input(name, shapeAt(one, name)));
      const y = (layer as Layer<readonly Tensor[]>).apply(...operands);
      const local = (name: string) => name.replace(/^x\./, '');
      const parameters = Object.fromEntries(
        layer.parameters.map(({ attributes: { name, shape } }) => [name, { shape, data: recorded(one, local(name)) }]),
      );
      const outputs: Record<string, Tensor> = { y };
      const expected: Record<string, Float32Array> = { y: floatsAt(one, 'output') };
      if (has('grad_out')) {
        const loss = sum(mul(y, constant(floatsAt(one, 'grad_out'), y.shape)));
        const names = Object.keys(at(one, 'grad_params') as object);
        const trained = layer.parameters.filter(({ attributes }) => names.includes(local(attributes.name)));
        expect(trained.length).toBe(names.length);
        const wanted = [
          ...operands.map((_, index) => floatsAt(one, index === 0 ? 'grad_in' : 'grad_extra0')),
          ...trained.map(({ attributes }) => floatsAt(one, 'grad_params', local(attributes.name))),
        ];
        gradient(loss, [...operands, ...trained]).forEach((slope, index) => {
          outputs[`gradient/${index}`] = slope;
          expected[`gradient/${index}`] = wanted[index]!;
        });
      }
      const compiled = await compileFunction({ outputs, parameters });
      const feeds = Object.fromEntries(operands.map(({ attributes: { name } }) => [name, floatsAt(one, name)]));
      const found = await compiled.run(feeds);
      await compiled.close();
      // A bias in front of a softmax changes nothing: its gradient is what rounding leaves of much larger numbers.
      const largest = Math.max(...Object.values(expected).map(largestOf));
      for (const [name, values] of Object.entries(expected)) {
        const difference = largestOf(found[name]!.map((value, index) => value - values[index]!));
        expect(difference, name).toBeLessThan(1e-5 * largestOf(values) + 1e-6 * largest);
        expect(found[name]!.length, name).toBe(values.length);
      }
    });
  }

  it('embed timesteps as LeRobot does', async () => {
    const timesteps = at(ops, 'sinusoid', 'timesteps') as readonly number[];
    const size = at(ops, 'sinusoid', 'dim') as number;
    const out = sinusoidalEmbedding(constant(timesteps), size);
    const compiled = await compileFunction({ outputs: { out } });
    const found = (await compiled.run({})).out;
    await compiled.close();
    expect(relativeError(found, floatsAt(ops, 'sinusoid', 'output'))).toBeLessThan(1e-5);
  });
});

describe('pictures', () => {
  it('are cropped at the centre as by torchvision', async () => {
    for (const one of at(ops, 'center_crop') as readonly Json[]) {
      const [height, width] = at(one, 'image') as [number, number];
      const pixels = Float32Array.from({ length: height * width }, (_, index) => index);
      const cropped = centerCrop(constant(pixels, [1, 1, height, width]), at(one, 'crop') as [number, number]);
      const compiled = await compileFunction({ outputs: { cropped: add(cropped, 0) } });
      const [first] = (await compiled.run({})).cropped;
      await compiled.close();
      const [top, left] = at(one, 'top_left') as [number, number];
      expect(first).toBe(top * width + left);
    }
  });

  it('are resized as by torchvision', async () => {
    const cases = at(ops, 'resize') as readonly Json[];
    expect(cases.length).toBe(4);
    for (const one of cases) {
      const pictures = input('pictures', shapeAt(one, 'input'));
      const resized = reshape(resizeBilinear(pictures, at(one, 'to') as [number, number]), [-1]);
      const compiled = await compileFunction({ outputs: { resized } });
      const found = (await compiled.run({ pictures: floatsAt(one, 'input') })).resized;
      await compiled.close();
      expect(relativeError(found, floatsAt(one, 'output'))).toBeLessThan(1e-5);
    }
  });
});
