import { proportionInterval } from '@rapport/core';
import { describe, expect, it } from 'vitest';
import type { AlignmentCell } from './cell.js';
import { describeSaving, labelSaving } from './report.js';

/** A cell whose policy took the preferred way in `preferred` of 20 episodes. */
function cell(method: string, rankings: number, preferred: number): AlignmentCell {
  const share = proportionInterval(preferred, 20);
  return {
    method,
    rankings,
    used: 1,
    step: 1,
    looks: [],
    evaluation: { success: share, score: share, preferred: share, episodes: [], offManifold: share },
    seconds: { reward: 0, alignment: 0, evaluation: 0 },
  };
}

describe('labelSaving', () => {
  it('compares the fewest rankings with which each reward reached the target', () => {
    const cells = [cell('rapl', 10, 18), cell('rapl', 50, 20), cell('rlhf', 10, 12), cell('rlhf', 50, 17)];
    expect(labelSaving(cells)).toEqual({ target: 0.85, rapl: 10, rlhf: 50, ratio: 5 });
    expect(describeSaving(labelSaving(cells))).toContain('RLHF with 50: 5.0 times as many');
  });

  it('states no saving where one of them did not reach it', () => {
    const saving = labelSaving([cell('rapl', 10, 18), cell('rlhf', 10, 16), cell('direct', 10, 20)]);
    expect(saving).toEqual({ target: 0.85, rapl: 10, rlhf: null, ratio: null });
    expect(describeSaving(saving)).toContain('RLHF did not reach it; a saving cannot be stated');
  });
});
