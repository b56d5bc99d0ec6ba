import { describe, expect, test } from 'vitest';
import { raplEntries } from '../rapl.js';
import { scoresOfWays, stageOf } from '../testing/episodes.js';

const entry = raplEntries.find(({ id }) => id === 'franka/chips')!;

describe('franka/chips', () => {
  test('is lifted by the edge, gently by its middle, and crushed, in this order of preference', async () => {
    const [byEdge, gently, crushed] = await scoresOfWays(entry, [
      ['by-edge', { name: 'edge', preferred: true }],
      ['gently', { name: 'middle', preferred: false }],
      ['crushes', { name: 'crushed', preferred: false }],
    ]);
    expect(byEdge! - gently!).toBeGreaterThan(0.05);
    expect(gently! - crushed!).toBeGreaterThan(0.3);
  });

  test('remembers how far the middle was squeezed at most, and scores less from then on', async () => {
    const stage = await stageOf(entry);
    const { physics, arm, memory } = stage;
    arm.placeTcp([0.35, 0.35, 0.4]);
    physics.body('bag').place([0.55, 0, 0.3]);
    const squeezedBy = (metres: number) => {
      for (const side of ['middle_left', 'middle_right']) physics.joint(side).position = -metres / 2;
      physics.forward();
      entry.task.remember!(stage);
      return entry.task.stepScore(stage);
    };
    // High, far from the tool and held by nothing: 0.7 times `whole`.
    expect(squeezedBy(0.2 * 0.024)).toBeCloseTo(0.7, 9);
    expect(squeezedBy(0.4 * 0.024)).toBeCloseTo(0.7 * (0.1 + 0.9 / 2), 9);
    expect(squeezedBy(0.7 * 0.024)).toBeCloseTo(0.07, 9);
    expect(squeezedBy(0)).toBeCloseTo(0.07, 9);
    expect(memory[0]).toBeCloseTo(0.7, 9);
    physics.close();
  });

  test('counts as solved only with the middle above 10 cm and both seals above 4 cm', async () => {
    const stage = await stageOf(entry);
    const { physics } = stage;
    const solved = (height: number, pitchRad: number) => {
      physics.body('bag').place([0.5, 0, height], [Math.cos(pitchRad / 2), 0, Math.sin(pitchRad / 2), 0]);
      physics.forward();
      return entry.task.success(stage);
    };
    // Straight and upright, its seals are 8.5 cm above and below the middle.
    expect([solved(0.101, 0), solved(0.099, 0), solved(0.126, Math.PI / 2), solved(0.124, Math.PI / 2)]).toEqual([
      true,
      false,
      true,
      false,
    ]);
    physics.close();
  });

  test('lies flat and still on the table, neither squeezed nor bent', async () => {
    const { physics } = await stageOf(entry, 1);
    const before = [...physics.body('bag').position];
    // Without torques the arm falls; it has not come far after an eighth of a second.
    physics.step(60);
    const { position, rotation } = physics.body('bag');
    expect(Math.hypot(...before.map((value, axis) => position[axis]! - value))).toBeLessThan(3e-3);
    expect(rotation[8]!).toBeGreaterThan(0.999);
    for (const side of ['middle_left', 'middle_right']) {
      expect(Math.abs(physics.joint(side).position)).toBeLessThan(1e-3);
    }
    for (const seal of ['seal_front', 'seal_back']) {
      expect(physics.site(seal).position[2]!).toBeGreaterThan(0.003);
    }
    physics.close();
  });
});
