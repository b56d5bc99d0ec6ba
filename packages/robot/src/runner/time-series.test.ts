import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { synchronise } from './synchronise.js';
import { TimeSeries } from './time-series.js';

const series = (name: string, stamps: readonly number[], maxAge = 0.25) => {
  const made = new TimeSeries<number>(name, maxAge);
  for (const stamp of stamps) made.offer(stamp, stamp);
  return made;
};

describe('time series', () => {
  it('finds the nearest sample as a search through all would, whatever the order of arrival', () => {
    const times = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(times, fc.integer({ min: -100, max: 1100 }), (stamps, time) => {
        const found = series('a', stamps).nearest(time)!;
        const distances = stamps.map((stamp) => Math.abs(stamp - time));
        expect(Math.abs(found.stamp - time)).toBe(Math.min(...distances));
        expect(series('a', stamps).newest?.stamp).toBe(Math.max(...stamps));
      }),
      { seed: 1 },
    );
  });

  it('keeps the newest of very many, and refuses a stamp that is no number', () => {
    const made = series(
      'a',
      Array.from({ length: 1000 }, (_, index) => index),
    );
    expect(made.newest?.value).toBe(999);
    expect(made.nearest(0)!.value).toBe(744);
    expect(made.offer(Number.NaN, 1)).toBe(1);
    expect(made.newest?.value).toBe(999);
  });
});

describe('what a time series keeps no more', () => {
  it('is handed over once, whatever the stamps, so that its memory can be used again', () => {
    const stamps = fc.array(fc.oneof(fc.integer({ min: 0, max: 30 }), fc.constant(Number.NaN)), { maxLength: 60 });
    fc.assert(
      fc.property(stamps, (list) => {
        const kept = new TimeSeries<number>('a', 1, 4);
        const held = new Set<number>();
        for (const [index, stamp] of list.entries()) {
          held.add(index);
          const dropped = kept.offer(stamp, index);
          if (dropped !== undefined) expect(held.delete(dropped)).toBe(true);
          expect(held.size).toBeLessThanOrEqual(4);
          if (held.size > 0) expect(held.has(kept.newest!.value)).toBe(true);
        }
      }),
    );
  });
});

describe('synchronise', () => {
  it('observes at the latest time that all pictures show', () => {
    const front = series('/front', [9.9, 9.93, 9.96]);
    const wrist = series('/wrist', [9.91, 9.94]);
    const joints = series('/joints', [9.9, 9.91, 9.92, 9.93, 9.94, 9.95, 9.99]);
    expect(synchronise([front, wrist], [joints], 10)).toBe(9.94);
    expect(joints.nearest(9.94)!.stamp).toBe(9.94);
  });

  it.each([
    ['nothing has come', [], 10, { kind: 'missing', source: '/front', age: Number.POSITIVE_INFINITY }],
    ['the newest is too old', [9.7], 10, { kind: 'old', source: '/front', age: expect.closeTo(0.3, 9) }],
    ['a stamp is ahead of the clock', [10.2], 10, { kind: 'ahead', source: '/front', age: expect.closeTo(-0.2, 9) }],
    ['there is no stamp', [0], 1.7e9, { kind: 'old', source: '/front', age: 1.7e9 }],
  ])('names the source when %s', (_, stamps, now, expected) => {
    expect(synchronise([series('/front', stamps)], [series('/joints', [now])], now)).toMatchObject(expected);
  });
});
