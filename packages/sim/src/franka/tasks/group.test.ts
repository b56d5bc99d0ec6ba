import { mean } from '@rapport/core';
import { describe, expect, test } from 'vitest';
import { manipulationSpec } from '../env.js';
import { raplEntries } from '../rapl.js';
import { outcomes, stageOf } from '../testing/episodes.js';

const entryOf = (id: string) => raplEntries.find((entry) => entry.id === id)!;
const franka = entryOf('franka/group');

describe.each(['franka/group', 'kuka/group'])('%s', (id) => {
  test('is solved together by the expert, and scores those lower who bring the blocks apart or only one', async () => {
    const entry = entryOf(id);
    const expert = await outcomes(entry, 'together', 4);
    expect(expert.filter(({ success }) => success).length).toBeGreaterThanOrEqual(3);
    const apart = await outcomes(entry, 'apart', 4);
    expect(apart.filter(({ success }) => success).length).toBeGreaterThanOrEqual(2);
    const one = await outcomes(entry, 'box-only', 4);
    expect(one.filter(({ success }) => success)).toHaveLength(0);
    const best = Math.max(...apart.map(({ score }) => score), ...one.map(({ score }) => score));
    expect(mean(expert.map(({ score }) => score))).toBeGreaterThan(best + 0.1);
  });
});

test('franka/group and kuka/group observe and do the same things in the same order', () => {
  const [panda, kuka] = [franka, entryOf('kuka/group')].map((entry) => manipulationSpec(entry));
  const entries = (spec: typeof panda) =>
    [...spec!.observationSpace.entries, ...spec!.actionSpace.entries].map(({ name, unit }) => `${name} ${unit}`);
  expect(entries(kuka)).toEqual(entries(panda));
  expect(panda!.observationSpace.entries).toHaveLength(52);
});

describe('franka/group', () => {
  test('counts as solved exactly when both centres are 8 cm before the line or farther', async () => {
    const stage = await stageOf(franka);
    const place = (redX: number, greenX: number) => {
      stage.physics.body('red').place([redX, 0.1, 0.03]);
      stage.physics.body('green').place([greenX, -0.1, 0.025]);
      stage.physics.forward();
      return franka.task.success(stage);
    };
    expect(place(0.479, 0.479)).toBe(true);
    expect(place(0.481, 0.3)).toBe(false);
    expect(place(0.3, 0.481)).toBe(false);
    expect(place(0.25, 0.2)).toBe(true);
    stage.physics.close();
  });

  test('scores by the documented formula', async () => {
    const stage = await stageOf(franka);
    const { physics, arm } = stage;
    const score = (redZ: number, greenX: number) => {
      physics.body('red').place([0.42, 0, redZ]);
      physics.body('green').place([greenX, 0, 0.025]);
      physics.forward();
      return franka.task.stepScore(stage);
    };
    arm.placeTcp([0.6, 0.3, 0.3]);
    // Both home, far from the tool: all but `near`, halves where one indicator is halfway.
    expect(score(0.03, 0.36)).toBeCloseTo(0.9, 9);
    expect(score(0.03 + 0.024, 0.36)).toBeCloseTo(0.45, 9);
    expect(score(0.1, 0.36)).toBe(0);
    // The farther thing halfway home (15 cm), 13 cm apart: home 1/2, together by its half cosine.
    const together = (1 + Math.cos((Math.PI * (Math.hypot(0.13, 0.005) - 0.07)) / 0.11)) / 2;
    expect(score(0.03, 0.55)).toBeCloseTo(0.45 * 0.5 * (1 + together), 9);
    physics.close();
  });

  test('starts as RAPL does: box within 2 cm of (0.65, 0), cube at 0.53 and up to 12 cm to the sides', async () => {
    const sides: number[] = [];
    for (let seed = 0; seed < 20; seed++) {
      const { physics } = await stageOf(franka, seed);
      const [x, y] = physics.body('red').position;
      expect(Math.max(Math.abs(x! - 0.65), Math.abs(y!))).toBeLessThanOrEqual(0.02);
      expect(Math.abs(physics.body('green').position[0]! - 0.53)).toBeLessThanOrEqual(0.02);
      sides.push(physics.body('green').position[1]!);
      physics.close();
    }
    expect(Math.max(...sides.map(Math.abs))).toBeLessThanOrEqual(0.12);
    expect(Math.min(...sides)).toBeLessThan(-0.04);
    expect(Math.max(...sides)).toBeGreaterThan(0.04);
  });
});
