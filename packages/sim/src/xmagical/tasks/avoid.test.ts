import { episodeScore, recordEpisode } from '@rapport/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NumpyRandomState } from '../../numpy/random-state.js';
import { makeEnv, scriptedPolicy } from '../../registry.js';
import type { ArenaBlock, ArenaBody, ArenaState } from '../arena-state.js';
import { defaultDynamics } from '../layout.js';
import { avoidTask, avoidZone } from './avoid.js';

const embodiments = ['longstick', 'mediumstick', 'shortstick', 'gripper'] as const;

/** A body that is its bounding box. */
function boxAt(x: number, y: number, halfWidth: number, halfHeight: number): ArenaBlock {
  const box = { left: x - halfWidth, right: x + halfWidth, bottom: y - halfHeight, top: y + halfHeight };
  return {
    x,
    y,
    angle: 0,
    velocityX: 0,
    velocityY: 0,
    angularVelocity: 0,
    touchedByRobot: false,
    bounds: (out) => Object.assign(out, box),
    inside: (area) =>
      box.left >= area.left && box.right <= area.right && box.bottom >= area.bottom && box.top <= area.top,
    overlaps: (area) =>
      box.left <= area.right && box.right >= area.left && box.bottom <= area.top && box.top >= area.bottom,
  };
}

/** An arena whose blocks started at y = 0 and stand at the heights given, far from the zone. */
function arenaWith(robot: ArenaBody, heights: readonly number[]): ArenaState {
  const place = (y: number) => ({ x: -0.5, y, angle: 0, shape: 'square', colour: 'red' }) as const;
  return {
    embodiment: 'longstick',
    robot,
    blocks: heights.map((y) => boxAt(-0.5, y, 0.1, 0.1)),
    layout: {
      robot: { x: 0, y: -0.6, angle: 0 },
      blocks: heights.map(() => place(0)),
      goal: { left: -1.2, right: 1.2, bottom: 0.76, top: 1.16, colour: 'red' },
      zones: [avoidZone('longstick')],
      dynamics: defaultDynamics,
    },
    fingerOpening: () => 0,
  };
}

describe('avoidTask', () => {
  const task = avoidTask('longstick');
  const away = boxAt(0, -0.6, 0.1, 0.1);

  it('scores progress alone as long as nothing enters the zone', () => {
    const arena = arenaWith(away, [0.88, 0.44, -0.3]);
    const memory = new Float64Array(1);
    task.remember(arena, memory);
    // (1 + 1/2 + 0) / 3
    expect(task.stepScore(arena, memory)).toBeCloseTo(0.5, 12);
  });

  it('keeps 0.85 of the score after each step deep in the zone, and part of it after a graze', () => {
    const done = [0.9, 0.9, 0.9];
    const memory = new Float64Array(1);
    const deep = arenaWith(boxAt(0.8, 0.5, 0.15, 0.15), done);
    task.remember(deep, memory);
    task.remember(deep, memory);
    expect(task.stepScore(arenaWith(away, done), memory)).toBeCloseTo(0.85 ** 2, 12);
    // The right edge lies 0.04 inside the zone, which begins at x = 0.62.
    task.remember(arenaWith(boxAt(0.56, 0.5, 0.1, 0.1), done), memory);
    expect(task.stepScore(arenaWith(away, done), memory)).toBeCloseTo(0.85 ** 2.4, 12);
  });

  it('counts a block in the zone as it counts the robot', () => {
    const arena = { ...arenaWith(away, [0.9, 0.9, 0.9]), blocks: [boxAt(0.9, 0.5, 0.11, 0.11)] };
    const memory = new Float64Array(1);
    task.remember(arena, memory);
    expect(memory[0]).toBe(1);
  });

  it('calls it a success only when all blocks are contained and the zone was never entered', () => {
    const arena = arenaWith(away, [0.9, 0.9, 0.9]);
    expect(task.success(arena, Float64Array.of(0))).toBe(true);
    expect(task.success(arena, Float64Array.of(0.1))).toBe(false);
    expect(task.success(arenaWith(away, [0.9, 0.9, 0.8]), Float64Array.of(0))).toBe(false);
  });

  it('draws the same start for the same seed, outside the zone and inside the arena', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 32 - 1), fc.constantFrom(...embodiments), (seed, embodiment) => {
        const draw = () => avoidTask(embodiment).drawLayout(new NumpyRandomState(seed));
        const layout = draw();
        expect(draw()).toEqual(layout);
        const { left, bottom } = avoidZone(embodiment);
        for (const { x, y } of layout.blocks) {
          expect(Math.abs(x)).toBeLessThan(0.9);
          expect(x + 0.11 < left || y + 0.11 < bottom).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
  });

  it.each(embodiments)('is won with care, and lost by the shortest way, with %s', async (embodiment) => {
    const env = await makeEnv(`xmagical/avoid-${embodiment}`);
    const play = async (name: string) => {
      const policy = scriptedPolicy(env.spec.id, name);
      const episodes = [];
      for (let seed = 0; seed < 6; seed++) episodes.push(await recordEpisode(env, policy, { seed, cameras: [] }));
      const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
      return {
        score: mean(episodes.map(({ privileged }) => episodeScore(privileged))),
        success: mean(episodes.map(({ privileged }) => Number(privileged.success))),
        sparse: mean(episodes.map(({ episode }) => mean([...episode.rewards]))),
      };
    };
    const careful = await play('careful');
    const careless = await play('careless');
    expect(careful.success).toBeGreaterThanOrEqual(5 / 6);
    expect(careless.success).toBe(0);
    // The benchmark prefers the shortest way, the preference the careful one.
    expect(careless.sparse).toBeGreaterThan(careful.sparse);
    expect(careful.score).toBeGreaterThan(1.7 * careless.score);
  });
});
