import { CorruptDataError } from '@rapport/core';
import { expect, it } from 'vitest';
import { type PickleHost, type PickleValue, readPickle } from './pickle.js';

const plain: PickleHost = { globals: {} };
const read = (bytes: readonly number[] | Buffer, host = plain) => readPickle(Buffer.from(bytes), 0, host, 'test.pt')[0];
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

it('reads plain data that CPython pickled', () => {
  // pickle.dumps({'a': [1, 300, -5, 2**40], 'b': (None, True, 1.5), 'é': []}, protocol=2)
  const bytes = hex(
    '8002 7d71 0028 5801 0000 0061 7101 5d71 0228 4b01 4d2c 014a fbff ffff 8a06 0000 0000 0001 65' +
      '5801 0000 0062 7103 4e88 473f f800 0000 0000 0087 7104 5802 0000 00c3 a971 055d 7106 752e',
  );
  expect(read(bytes)).toEqual(
    new Map<PickleValue, PickleValue>([
      ['a', [1, 300, -5, 2 ** 40]],
      ['b', [null, true, 1.5]],
      ['é', []],
    ]),
  );
});

it('reads long integers with their sign', () => {
  // As pickle.dumps(value, 2) writes 2**80 + 1 and -2**63; the rest by the rule of LONG1.
  expect(read(hex('8002 8a0b 0100 0000 0000 0000 0000 01 2e'))).toBe(2n ** 80n + 1n);
  expect(read(hex('8002 8a08 0000 0000 0000 0080 2e'))).toBe(-(2n ** 63n));
  expect(read(hex('8002 8a02 01ff 2e'))).toBe(-255);
  expect(read(hex('8002 8a00 2e'))).toBe(0);
});

it('refuses every name outside the list, before anything is called', () => {
  const attacks: [string, RegExp][] = [
    ['cos\nsystem\nX\x02\x00\x00\x00id\x85R.', /names os\.system, which is not on the list/],
    ['cbuiltins\neval\n.', /names builtins\.eval/],
    ['cbuiltins\ntoString\n.', /names builtins\.toString/],
    ['c__proto__\nconstructor\n.', /names __proto__\.constructor/],
    ['cposix\nsystem\n.', /names posix\.system/],
  ];
  for (const [pickle, message] of attacks) {
    const bytes = Buffer.concat([hex('8002'), Buffer.from(pickle, 'latin1')]);
    expect(() => read(bytes)).toThrow(message);
    expect(() => read(bytes)).toThrow(CorruptDataError);
  }
});

it('refuses opcodes that could run code or build objects', () => {
  // INST, OBJ, NEWOBJ, EXT1, STACK_GLOBAL, NEWOBJ_EX, REDUCE of what is no function, BUILD of what is no dictionary
  const attacks: [string, RegExp][] = [
    ['8002 69', /opcode 0x69/],
    ['8002 6f', /opcode 0x6f/],
    ['8002 81', /opcode 0x81/],
    ['8002 82', /opcode 0x82/],
    ['8002 93', /opcode 0x93/],
    ['8002 92', /opcode 0x92/],
    ['8002 4b01 29 52 2e', /calls something that is not a function/],
    ['8002 5d 7d 62 2e', /sets the state of an object/],
    ['8002 4b01 51 2e', /refers to something outside/],
    ['8004', /not of pickle protocol 2/],
  ];
  for (const [pickle, message] of attacks) expect(() => read(hex(pickle))).toThrow(message);
  const named: PickleHost = { globals: { 'torch.FloatStorage': 'name only' } };
  expect(() => read(Buffer.from('\x80\x02ctorch\nFloatStorage\n)R.', 'latin1'), named)).toThrow(/not a function/);
});

it('reports truncation and nonsense in place of crashing', () => {
  const whole = hex('8002 7d71 0028 5801 0000 0061 4b01 752e');
  for (let length = 0; length < whole.length; length++) {
    expect(() => read(whole.subarray(0, length))).toThrow(CorruptDataError);
  }
  const nonsense: [string, RegExp][] = [
    ['8002 2e', /empty stack/],
    ['8002 74 2e', /a mark missing/],
    ['8002 6805 2e', /recalls 5, which was never stored/],
    ['8002 4b01 4b02 61 2e', /appends to what is not a list/],
    ['8002 4b01 4b02 4b03 73 2e', /sets an item of what is not a dictionary/],
  ];
  for (const [pickle, message] of nonsense) expect(() => read(hex(pickle))).toThrow(message);
});
