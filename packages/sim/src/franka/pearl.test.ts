import { mean } from '@rapport/core';
import { describe, expect, test } from 'vitest';
import { fixtureNames } from './fixtures/fixture.js';
import { pearlEntries } from './pearl.js';
import { outcomes, stageOf } from './testing/episodes.js';

const entryOf = (id: string) => pearlEntries.find((entry) => entry.id === id)!;

describe.each(pearlEntries.map(({ id }) => id))('%s', (id) => {
  test('is solved by the careful policy, and not by the one that misses, which scores lower', async () => {
    const entry = entryOf(id);
    const careful = await outcomes(entry, 'careful', 2);
    expect(careful.map(({ success, fault }) => ({ success, fault }))).toEqual(
      careful.map(() => ({ success: true, fault: undefined })),
    );
    const misses = await outcomes(entry, 'misses', 2);
    expect(misses.filter(({ success }) => success)).toHaveLength(0);
    const best = Math.max(...misses.map(({ score }) => score));
    expect(mean(careful.map(({ score }) => score))).toBeGreaterThan(best + 0.2);
  });

  test('starts unsolved, with other places for other seeds', async () => {
    const starts = new Set<string>();
    for (let seed = 0; seed < 2; seed++) {
      const entry = entryOf(id);
      const stage = await stageOf(entry, seed);
      expect(entry.task.success(stage)).toBe(false);
      const observed = new Float32Array(entry.task.observationEntries.length);
      entry.task.observe(stage, observed);
      starts.add(observed.join());
      stage.physics.close();
    }
    expect(starts.size).toBe(2);
  });
});

describe('furniture', () => {
  // Joint positions next to the thresholds. Door: the handle is at (-0.06, -0.28) m from the hinge, so that
  // 0.06 - 0.06 sin a + 0.28 cos a = 0.08 at a = 1.290 rad, and 2 |r| sin(a / 2) = 0.08 at 0.280 rad. Faucet, 17.5 cm long:
  // 0.35 sin((pi / 2 - a) / 2) = 0.07 at 1.168 rad.
  test.each([
    ['franka/button-press', 0.0601, 0.0599],
    ['franka/drawer-open', 0.1701, 0.1699],
    ['franka/drawer-close', 0.0649, 0.0651],
    ['franka/door-open', 1.293, 1.287],
    ['franka/door-close', 0.279, 0.282],
    ['franka/window-open', 0.1501, 0.1499],
    ['franka/window-close', 0.0499, 0.0501],
    ['franka/faucet-open', 1.17, 1.166],
    ['franka/faucet-close', -1.17, -1.166],
  ])('%s counts as solved from Meta-World’s threshold on', async (id, solved, unsolved) => {
    const { task } = entryOf(id);
    const stage = await stageOf(entryOf(id));
    const successAt = (position: number) => {
      stage.physics.joint(fixtureNames.joint).position = position;
      stage.physics.forward();
      return task.success(stage);
    };
    expect([successAt(solved), successAt(unsolved)]).toEqual([true, false]);
    stage.physics.close();
  });

  test('scores by the documented formula', async () => {
    const { task } = entryOf('franka/button-press');
    const stage = await stageOf(entryOf('franka/button-press'));
    const { physics, arm } = stage;
    const scoreAt = (pressed: number) => {
      physics.joint(fixtureNames.joint).position = pressed;
      physics.forward();
      return task.stepScore(stage);
    };
    arm.placeTcp([0.35, 0, 0.5]);
    expect(scoreAt(0)).toBe(0);
    // What remains is halfway between 8 cm and 1 cm: progress and, by it, near are a half.
    expect(scoreAt(0.035)).toBeCloseTo(0.5, 9);
    expect(scoreAt(0.07)).toBeCloseTo(1, 9);
    // At the untouched button only `near` counts.
    const [x, y, z] = physics.site(fixtureNames.handle).position;
    physics.joint(fixtureNames.joint).position = 0;
    arm.placeTcp([x! - 0.12, y!, z!]);
    expect(scoreAt(0)).toBeCloseTo(0.2, 1);
    physics.close();
  });
});

describe('things that slide', () => {
  test.each([
    ['franka/push', 'puck'],
    ['franka/sweep-into', 'cube'],
  ])('%s counts as solved within 5 cm of the goal', async (id, body) => {
    const { task } = entryOf(id);
    const stage = await stageOf(entryOf(id));
    const observed = new Float32Array(6);
    task.observe(stage, observed);
    const successAt = (metres: number) => {
      stage.physics.body(body).place([observed[3]! + metres, observed[4]!, observed[5]!]);
      stage.physics.forward();
      return task.success(stage);
    };
    expect([successAt(0.0499), successAt(0.0501)]).toEqual([true, false]);
    stage.physics.close();
  });
});

describe('can and square', () => {
  test('a can counts from the quarter’s edge on, below 10 cm, with the gripper 4.24 cm away', async () => {
    const { task } = entryOf('franka/can');
    const stage = await stageOf(entryOf('franka/can'));
    const { physics, arm } = stage;
    const at = (x: number, y: number, z: number) => {
      physics.body('can').place([x, y, z]);
      physics.forward();
      return task.success(stage);
    };
    // The second bin is 39 x 49 cm about (0.5, 0.26) m; its far quarter ends at (0.695, 0.505) and (0.5, 0.26).
    expect([at(0.6949, 0.4, 0.055), at(0.6951, 0.4, 0.055)]).toEqual([true, false]);
    expect([at(0.5001, 0.4, 0.055), at(0.4999, 0.4, 0.055)]).toEqual([true, false]);
    expect([at(0.6, 0.5049, 0.055), at(0.6, 0.5051, 0.055)]).toEqual([true, false]);
    expect([at(0.6, 0.2601, 0.055), at(0.6, 0.2599, 0.055)]).toEqual([true, false]);
    expect([at(0.6, 0.4, 0.0999), at(0.6, 0.4, 0.1001)]).toEqual([true, false]);
    // atanh(0.4) / 10 = 0.04236 m.
    arm.placeTcp([0.6, 0.3, 0.15]);
    const [x, y, z] = [...arm.tcpPosition];
    expect([at(x!, y!, z! - 0.06), at(x!, y! + 0.02, z! - 0.06)]).toEqual([true, true]);
    arm.placeTcp([0.6, 0.3, 0.09]);
    const [nearX, nearY, nearZ] = [...arm.tcpPosition];
    expect([at(nearX!, nearY!, nearZ! - 0.0425), at(nearX!, nearY!, nearZ! - 0.0422)]).toEqual([true, false]);
    physics.close();
  });

  test('a nut counts within 3 cm of the peg on both axes and below 5 cm', async () => {
    const { task } = entryOf('franka/square');
    const stage = await stageOf(entryOf('franka/square'));
    const at = (x: number, y: number, z: number) => {
      stage.physics.body('nut').place([0.58 + x, 0.1 + y, z]);
      stage.physics.forward();
      return task.success(stage);
    };
    expect([at(0.0299, -0.0299, 0.01), at(0.0301, 0, 0.01), at(0, -0.0301, 0.01)]).toEqual([true, false, false]);
    expect([at(0, 0, 0.0499), at(0, 0, 0.0501)]).toEqual([true, false]);
    stage.physics.close();
  });
});
