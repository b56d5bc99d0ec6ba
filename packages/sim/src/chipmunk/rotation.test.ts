import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rotationOf } from './rotation.js';

const one = 1n << 240n;

/** Sine or cosine by the power series in 240-bit fixed point, rounded to a double. */
function series(angle: number, firstPower: 0n | 1n): number {
  const x =
    BigInt(Math.round(angle * 2 ** 30)) * (one >> 30n) +
    BigInt((angle - Math.round(angle * 2 ** 30) / 2 ** 30) * 2 ** 110) * (one >> 110n);
  let term = firstPower === 0n ? one : x;
  let sum = 0n;
  for (let power = firstPower; term !== 0n; power += 2n) {
    sum += term;
    term = (-term * x * x) / one / one / ((power + 1n) * (power + 2n));
  }
  // 300 bits below one fit into a double's range.
  return Number(sum) / 2 ** 120 / 2 ** 120;
}

describe('rotationOf', () => {
  it('rounds sine and cosine correctly', () => {
    const angles = fc.double({ min: -8, max: 8, noNaN: true }).filter((angle) => Math.abs(angle) > 2 ** -30);
    fc.assert(
      fc.property(angles, (angle) => {
        const rotation = rotationOf(angle);
        expect(rotation.sine).toBe(series(angle, 1n));
        expect(rotation.cosine).toBe(series(angle, 0n));
      }),
      { numRuns: 2000, seed: 1 },
    );
  });

  it('is exact at 0 and agrees with Math for angles of many turns', () => {
    expect(rotationOf(0)).toEqual({ angle: 0, sine: 0, cosine: 1 });
    for (let angle = -500; angle < 500; angle += 0.37) {
      const rotation = rotationOf(angle);
      expect(Math.abs(rotation.sine - Math.sin(angle))).toBeLessThan(3e-16);
      expect(Math.abs(rotation.cosine - Math.cos(angle))).toBeLessThan(3e-16);
    }
  });
});
