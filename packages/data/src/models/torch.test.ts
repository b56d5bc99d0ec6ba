import { CorruptDataError } from '@rapport/core';
import { expect, it } from 'vitest';
import { readTorchTensors } from './torch.js';

/** A tensor to be written: its storage, and how it looks at it. */
interface Written {
  readonly name: string;
  readonly storage: string;
  readonly type?: string;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** Writes PyTorch's older layout, as `torch.save(..., _use_new_zipfile_serialization=False)` does. */
function legacyFile(tensors: readonly Written[], storages: Readonly<Record<string, readonly number[]>>): Buffer {
  const text = (value: string) => Buffer.concat([Buffer.of(0x58, value.length, 0, 0, 0), Buffer.from(value)]);
  const integer = (value: number) => Buffer.of(0x4d, value & 255, value >> 8);
  const tuple = (values: readonly Buffer[]) => Buffer.concat([Buffer.of(0x28), ...values, Buffer.of(0x74)]);
  const name = (module: string, member: string) => Buffer.from(`c${module}\n${member}\n`);
  const orderedDict = Buffer.concat([name('collections', 'OrderedDict'), Buffer.from(')R')]);
  const pickle = (body: Buffer) => Buffer.concat([Buffer.of(0x80, 2), body, Buffer.from('.')]);
  const entries = tensors.map(({ storage, type = 'FloatStorage', offset, shape, strides, name: key }) => {
    const id = [text('storage'), name('torch', type), text(storage), text('cpu'), integer(storages[storage]!.length)];
    const reference = Buffer.concat([tuple([...id, Buffer.from('N')]), Buffer.from('Q')]);
    const args = [reference, integer(offset), tuple(shape.map(integer)), tuple(strides.map(integer))];
    const call = tuple([...args, Buffer.of(0x89), orderedDict]);
    return Buffer.concat([text(key), name('torch._utils', '_rebuild_tensor_v2'), call, Buffer.from('R')]);
  });
  const keys = Object.keys(storages);
  const typeOf = (key: string) => tensors.find(({ storage }) => storage === key)?.type ?? 'FloatStorage';
  const data = keys.map((key) => {
    const values = storages[key]!;
    const count = Buffer.alloc(8);
    count.writeBigInt64LE(BigInt(values.length));
    const numbers = typeOf(key) === 'LongStorage' ? BigInt64Array.from(values, BigInt) : Float32Array.from(values);
    return Buffer.concat([count, Buffer.from(numbers.buffer)]);
  });
  return Buffer.concat([
    pickle(Buffer.from('8a0a6cfc9c46f9206aa85019', 'hex')),
    pickle(integer(1001)),
    pickle(Buffer.from('}')),
    pickle(Buffer.concat([orderedDict, Buffer.from('('), ...entries, Buffer.from('u')])),
    pickle(Buffer.concat([Buffer.from(']('), ...keys.map(text), Buffer.from('e')])),
    ...data,
  ]);
}

const ramp = Array.from({ length: 24 }, (_, index) => index);

it('reads tensors row-major whatever their strides, offsets and shared storages', () => {
  const file = legacyFile(
    [
      { name: 'plain', storage: 's0', offset: 0, shape: [2, 3], strides: [3, 1] },
      { name: 'permuted', storage: 's0', offset: 0, shape: [2, 3, 4], strides: [1, 8, 2] },
      { name: 'column', storage: 's0', offset: 5, shape: [4], strides: [6] },
      { name: 'scalar', storage: 's1', offset: 1, shape: [], strides: [] },
      { name: 'counter', storage: 's2', type: 'LongStorage', offset: 0, shape: [], strides: [] },
    ],
    { s0: ramp, s1: [0.5, -2.25], s2: [7] },
  );
  const tensors = readTorchTensors(file, 'x.pt');
  expect([...tensors.keys()]).toEqual(['plain', 'permuted', 'column', 'scalar']);
  expect([...tensors.get('plain')!.data]).toEqual([0, 1, 2, 3, 4, 5]);
  // Element [i, j, k] of the permuted view is storage[i + 8 j + 2 k].
  const expected = [0, 1].flatMap((i) => [0, 1, 2].flatMap((j) => [0, 1, 2, 3].map((k) => i + 8 * j + 2 * k)));
  expect(tensors.get('permuted')).toEqual({ shape: [2, 3, 4], data: Float32Array.from(expected) });
  expect([...tensors.get('column')!.data]).toEqual([5, 11, 17, 23]);
  expect(tensors.get('scalar')).toEqual({ shape: [], data: Float32Array.of(-2.25) });
});

it('names what is wrong with a damaged or foreign file', () => {
  const tensor = { name: 'w', storage: 's0', offset: 0, shape: [4, 6], strides: [6, 1] };
  const file = legacyFile([tensor], { s0: ramp });
  const cases: [Buffer, RegExp][] = [
    [file.subarray(0, -1), /x\.pt ends inside storage s0/],
    [file.subarray(0, 60), /x\.pt ends inside a pickle/],
    [Buffer.from('PK\x03\x04 a newer file'), /opcode 0x50/],
    [legacyFile([{ ...tensor, offset: 1 }], { s0: ramp }), /tensor w reaches behind its storage/],
    [legacyFile([{ ...tensor, type: 'HalfStorage' }], { s0: ramp }), /names torch\.HalfStorage/],
    [legacyFile([tensor], { s0: ramp, s9: [1] }), /holds storage s9, which no tensor uses/],
    [legacyFile([{ ...tensor, strides: [6] }], { s0: ramp }), /tensor that is not built from storage/],
  ];
  for (const [content, message] of cases) {
    expect(() => readTorchTensors(content, 'x.pt')).toThrow(message);
    expect(() => readTorchTensors(content, 'x.pt')).toThrow(CorruptDataError);
  }
});
