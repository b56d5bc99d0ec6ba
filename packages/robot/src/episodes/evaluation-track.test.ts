import { describe, expect, it } from 'vitest';
import { judgedSteps, type Told } from './evaluation-track.js';

const told = (time: number, step_score: number, more: Partial<Told> = {}): Told => ({
  time,
  step_score,
  success: false,
  way: '',
  preferred: false,
  fault: '',
  ...more,
});

describe('judgedSteps', () => {
  it('judges a step by what was told nearest to the observation that follows it', () => {
    const all = [told(10.04, 0.1), told(10.14, 0.2), told(10.24, 0.3, { success: true }), told(10.34, 0.4)];
    const { rewards, privileged, fault } = judgedSteps(all, [10, 10.1, 10.2, 10.3]);
    expect([...privileged.stepScores]).toEqual([0.2, 0.3, 0.4].map(Math.fround));
    expect([...rewards]).toEqual([0, 1, 0]);
    expect(privileged.success).toBe(false);
    expect(privileged.way).toBeUndefined();
    expect(fault).toBeUndefined();
  });

  it('takes success and way from the end, and the first fault', () => {
    const end = { success: true, way: 'handle', preferred: true };
    const all = [told(1, 0), told(2, 0, { fault: 'joint_reflex' }), told(3, 0, { ...end, fault: 'other' })];
    const { privileged, fault } = judgedSteps(all, [0.9, 1.9, 2.9]);
    expect(privileged).toMatchObject({ success: true, way: { name: 'handle', preferred: true } });
    expect(fault).toBe('joint_reflex');
  });
});
