import { expect, it } from 'vitest';
import { Pacer } from './pacer.js';

const ms = 1_000_000n;

it('does as many ticks as time has passed, in whatever steps it is asked', () => {
  const pacer = new Pacer(ms, 1, 0n);
  const asked = [3n, 3n, 4n, 17n, 31n].map((at) => pacer.due(at * ms + 400_000n));
  expect(asked).toEqual([3, 0, 1, 13, 14]);
  expect(pacer.measure(31n * ms)).toEqual({ realTimeFactor: 1, secondsBehind: 0 });
});

it('runs at another pace', () => {
  const pacer = new Pacer(ms, 0.5, 0n);
  expect([10n, 20n, 30n].reduce((sum, at) => sum + pacer.due(at * ms), 0)).toBe(15);
});

it('gives up what it cannot catch up, and tells how much', () => {
  const pacer = new Pacer(ms, 1, 0n);
  expect(pacer.due(1000n * ms)).toBe(50);
  const { realTimeFactor, secondsBehind } = pacer.measure(1000n * ms);
  expect(realTimeFactor).toBeCloseTo(0.05, 9);
  expect(secondsBehind).toBeCloseTo(0.95, 9);
  expect(pacer.due(1001n * ms)).toBe(1);
});
