import { describe, expect, it } from 'vitest';
import { leverLevels, type Pad } from './levers.js';

const pad = (axes: number[], buttons: Record<number, number> = {}): Pad => ({
  axes,
  buttons: Array.from({ length: 16 }, (_, index) => ({ value: buttons[index] ?? 0 })),
});

describe('leverLevels', () => {
  it('raises and lowers entries by their keys, both together not at all, less with Shift', () => {
    expect(leverLevels(3, new Set(['w', 'd']), undefined)).toEqual([1, -1, 0]);
    expect(leverLevels(3, new Set(['w', 's', 'k']), undefined)).toEqual([0, 0, -1]);
    expect(leverLevels(2, new Set(['a', 'shift']), undefined)).toEqual([0, 0.3]);
  });

  it('reads sticks with forward and left as positive, and the triggers for the last entry', () => {
    expect(leverLevels(2, new Set(), pad([0.5, -1, 0, 0]))).toEqual([1, -0.5]);
    expect(leverLevels(3, new Set(), pad([0, 0, 0, 0], { 6: 1 }))).toEqual([0, 0, -1]);
    expect(leverLevels(2, new Set(), pad([0.1, 0.05, 0, 0]))).toEqual([0, 0]);
  });

  it('lets keys win over a stick, and leaves entries without keys and sticks alone', () => {
    expect(leverLevels(1, new Set(['s']), pad([0, -1, 0, 0]))).toEqual([-1]);
    expect(leverLevels(12, new Set(), pad([0, 0, 0, 0])).slice(8)).toEqual([0, 0, 0, 0]);
  });
});
