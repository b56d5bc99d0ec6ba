import { proportionInterval } from '@rapport/core';
import { describe, expect, it } from 'vitest';
import type { AlignmentCell } from './cell.js';
import type { AlignmentEvaluation } from './evaluation.js';
import { describeSaving, labelSaving } from './label-saving.js';

/** A policy that took the preferred way from the first `preferred` of so many starts. */
function evaluation(preferred: number, starts: number): AlignmentEvaluation {
  const share = proportionInterval(preferred, starts);
  const episodes = Array.from({ length: starts }, (_, seed) => {
    const isPreferred = seed < preferred;
    return { seed, success: true, score: 1, length: 1, way: isPreferred ? 'left' : 'right', preferred: isPreferred };
  });
  return { success: share, score: share, preferred: share, episodes, offManifold: share };
}

/** A curve: the number of starts of the preferred way by the number of rankings. */
function curve(method: string, counts: Readonly<Record<number, number>>, starts = 100): AlignmentCell[] {
  return Object.entries(counts).map(([rankings, preferred]) => ({
    method,
    rankings: Number(rankings),
    used: 1,
    step: 1,
    looks: [],
    evaluation: evaluation(preferred, starts),
    seconds: { reward: 0, alignment: 0, evaluation: 0 },
  }));
}

const before = evaluation(50, 100);

describe('labelSaving', () => {
  it('compares where straight lines between the numbers tried reach the target', () => {
    // RAPL: 0.80 to 0.90 between 10 and 20, so 0.85 at 15; RLHF: 0.75 to 0.95 between 50 and 100, so 0.85 at 75.
    const cells = [
      ...curve('rapl', { 10: 80, 20: 90, 50: 92, 100: 95 }),
      ...curve('rlhf', { 10: 60, 20: 70, 50: 75, 100: 95 }),
    ];
    const saving = labelSaving(before, cells)!;
    expect(saving).toMatchObject({ share: 0.85, before: 0.5, most: 100 });
    expect(saving.rapl).toMatchObject({ isFewest: false });
    expect(saving.rapl.rankings).toBeCloseTo(15, 9);
    expect(saving.rlhf.rankings).toBeCloseTo(75, 9);
    expect(saving.ratio!.value).toBeCloseTo(5, 9);
    expect(describeSaving(saving)).toMatch(/RAPL took 15 rankings \(.*RLHF 75 rankings \(.*: 5\.0 times as many/);
    expect(describeSaving(saving)).toContain('The paper reports 5 times fewer');
  });

  it('has limits that hold the estimate, and that are closer with more starts', () => {
    const widths = [100, 1600].map((starts) => {
      const at = (share: number) => Math.round(share * starts);
      const cells = [
        ...curve('rapl', { 10: at(0.7), 50: at(0.9), 100: at(0.95) }, starts),
        ...curve('rlhf', { 10: at(0.6), 50: at(0.7), 100: at(0.95) }, starts),
      ];
      const { rapl, ratio } = labelSaving(evaluation(at(0.5), starts), cells)!;
      expect(rapl.low!).toBeLessThan(rapl.rankings);
      expect(rapl.high!).toBeGreaterThan(rapl.rankings);
      expect(ratio!.low!).toBeLessThan(ratio!.value);
      expect(ratio!.high!).toBeGreaterThan(ratio!.value);
      return rapl.high! - rapl.low!;
    });
    expect(widths[1]!).toBeLessThan(widths[0]! / 2);
  });

  it('says that a saving cannot be told where the fewest rankings were enough for both', () => {
    const saving = labelSaving(before, [...curve('rapl', { 10: 99, 20: 99 }), ...curve('rlhf', { 10: 98, 20: 99 })])!;
    expect(saving).toMatchObject({ rapl: { rankings: 10, isFewest: true }, ratio: null });
    expect(describeSaving(saving)).toContain('RAPL took 10 rankings or fewer (10 to 10), RLHF 10 rankings or fewer');
  });

  it('states a bound where the fewest rankings were enough for one', () => {
    const saving = labelSaving(before, [...curve('rapl', { 10: 95, 50: 95 }), ...curve('rlhf', { 10: 75, 50: 95 })])!;
    expect(describeSaving(saving)).toContain('at least 3.0 times as many');
  });

  it('compares at the highest share that both reached where the target was not', () => {
    const saving = labelSaving(before, [...curve('rapl', { 10: 70, 50: 99 }), ...curve('rlhf', { 10: 60, 50: 70 })])!;
    expect(saving).toMatchObject({ share: 0.7, rapl: { rankings: 10 }, rlhf: { rankings: 50 } });
    // In half of the draws RLHF does not get as far.
    expect(saving.rlhf.high).toBeNull();
    expect(describeSaving(saving)).toContain('for 70 %, the most that both reached,');
    expect(describeSaving(saving)).toContain('to more than 50)');
  });

  it('compares nothing where a reward is missing or has not helped', () => {
    expect(labelSaving(before, curve('rapl', { 10: 90 }))).toBeNull();
    const saving = labelSaving(before, [...curve('rapl', { 10: 90 }), ...curve('rlhf', { 10: 50 })]);
    expect(saving).toBeNull();
    expect(describeSaving(saving)).toContain('cannot be compared');
  });
});
