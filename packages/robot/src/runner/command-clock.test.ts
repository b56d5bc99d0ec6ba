import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CommandClock } from './command-clock.js';

describe('command clock', () => {
  it('keeps to a grid when it is looked at often', () => {
    const clock = new CommandClock(0.01);
    const ticks: number[] = [];
    for (let look = 0; look < 1000; look++) {
      const due = clock.tick(100 + look * 0.001);
      if (due !== undefined) ticks.push(due);
    }
    expect(ticks.length).toBeGreaterThanOrEqual(99);
    ticks.forEach((due, index) => {
      expect(due).toBeCloseTo(100 + 0.01 * index, 2);
    });
  });

  it('never ticks twice within nine tenths of a period, whatever the looks and jumps', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -0.05, max: 0.05, noNaN: true }), { maxLength: 200 }), (steps) => {
        const clock = new CommandClock(0.01);
        let now = 50;
        let last: number | undefined;
        for (const step of steps) {
          if (step < 0) last = undefined;
          now += step;
          if (clock.tick(now) === undefined) continue;
          if (last !== undefined) expect(now - last).toBeGreaterThanOrEqual(0.009 - 1e-12);
          last = now;
        }
      }),
      { seed: 2 },
    );
  });

  it('goes on at once when the clock has gone back, and after a long pause with a single tick', () => {
    const clock = new CommandClock(0.01);
    expect(clock.tick(100)).toBe(100);
    expect(clock.tick(5)).toBe(5);
    expect(clock.tick(5.001)).toBeUndefined();
    expect(clock.tick(9)).toBe(9);
    expect(clock.tick(9.002)).toBeUndefined();
  });
});
