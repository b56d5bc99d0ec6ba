import { boxSpace } from '@rapport/core';
import { describe, expect, it } from 'vitest';
import { Levers } from './levers.js';

const action = boxSpace([
  { name: 'speed', unit: 'm/s', low: -0.5, high: 0.8 },
  { name: 'gripper_width', unit: 'm', low: 0, high: 0.08 },
  { name: 'free', unit: '1', low: -Infinity, high: Infinity },
]);
const observed = boxSpace([
  { name: 'x', unit: 'm', low: -1, high: 1 },
  { name: 'gripper_width', unit: 'm', low: 0, high: 0.1 },
]);

describe('Levers', () => {
  it('lets entries with a rest spring back, within their bounds', () => {
    const levers = new Levers(action, 10, boxSpace([]), new Float32Array(0));
    expect([...levers.action([1, 0, -1])]).toEqual([Math.fround(0.8), 0, -1]);
    expect(levers.action([-1, 0, 0])[0]).toBe(-0.5);
    expect(levers.action([0, 0, 0])[0]).toBe(0);
  });

  it('begins other entries where they are observed, and moves them over their range in half a second', () => {
    const levers = new Levers(action, 10, observed, Float32Array.of(0.3, 0.09));
    expect(levers.action([0, 0, 0])[1]).toBeCloseTo(0.08, 6);
    // Ten steps a second: five steps from one bound to the other.
    const widths = Array.from({ length: 6 }, () => levers.action([0, -1, 0])[1]!);
    for (const [step, width] of [0.064, 0.048, 0.032, 0.016, 0, 0].entries())
      expect(widths[step]).toBeCloseTo(width, 6);
    expect(levers.action([0, 0, 0])[1]).toBeCloseTo(0, 6);
  });
});
