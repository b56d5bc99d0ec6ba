import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { meanInterval, proportionInterval, spearman } from './statistics.js';

describe('spearman', () => {
  it('agrees with the formula 1 - 6 sum d^2 / (n (n^2 - 1)) where there are no ties', () => {
    const a = [86, 97, 99, 100, 101, 103, 106, 110, 112, 113];
    const b = [2, 20, 28, 27, 50, 29, 7, 17, 6, 12];
    expect(spearman(a, b)).toBeCloseTo(-29 / 165, 12);
  });

  it('gives tied values their mean rank', () => {
    // Ranks of a: 0, 1.5, 1.5, 3 against 0, 1, 2, 3: covariance 4.5, variances 4.5 and 5.
    expect(spearman([1, 2, 2, 3], [1, 2, 3, 4])).toBeCloseTo(4.5 / Math.sqrt(4.5 * 5), 12);
  });

  it('is unchanged by increasing transformations', () => {
    const pairs = fc.array(fc.tuple(fc.integer({ min: -50, max: 50 }), fc.integer({ min: -50, max: 50 })), {
      minLength: 3,
    });
    fc.assert(
      fc.property(pairs, (values) => {
        const a = values.map(([x]) => x);
        const b = values.map(([, y]) => y);
        expect(spearman(a, b)).toEqual(
          spearman(
            a.map((x) => Math.exp(x / 20)),
            b.map((y) => 3 * y - 7),
          ),
        );
      }),
    );
  });
});

describe('proportionInterval', () => {
  it('gives the published Wilson interval for 15 of 20', () => {
    const interval = proportionInterval(15, 20);
    expect(interval.low).toBeCloseTo(0.5313, 4);
    expect(interval.high).toBeCloseTo(0.8881, 4);
  });

  it('stays inside [0, 1] at the ends', () => {
    expect(proportionInterval(0, 10)).toMatchObject({ low: 0, mean: 0 });
    expect(proportionInterval(10, 10).high).toBeCloseTo(1, 12);
  });
});

describe('meanInterval', () => {
  it('is close to the normal interval for many samples', () => {
    const values = Array.from({ length: 400 }, (_, index) => ((index * 37) % 400) / 400);
    const { mean, low, high } = meanInterval(values);
    const half = (1.96 * Math.sqrt(1 / 12)) / 20;
    expect(low).toBeCloseTo(mean - half, 2);
    expect(high).toBeCloseTo(mean + half, 2);
  });

  it('gives the same interval for the same values', () => {
    expect(meanInterval([1, 5, 2])).toEqual(meanInterval([1, 5, 2]));
  });
});
