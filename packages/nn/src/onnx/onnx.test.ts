import { readFile } from 'node:fs/promises';
import { CorruptDataError, InputError, RandomStream, RapportError } from '@rapport/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  adam,
  cast,
  clip,
  compileFunction,
  compileTrainer,
  conv2d,
  exportOnnx,
  globalAveragePool,
  importOnnx,
  input,
  linear,
  maxPool2d,
  mean,
  mul,
  relu,
  square,
  sub,
  transpose,
} from '../index.js';
import { createSession } from '../runtime.js';
import { decodeModel, encodeModel } from './proto.js';

const folder = new URL('../../tests/fixtures/onnx_operators/', import.meta.url);
const stream = new RandomStream(5, 'onnx');

async function foreignModel() {
  const bytes = await readFile(new URL('operators.onnx', folder));
  const expected = JSON.parse(await readFile(new URL('expected.json', folder), 'utf8'));
  return { bytes, image: Uint8Array.from(expected.image), map: expected.map, log: expected.log };
}

function encoder(batch: number) {
  const image = input('image', [batch, 8, 8, 3], 'uint8');
  const first = conv2d('first', { inputChannels: 3, outputChannels: 4, kernel: 3, strides: 2, pads: [0, 0, 1, 1] });
  const second = conv2d('second', { inputChannels: 4, outputChannels: 4, kernel: 3, pads: 1, groups: 4 });
  const head = linear('head', { inputSize: 4, outputSize: 2 });
  const pixels = mul(transpose(cast(image, 'float32'), [0, 3, 1, 2]), 1 / 255);
  const map = clip(second.apply(relu(first.apply(pixels))), 0, 6);
  const code = head.apply(globalAveragePool(maxPool2d(map, { kernel: 2 })));
  return { outputs: { map, code }, parameters: [first, second, head].flatMap((module) => module.parameters) };
}

function drawn(parameters: ReturnType<typeof encoder>['parameters']) {
  return Object.fromEntries(
    parameters.map(({ attributes: { name, shape, initializer } }) => [
      name,
      { shape, data: initializer(shape, stream.fork(name)) },
    ]),
  );
}

const bytesOf = (batch: number) =>
  Uint8Array.from({ length: batch * 8 * 8 * 3 }, (_, index) => (index * 37 + (index >> 3)) % 256);

