import { episodeScore, recordEpisode } from '@rapport/core';
import { describe, expect, it } from 'vitest';
import { NumpyRandomState } from '../../numpy/random-state.js';
import { makeEnv, scriptedPolicy } from '../../registry.js';
import type { ArenaBlock, ArenaState } from '../arena-state.js';
import { defaultDynamics } from '../layout.js';
import { groupTask } from './group.js';

const embodiments = ['longstick', 'mediumstick', 'shortstick', 'gripper'] as const;
type Place = readonly [x: number, y: number];

function blockAt([x, y]: Place): ArenaBlock {
  return {
    x,
    y,
    angle: 0,
    velocityX: 0,
    velocityY: 0,
    angularVelocity: 0,
    touchedByRobot: false,
    bounds: (out) => out,
    inside: () => false,
    overlaps: () => false,
  };
}

function arenaWith(start: readonly Place[], now: readonly Place[]): ArenaState {
  return {
    embodiment: 'mediumstick',
    robot: blockAt([0, -0.6]),
    blocks: now.map(blockAt),
    layout: {
      robot: { x: 0, y: -0.6, angle: 0 },
      blocks: start.map(([x, y]) => ({ x, y, angle: 0, shape: 'square', colour: 'red' })),
      goal: { left: -1.2, right: 1.2, bottom: 0.76, top: 1.16, colour: 'red' },
      zones: [],
      dynamics: defaultDynamics,
    },
    fingerOpening: () => 0,
  };
}

describe('groupTask', () => {
  const task = groupTask('mediumstick');
  const memory = new Float64Array(0);
  const start: Place[] = [
    [-0.2, 0],
    [0, 0],
    [0.2, 0],
  ];

  it('scores progress alone as long as the formation moves as one', () => {
    const moved = start.map(([x, y]): Place => [x - 0.3, y + 0.37]);
    expect(task.stepScore(arenaWith(start, moved), memory)).toBeCloseTo(0.5, 12);
  });

  it('takes a factor e for every 0.08 m of distortion beyond the first 0.08 m', () => {
    const moved: Place[] = [
      [-0.2, 0.74],
      [0, 0.9],
      [0.2, 0.74],
    ];
    expect(task.stepScore(arenaWith(start, moved), memory)).toBeCloseTo(Math.exp(-1), 12);
  });

  it('measures distortion as the worst pair, whichever blocks it is made of', () => {
    const stray: Place[] = [
      [-0.2, 0.74],
      [0, 0.74],
      [0.2, 1.06],
    ];
    const mirrored = stray.map(([x, y]): Place => [-x, y]);
    const startMirrored = start.map(([x, y]): Place => [-x, y]);
    const score = task.stepScore(arenaWith(start, stray), memory);
    expect(score).toBeCloseTo(Math.exp(-3), 12);
    expect(task.stepScore(arenaWith(startMirrored, mirrored), memory)).toBeCloseTo(score, 12);
  });

  it('calls it a success when all blocks are up and the formation has held', () => {
    const up = start.map(([x, y]): Place => [x, y + 0.8]);
    expect(task.success(arenaWith(start, up), memory)).toBe(true);
    expect(task.success(arenaWith(start, [...up.slice(0, 2), [0.2, 1.0]]), memory)).toBe(false);
    expect(task.success(arenaWith(start, [...up.slice(0, 2), [0.2, 0.7]]), memory)).toBe(false);
  });

  it('draws groups whose blocks do not overlap', () => {
    for (const embodiment of embodiments) {
      for (let seed = 0; seed < 100; seed++) {
        const { blocks } = groupTask(embodiment).drawLayout(new NumpyRandomState(seed));
        for (let a = 0; a < 3; a++) {
          for (let b = a + 1; b < 3; b++) {
            const distance = Math.hypot(blocks[a]!.x - blocks[b]!.x, blocks[a]!.y - blocks[b]!.y);
            // Squares of side 0.2127 at one angle overlap less than a hundredth when their centres are this far apart.
            expect(distance).toBeGreaterThan(0.2);
          }
        }
      }
    }
  });

  it.each(embodiments)('is won together, and lost block by block, with %s', async (embodiment) => {
    const env = await makeEnv(`xmagical/group-${embodiment}`);
    const play = async (name: string) => {
      const policy = scriptedPolicy(env.spec.id, name);
      let score = 0;
      let successes = 0;
      for (let seed = 0; seed < 6; seed++) {
        const { privileged } = await recordEpisode(env, policy, { seed, cameras: [] });
        score += episodeScore(privileged) / 6;
        successes += Number(privileged.success);
      }
      return { score, successes };
    };
    const careful = await play('careful');
    const careless = await play('careless');
    expect(careful.successes).toBeGreaterThanOrEqual(5);
    expect(careful.score).toBeGreaterThan(2 * careless.score);
  });
});
