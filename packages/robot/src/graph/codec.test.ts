import { parse } from '@foxglove/rosmsg';
import { MessageReader } from '@foxglove/rosmsg2-serialization';
import { CorruptDataError, InputError } from '@rapport/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { MessageCodec } from './codec.js';

const definition = `
Stamp stamp
string label
string[] names
float64[3] position
float32[] weights
float64[] values
uint8[] data
int64 count
bool[<=2] flags
uint8 FIXED=3
================================================================================
MSG: test_msgs/Stamp
int32 sec
uint32 nanosec 5
`;

interface Sample {
  readonly stamp: { readonly sec: number; readonly nanosec: number };
  readonly label: string;
  readonly names: readonly string[];
  readonly position: Float64Array;
  readonly weights: Float32Array;
  readonly values: Float64Array;
  readonly data: Uint8Array;
  readonly count: bigint;
  readonly flags: readonly boolean[];
}

const codec = new MessageCodec<Sample>('test_msgs/msg/Sample', definition);

it('writes CDR as worked out by hand', () => {
  const small = new MessageCodec<{ a: number; b: number; text: string }>(
    't/msg/T',
    'uint8 a\nfloat64 b\nstring text\n',
  );
  // Four bytes of the encoding, a, seven bytes up to a multiple of 8, b, the length with its zero, the text and the zero.
  expect(small.encode({ a: 7, b: 1, text: 'hi' }).toString('hex')).toBe(
    ['00010000', '07', '00000000000000', '000000000000f03f', '03000000', '686900'].join(''),
  );
  // "ä" takes two bytes.
  expect(small.encode({ text: 'ä' }).subarray(-7).toString('hex')).toBe('03000000c3a400');
});

it('brings back every message, through a reader of another program', () => {
  const reader = new MessageReader<Sample>(parse(definition, { ros2: true }));
  const double = fc.double({ noNaN: true });
  fc.assert(
    fc.property(
      fc.record({
        stamp: fc.record({ sec: fc.integer(), nanosec: fc.nat(999_999_999) }),
        label: fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0')),
        names: fc.array(fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0'))),
        position: fc.array(double, { minLength: 3, maxLength: 3 }),
        weights: fc.array(fc.float({ noNaN: true })),
        values: fc.array(double, { maxLength: 30 }),
        data: fc.uint8Array({ maxLength: 40 }),
        count: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        flags: fc.array(fc.boolean(), { maxLength: 2 }),
      }),
      fc.boolean(),
      (message, typed) => {
        const values = typed ? Float64Array.from(message.values) : message.values;
        const { label, names, count, flags, ...read } = reader.readMessage(codec.encode({ ...message, values }));
        expect({ label, names, count, flags }).toEqual({
          label: message.label,
          names: message.names,
          count: message.count,
          flags: message.flags,
        });
        expect(read.stamp).toEqual(message.stamp);
        for (const key of ['position', 'weights', 'values', 'data'] as const) {
          expect(Array.from(read[key])).toEqual(Array.from(message[key]));
        }
      },
    ),
  );
});

it('takes typed arrays of another kind than the field is', () => {
  const message = codec.decode(codec.encode({ values: new Float32Array([0.5, 2]), weights: new Float64Array([4]) }));
  expect([...message.values, ...message.weights]).toEqual([0.5, 2, 4]);
});

it('writes defaults for what is left out', () => {
  const message = codec.decode(codec.encode({}));
  expect(message).toMatchObject({ stamp: { sec: 0, nanosec: 5 }, label: '', names: [], count: 0n });
  expect([...message.position]).toEqual([0, 0, 0]);
});

it('names the field whose array has a length that cannot be', () => {
  expect(() => codec.encode({ position: [1, 2] })).toThrow(new InputError('field position has 2 items; expected 3'));
  expect(() => codec.encode({ flags: [true, true, true] })).toThrow('field flags has 3 items; expected at most 2');
});

it('refuses bytes that are too short', () => {
  const bytes = codec.encode({ label: 'something' });
  expect(() => codec.decode(bytes.subarray(0, 20))).toThrow(CorruptDataError);
});