describe('importOnnx', () => {
  it('computes a model of another program as its reference evaluator does', async () => {
    const { bytes, image, map, log } = await foreignModel();
    const model = importOnnx(bytes, { name: 'm', source: 'operators.onnx' });
    expect(model.inputs).toEqual([{ name: 'image', shape: [undefined, 9, 9, 3] }]);
    const run = await compileFunction({
      outputs: model.apply({ image: input('image', [2, 9, 9, 3], 'uint8') }),
      parameters: model.values,
    });
    const found = await run.run({ image });
    expectClose(found.map!, map);
    expectClose(found.log!, log);
    await run.close();
  });

  it('reads operator set 11, where axes are attributes, as onnxruntime does', async () => {
    const bytes = await readFile(new URL('older.onnx', folder));
    const x = stream.fork('older').fillNormal(new Float32Array(12));
    const session = await createSession(bytes, 1);
    const expected = await session.run({ x: { dtype: 'float32', shape: [4, 3], data: x } });
    const model = importOnnx(bytes, { name: 'm', source: 'older.onnx' });
    const run = await compileFunction({ outputs: model.apply({ x: input('x', [4, 3]) }) });
    expectClose((await run.run({ x })).out!, Array.from(expected.out!, Number));
    await Promise.all([session.close(), run.close()]);
  });

  it('fine-tunes an imported model', async () => {
    const { bytes, image } = await foreignModel();
    const model = importOnnx(bytes, { name: 'm', source: 'operators.onnx' });
    const { log } = model.apply({ image: input('image', [2, 9, 9, 3], 'uint8') });
    const loss = mean(square(sub(log!, input('target', log!.shape))));
    const trained = model.parameters.filter(({ attributes }) => /w1|b1|gw|gb/.test(attributes.name));
    const trainer = await compileTrainer({
      groups: [{ name: 'all', parameters: trained, loss, optimizer: adam({ learningRate: 0.01 }) }],
      metrics: { loss },
      stream,
    });
    const batch = { image, target: new Float32Array(20).fill(-2.3) };
    const first = (await trainer.step(batch)).loss;
    for (let step = 0; step < 50; step++) await trainer.step(batch);
    expect((await trainer.step(batch)).loss).toBeLessThan(first * 0.8);
    const after = trainer.parameters();
    expect(after['m/bn_s']).toEqual(model.values['m/bn_s']);
    expect(after['m/w1']).not.toEqual(model.values['m/w1']);
    await trainer.close();
  });

  it('names the operator and the node that it does not know', async () => {
    const { bytes } = await foreignModel();
    const model = decodeModel(bytes);
    const node = model.graph.node.map((one) => (one.name === 'depthwise' ? { ...one, op_type: 'QLinearConv' } : one));
    const changed = encodeModel({ ...model, graph: { ...model.graph, node } });
    expect(() => importOnnx(changed, { name: 'm', source: 'a.onnx' })).toThrow(
      'a.onnx: node "depthwise" (QLinearConv) is an operator that the engine does not know',
    );
    const microsoft = model.graph.node.map((one) =>
      one.name === 'depthwise' ? { ...one, domain: 'com.microsoft' } : one,
    );
    expect(() =>
      importOnnx(encodeModel({ ...model, graph: { ...model.graph, node: microsoft } }), {
        name: 'm',
        source: 'a.onnx',
      }),
    ).toThrow('(com.microsoft.Conv)');
  });

  it('names the node whose operand does not fit', async () => {
    const { bytes } = await foreignModel();
    const model = importOnnx(bytes, { name: 'm', source: 'a.onnx' });
    expect(() => model.apply({ image: input('image', [2, 9, 9, 4], 'uint8') })).toThrow(
      new InputError('a.onnx: node "x2" (Sub): sub: shapes [2, 4, 9, 9] and [1, 3, 1, 1] do not broadcast'),
    );
    expect(() => model.apply({})).toThrow('a.onnx: input "image" was not given');
  });

  it('refuses truncated and foreign bytes', async () => {
    const { bytes } = await foreignModel();
    for (const damaged of [bytes.subarray(0, bytes.length - 100), Buffer.from('hello there'), new Uint8Array()]) {
      expect(() => importOnnx(damaged, { name: 'm', source: 'a.onnx' })).toThrow(CorruptDataError);
    }
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(bytes.length - 1), fc.nat(255), (length, at, value) => {
        const damaged = Uint8Array.from(bytes.subarray(0, length));
        if (at < length) damaged[at] = value;
        try {
          importOnnx(damaged, { name: 'm', source: 'a.onnx' });
        } catch (error) {
          expect(error).toBeInstanceOf(RapportError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('exportOnnx', () => {
  it('writes a model that onnxruntime and the importer both compute alike', async () => {
    const { outputs, parameters } = encoder(3);
    const values = drawn(parameters);
    const image = bytesOf(3);
    const own = await compileFunction({ outputs, parameters: values, weights: 'baked' });
    const expected = await own.run({ image });

    const bytes = exportOnnx({ outputs, parameters: values, metadata: { trained: 'never' } });
    expect(decodeModel(bytes).metadata_props).toEqual([{ key: 'trained', value: 'never' }]);
    expect(decodeModel(bytes).opset_import).toEqual([{ version: 21 }]);
    const session = await createSession(bytes, 1);
    const direct = await session.run({ image: { dtype: 'uint8', shape: [3, 8, 8, 3], data: image } });
    expectClose(direct.code!, expected.code);

    const model = importOnnx(bytes, { name: 'again', source: 'encoder.onnx' });
    expect(Object.keys(model.values)).toEqual(expect.arrayContaining(['again/first/weight', 'again/head/bias']));
    const again = await compileFunction({
      outputs: model.apply({ image: input('image', [3, 8, 8, 3], 'uint8') }),
      parameters: model.values,
    });
    const found = await again.run({ image });
    expectClose(found.code!, expected.code);
    expectClose(found.map!, expected.map);
    await Promise.all([own.close(), session.close(), again.close()]);
  });

  it('names a parameter without a value', () => {
    const { outputs } = encoder(1);
    expect(() => exportOnnx({ outputs, parameters: {} })).toThrow('no value was given for parameter "first/weight"');
  });
});

function expectClose(found: ArrayLike<number | bigint>, expected: ArrayLike<number>): void {
  expect(found.length).toBe(expected.length);
  for (let index = 0; index < expected.length; index++) {
    expect(Number(found[index])).toBeCloseTo(expected[index]!, 4);
  }
}
