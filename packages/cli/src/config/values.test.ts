import fc from 'fast-check';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { listFields } from './fields.js';
import { describeAllowed, formatValue, parseText } from './values.js';

const schemaOf = (type: z.ZodType) => listFields(z.object({ value: type }))[0]!.schema;

const number = schemaOf(z.number());
const integer = schemaOf(z.int());
const flag = schemaOf(z.boolean());
const choice = schemaOf(z.enum(['state', 'image']));
const list = schemaOf(z.array(z.int()));

it('reads back every finite number that JavaScript prints', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(parseText(String(value), number)).toBe(value === 0 ? Number(String(value)) : value);
    }),
  );
});

it('reads back every list of integers', () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), (values) => {
      expect(parseText(formatValue(values), list)).toEqual(values);
    }),
  );
});

it('reads a number only from text that Number reads too, and never NaN', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const value = parseText(text, number);
      if (value !== undefined) expect(value).toBe(Number(text.replaceAll('_', '')));
    }),
  );
});

it.each([
  ['3e-4', 3e-4],
  ['-.5', -0.5],
  ['1_000', 1000],
  ['0x10', undefined],
  ['', undefined],
  ['Infinity', undefined],
  ['1,5', undefined],
])('reads the number %j as %j', (text, expected) => {
  expect(parseText(text, number)).toBe(expected);
});

it('reads an integer in exponent form and refuses a fraction', () => {
  expect(parseText('1e5', integer)).toBe(100_000);
  expect(parseText('1.5', integer)).toBeUndefined();
});

it('takes exactly true and false for a switch', () => {
  expect(['true', 'false', 'yes', '1', 'TRUE'].map((text) => parseText(text, flag))).toEqual([
    true,
    false,
    undefined,
    undefined,
    undefined,
  ]);
});

it('takes only the named choices', () => {
  expect(parseText('image', choice)).toBe('image');
  expect(parseText('images', choice)).toBeUndefined();
});

it('refuses a list with one wrong item', () => {
  expect(parseText('1,x,3', list)).toBeUndefined();
});

it.each([
  [z.int().min(2).max(6), 'an integer from 2 to 6'],
  [z.int(), 'an integer'],
  [z.number().gt(0).max(1), 'a number, above 0 and 1 or less'],
  [z.enum(['a', 'b']), 'one of a, b'],
  [z.boolean(), 'true or false'],
  [z.array(z.int().min(1)), 'a list with commas, each an integer, 1 or more'],
  [z.union([z.literal('auto'), z.int().min(1)]), 'auto, or an integer, 1 or more'],
])('describes what a field takes: %#', (type, expected) => {
  expect(describeAllowed(schemaOf(type))).toBe(expected);
});
