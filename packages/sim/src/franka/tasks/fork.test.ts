import { mean } from '@rapport/core';
import { describe, expect, test } from 'vitest';
import { raplEntries } from '../rapl.js';
import { outcomes, stageOf } from '../testing/episodes.js';

const entry = raplEntries.find(({ id }) => id === 'franka/fork')!;

describe('franka/fork', () => {
  test('is laid into the bowl by handle and by tines, and the handle scores better', async () => {
    const byHandle = await outcomes(entry, 'by-handle', 4);
    const byTines = await outcomes(entry, 'by-tines', 4);
    expect(byHandle.filter(({ success }) => success)).toHaveLength(4);
    expect(byTines.filter(({ success }) => success).length).toBeGreaterThanOrEqual(2);
    for (const { way } of byHandle) expect(way).toEqual({ name: 'handle', preferred: true });
    for (const { way, success } of byTines) expect(way).toEqual({ name: success ? 'tines' : 'none', preferred: false });
    const meanOf = (episodes: typeof byHandle) => mean(episodes.map(({ score }) => score));
    expect(meanOf(byHandle) - meanOf(byTines)).toBeGreaterThan(0.3);
  });

  test('does not count as solved when the fork is let go beside the bowl', async () => {
    for (const style of ['beside', 'tines-beside']) {
      const episodes = await outcomes(entry, style, 2);
      expect(
        episodes.some(({ success }) => success),
        style,
      ).toBe(false);
    }
  });

  test('counts as solved exactly within 7 cm of the axis and up to 6 cm high; that is worth everything', async () => {
    const stage = await stageOf(entry);
    const { physics } = stage;
    physics.body('bowl').place([0.5, 0.16, 0]);
    const at = (aside: number, height: number) => {
      physics.body('fork_handle').place([0.5 - aside, 0.16, height]);
      physics.forward();
      return entry.task.success(stage);
    };
    expect([at(0.069, 0.05), at(0.071, 0.05), at(0, 0.059), at(0, 0.061)]).toEqual([true, false, true, false]);
    at(0, 0.03);
    expect(entry.task.stepScore(stage)).toBeCloseTo(1, 9);
    stage.memory[0] = 1;
    expect(entry.task.stepScore(stage)).toBeCloseTo(0.3, 9);
    physics.close();
  });

  test('rests in the bowl when it is dropped there', async () => {
    const { physics } = await stageOf(entry);
    const body = physics.body('fork_handle');
    physics.body('bowl').place([0.5, 0.16, 0]);
    body.place([0.5, 0.16, 0.09]);
    // The arm falls freely meanwhile, too slowly to arrive there.
    physics.step(90);
    const inBowl = body.position[2]!;
    expect(inBowl).toBeGreaterThan(0.01);
    expect(inBowl).toBeLessThan(0.06);
    physics.close();
  });
});
