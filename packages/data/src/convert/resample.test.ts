import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pickMessage, quaternionsAmong, sampleSeries } from './resample.js';
import { VectorSeries } from './time-series.js';

function seriesOf(times: readonly number[], vectors: readonly (readonly number[])[]): VectorSeries {
  const series = new VectorSeries(vectors[0]!.length);
  times.forEach((time, index) => {
    series.add(time, vectors[index]!);
  });
  return series;
}

const milliseconds = fc.uniqueArray(fc.integer({ min: 0, max: 2000 }), { minLength: 1, maxLength: 60 });

describe('the rules of sampling', () => {
  it('agree with a search through all messages', () => {
    fc.assert(
      fc.property(
        milliseconds,
        fc.integer({ min: -100, max: 2100 }),
        fc.integer({ min: 1, max: 300 }),
        (ms, at, age) => {
          const times = Float64Array.from(
            ms.toSorted((a, b) => a - b),
            (time) => time / 1000,
          );
          const near = [...times.keys()].filter((index) => Math.abs(times[index]! * 1000 - at) <= age + 1e-6);
          const before = near.filter((index) => times[index]! * 1000 <= at + 1e-6);
          const last = before.at(-1);
          expect(pickMessage(times, at / 1000, { rule: 'last', maxAge: age / 1000 })).toBe(last);
          const distance = (index: number) => Math.round(Math.abs(times[index]! * 1000 - at));
          const nearest = near.toSorted((a, b) => distance(a) - distance(b) || a - b)[0];
          expect(pickMessage(times, at / 1000, { rule: 'nearest', maxAge: age / 1000 })).toBe(nearest);
        },
      ),
    );
  });

  it('interpolate straight lines exactly, whatever the order in which messages came', () => {
    fc.assert(
      fc.property(milliseconds, fc.double({ min: 0, max: 1, noNaN: true }), (ms, share) => {
        const series = seriesOf(
          ms.map((time) => time / 1000),
          ms.map((time) => [3 * time - 7, 5]),
        );
        const [first, last] = [Math.min(...ms), Math.max(...ms)];
        const at = first + share * (last - first);
        const out = new Float64Array(2);
        expect(sampleSeries(series, at / 1000, { rule: 'linear', maxAge: 10 }, out)).toBe(true);
        expect(out[0]).toBeCloseTo(3 * at - 7, 2);
        expect(out[1]).toBeCloseTo(5, 9);
      }),
    );
  });

  it('are silent before the first message, and between messages that are too far apart', () => {
    const series = seriesOf([1, 2], [[10], [20]]);
    const out = new Float64Array(1);
    expect(sampleSeries(series, 0.99, { rule: 'last', maxAge: 5 }, out)).toBe(false);
    expect(sampleSeries(series, 1.5, { rule: 'linear', maxAge: 0.4 }, out)).toBe(false);
    expect(sampleSeries(series, 2.1, { rule: 'linear', maxAge: 5 }, out)).toBe(false);
    expect(sampleSeries(series, 1.5, { rule: 'linear', maxAge: 0.5 }, out)).toBe(true);
    expect(out[0]).toBe(15);
  });

  it('turn quaternions the shorter way and keep them of length one', () => {
    const half = Math.SQRT1_2;
    // The same quarter turn about z, once with the other sign.
    const series = seriesOf(
      [0, 1],
      [
        [0, 0, 0, 1],
        [0, 0, -half, -half],
      ],
    );
    const out = new Float64Array(4);
    const quaternions = quaternionsAmong(['q.x', 'q.y', 'q.z', 'q.w']);
    expect(quaternions).toEqual([0]);
    sampleSeries(series, 0.5, { rule: 'linear', maxAge: 1, quaternions }, out);
    expect([...out]).toEqual([
      0,
      0,
      expect.closeTo(Math.sin(Math.PI / 8), 12),
      expect.closeTo(Math.cos(Math.PI / 8), 12),
    ]);
  });
});
