import { expect, it } from 'vitest';
import { bindingGroups, meaningOf, reasonOf } from './keys.js';

it('tells clips from reasons on keyboards with and without shifted numbers', () => {
  const pressed = (key: string, code: string) => reasonOf({ key, code }) ?? meaningOf(key);
  // Number row of a US keyboard, plain and with Shift: the second clip, the second reason.
  expect([meaningOf('2'), reasonOf({ key: '2', code: 'Digit2' })]).toEqual([1, undefined]);
  expect(reasonOf({ key: '@', code: 'Digit2' })).toBe(1);
  // A French keyboard prints numbers with Shift.
  expect([reasonOf({ key: '2', code: 'Digit2' }), reasonOf({ key: 'é', code: 'Digit2' })]).toEqual([undefined, 1]);
  expect(pressed('2', 'Numpad2')).toBe(1);
  expect(reasonOf({ key: ')', code: 'Digit0' })).toBeUndefined();
});

it('gives every key one meaning', () => {
  const keys = bindingGroups.flatMap(({ bindings }) => bindings.flatMap((binding) => binding.keys));
  expect(new Set(keys).size).toBe(keys.length);
  for (const { bindings } of bindingGroups) {
    for (const { action, keys: own } of bindings) for (const key of own) expect(meaningOf(key)).toBe(action);
  }
});
