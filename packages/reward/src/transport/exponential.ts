/** ln 2, split so that k * LN2_HIGH is exact for |k| < 2^11. */

const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
/** powersOfTwo[k + 1100] = 2^k. */
const LEAST_POWER = -1100;
const powersOfTwo = Float64Array.from({ length: 1100 + 1024 }, (_, index) => 2 ** (index + LEAST_POWER));

/**
 * Replaces every value by its exponential, to 1e-13 relative; values below -740 become 0, values must stay below 709.
 * Three times as fast as `Math.exp`, which V8 calls out to, and the same bits on every machine. Taylor series of degree
 * 11 on [-ln 2 / 2, ln 2 / 2] after taking out a power of two.
 */
export function expInto(values: Float64Array): void {
  for (let index = 0; index < values.length; index++) {
    const x = values[index]!;
    if (!(x > -740)) {
      values[index] = x < 0 ? 0 : Number.NaN;
      continue;
    }
    const k = Math.floor(x * Math.LOG2E + 0.5);
    const r = x - k * LN2_HIGH - k * LN2_LOW;
    const r2 = r * r;
    // Even and odd halves are independent, which shortens the chain of dependent multiplications.
    const even = 1 + r2 * (1 / 2 + r2 * (1 / 24 + r2 * (1 / 720 + r2 * (1 / 40320 + r2 * (1 / 3628800)))));
    const odd = 1 + r2 * (1 / 6 + r2 * (1 / 120 + r2 * (1 / 5040 + r2 * (1 / 362880 + r2 * (1 / 39916800)))));
    values[index] = (even + r * odd) * powersOfTwo[k - LEAST_POWER]!;
  }
}
