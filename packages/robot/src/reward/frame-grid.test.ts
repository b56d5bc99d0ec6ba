import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameGrid } from './frame-grid.js';

/** Stamps that are taken when pictures come one after the other. */
function taken(grid: FrameGrid, stamps: readonly number[]): number[] {
  return stamps.filter((stamp) => {
    const due = grid.isDue(stamp);
    if (due) grid.take(stamp);
    return due;
  });
}

describe('frame grid', () => {
  it('takes every third picture of a camera three times as fast', () => {
    const grid = new FrameGrid(5, 10);
    const stamps = Array.from({ length: 12 }, (_, number) => 5.01 + number / 30);
    expect(taken(grid, stamps)).toEqual([0, 3, 6, 9].map((number) => stamps[number]));
    expect(grid.dropped).toBe(0);
  });

  it('takes every picture of a camera that is as fast, though none comes exactly in time', () => {
    const grid = new FrameGrid(0, 10);
    const stamps = [0.01, 0.09, 0.21, 0.29, 0.4, 0.51];
    expect(taken(grid, stamps)).toEqual(stamps);
    expect(grid.dropped).toBe(0);
  });

  it('leaves out what was seen before the start', () => {
    expect(taken(new FrameGrid(2, 10), [1.8, 1.9, 2, 2.05])).toEqual([2.05]);
  });

  it('counts periods without a picture, and tells how many have passed by now', () => {
    const grid = new FrameGrid(0, 10);
    expect(taken(grid, [0.05, 0.35])).toEqual([0.05, 0.35]);
    expect(grid.dropped).toBe(2);
    expect(grid.behind(0.36)).toBe(0);
    expect(grid.behind(0.66)).toBe(3);
  });

  it('counts what it has missed before the first picture', () => {
    const grid = new FrameGrid(0, 10);
    expect(taken(grid, [0.37, 0.46])).toEqual([0.37, 0.46]);
    expect(grid.dropped).toBe(3);
  });

  it('accounts for every period up to the last picture: taken or dropped', () => {
    const gaps = fc.array(fc.double({ min: 0, max: 0.5, noNaN: true }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(gaps, (steps) => {
        let time = 1e-3;
        const stamps = steps.map((step) => {
          time += step;
          return time;
        });
        const grid = new FrameGrid(0, 10);
        const count = taken(grid, stamps).length;
        const origin = stamps[0]! - Math.floor(10 * stamps[0]!) / 10;
        const last = Math.floor(10 * (stamps.at(-1)! - origin) + 0.25);
        expect(count + grid.dropped).toBe(last + 1);
      }),
    );
  });
});
