import { describe, expect, test } from 'vitest';
import { raplEntries } from '../rapl.js';
import { scoresOfWays, stageOf } from '../testing/episodes.js';

const entry = raplEntries.find(({ id }) => id === 'franka/cup')!;

describe('franka/cup', () => {
  test('is lifted in three ways, best by the handle and worst with a finger inside', async () => {
    const [byHandle, around, inside] = await scoresOfWays(entry, [
      ['by-handle', { name: 'handle', preferred: true }],
      ['around', { name: 'outside', preferred: false }],
      ['inside', { name: 'inside', preferred: false }],
    ]);
    expect(byHandle! - around!).toBeGreaterThan(0.2);
    expect(around! - inside!).toBeGreaterThan(0.1);
  });

  test('counts as solved exactly when the foot is above 8 cm and the axis within 0.5 rad of upright', async () => {
    const stage = await stageOf(entry);
    const solved = (height: number, tiltRad: number) => {
      stage.physics.body('cup').place([0.5, 0, height], [Math.cos(tiltRad / 2), Math.sin(tiltRad / 2), 0, 0]);
      stage.physics.forward();
      return entry.task.success(stage);
    };
    expect([solved(0.081, 0), solved(0.079, 0), solved(0.2, 0.49), solved(0.2, 0.51), solved(0.2, Math.PI)]).toEqual([
      true,
      false,
      true,
      false,
      false,
    ]);
    stage.physics.close();
  });

  test('remembers a fingertip inside the cup and scores 0.3 times as much from then on', async () => {
    const stage = await stageOf(entry);
    const { physics, arm, memory } = stage;
    const cupAt = (x: number, y: number, z: number) => {
      physics.body('cup').place([x, y, z]);
      physics.forward();
      entry.task.remember!(stage);
      return entry.task.stepScore(stage);
    };
    arm.placeTcp([0.5, 0, 0.15]);
    // Hand down, fingers along y: the tips of the open gripper are 4 cm to the sides. The cup's outside is 3.4 cm wide.
    const outside = cupAt(0.5, 0, 0.11);
    expect(memory[0]).toBe(0);
    cupAt(0.5, 0.04, 0.06);
    expect(memory[0]).toBe(0);
    cupAt(0.5, 0.04, 0.11);
    expect(memory[0]).toBe(1);
    expect(cupAt(0.5, 0, 0.11)).toBeCloseTo(0.3 * outside, 9);
    physics.close();
  });

  test('stands still until it is touched', async () => {
    const { physics } = await stageOf(entry, 3);
    const { position, rotation } = physics.body('cup');
    const [before, upright] = [[...position], rotation[8]!];
    // Without torques the arm falls; it has not come far after an eighth of a second.
    physics.step(60);
    const after = physics.body('cup');
    expect(Math.hypot(...before.map((value, axis) => after.position[axis]! - value))).toBeLessThan(1e-3);
    expect(after.rotation[8]!).toBeCloseTo(upright, 4);
    physics.close();
  });
});
