import { CorruptDataError } from '@rapport/core';
import { expect, it } from 'vitest';
import { readTflite } from './tflite.js';

/** Writes flatbuffers front to back: a table is its offsets, then its fields; what it refers to follows. */
class Writer {
  bytes = Buffer.alloc(0);

  append(part: Buffer): number {
    const start = this.bytes.length;
    this.bytes = Buffer.concat([this.bytes, part]);
    return start;
  }

  /** A table of 4-byte fields; undefined ones are absent. Returns where it and its fields are. */
  table(fields: readonly (number | undefined)[]): { start: number; field: (index: number) => number } {
    const offsets = Buffer.alloc(4 + 2 * fields.length);
    offsets.writeUInt16LE(offsets.length, 0);
    const present = fields.flatMap((value, index) => (value === undefined ? [] : [{ value, index }]));
    offsets.writeUInt16LE(4 + 4 * present.length, 2);
    const body = Buffer.alloc(4 + 4 * present.length);
    present.forEach(({ value, index }, position) => {
      offsets.writeUInt16LE(4 + 4 * position, 4 + 2 * index);
      body.writeInt32LE(value, 4 + 4 * position);
    });
    const at = this.append(offsets);
    const start = this.append(body);
    this.bytes.writeInt32LE(start - at, start);
    return { start, field: (index) => start + offsets.readUInt16LE(4 + 2 * index) };
  }

  /** Makes the 4 bytes at `from` point at `to`. */
  point(from: number, to: number): void {
    this.bytes.writeInt32LE(to - from, from);
  }

  vector(elements: Buffer, count: number): number {
    const length = Buffer.alloc(4);
    length.writeInt32LE(count);
    return this.append(Buffer.concat([length, elements]));
  }

  int32s(values: readonly number[]): number {
    return this.vector(Buffer.from(Int32Array.from(values).buffer), values.length);
  }

  /** A vector of tables, each made by one of `makers` after the vector itself. */
  tables(makers: readonly (() => number)[]): number {
    const vector = this.vector(Buffer.alloc(4 * makers.length), makers.length);
    makers.forEach((make, index) => {
      this.point(vector + 4 + 4 * index, make());
    });
    return vector;
  }
}

/** One depthwise convolution of stride 2 with ReLU6 whose float16 weights are dequantised first. */
function smallModel(): Buffer {
  const file = new Writer();
  file.append(Buffer.from('\0\0\0\0TFL3', 'latin1'));
  const model = file.table([3, 0, 0, undefined, 0]);
  file.bytes.writeInt32LE(model.start, 0);
  file.point(model.field(1), file.tables([() => file.table([6]).start, () => file.table([4]).start]));
  const halves = Buffer.from(Uint16Array.of(0x3c00, 0xc100, 0x0001, 0x7c00).buffer);
  file.point(
    model.field(4),
    file.tables([
      () => file.table([undefined]).start,
      () => {
        const buffer = file.table([0]);
        file.point(buffer.field(0), file.vector(halves, halves.length));
        return buffer.start;
      },
    ]),
  );
  const tensor = (name: string, type: number, buffer: number) => () => {
    const table = file.table([0, type, buffer, 0]);
    file.point(table.field(0), file.int32s([1, 1, 2, 2]));
    file.point(table.field(3), file.vector(Buffer.from(name), name.length));
    return table.start;
  };
  const operator =
    (code: number, inputs: readonly number[], outputs: readonly number[], options: () => number) => () => {
      const table = file.table([code, 0, 0, undefined, 0]);
      file.point(table.field(1), file.int32s(inputs));
      file.point(table.field(2), file.int32s(outputs));
      file.point(table.field(4), options());
      return table.start;
    };
  const graph = file.table([0, 0, undefined, 0]);
  file.point(model.field(2), file.tables([() => graph.start]));
  file.point(
    graph.field(0),
    file.tables([tensor('picture', 0, 0), tensor('half', 1, 1), tensor('weight', 0, 0), tensor('result', 0, 0)]),
  );
  file.point(graph.field(1), file.int32s([0]));
  file.point(
    graph.field(3),
    file.tables([
      operator(0, [1], [2], () => file.table([]).start),
      operator(1, [0, 2, -1], [3], () => file.table([0, 2, 2, 1, 3]).start),
    ]),
  );
  return file.bytes;
}

it('reads tensors, half-precision weights and operators', () => {
  const model = readTflite(smallModel(), 'm.tflite');
  expect(model.inputs).toEqual([0]);
  expect(model.tensors.map(({ name }) => name)).toEqual(['picture', 'half', 'weight', 'result']);
  expect(model.tensors[1]).toEqual({
    name: 'half',
    shape: [1, 1, 2, 2],
    data: Float32Array.of(1, -2.5, 2 ** -24, Infinity),
  });
  expect(model.tensors[0]!.data).toBeUndefined();
  expect(model.operators).toEqual([
    { kind: 'dequantize', inputs: [1], outputs: [2], stride: 1, activation: 'none', padding: 'same' },
    { kind: 'depthwiseConv2d', inputs: [0, 2, -1], outputs: [3], stride: 2, activation: 'relu6', padding: 'same' },
  ]);
});

it('refuses truncated and foreign files', () => {
  const whole = smallModel();
  for (const length of [0, 7, 20, 200, whole.length - 8]) {
    expect(() => readTflite(whole.subarray(0, length), 'm.tflite')).toThrow(CorruptDataError);
  }
  expect(() => readTflite(Buffer.from('not a flatbuffer'), 'm.tflite')).toThrow('m.tflite is no TFLite file');
});
