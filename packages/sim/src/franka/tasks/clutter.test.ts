import { mean } from '@rapport/core';
import { describe, expect, test } from 'vitest';
import { raplEntries } from '../rapl.js';
import { outcomes, stageOf } from '../testing/episodes.js';

const entry = raplEntries.find(({ id }) => id === 'franka/clutter')!;

describe('franka/clutter', () => {
  test('is solved by the careful expert, which scores above those who plough or take the wrong thing', async () => {
    const careful = await outcomes(entry, 'careful', 3);
    expect(careful.filter(({ success }) => success)).toHaveLength(3);
    for (const style of ['ploughs', 'wrong-thing', 'one-bar']) {
      const others = await outcomes(entry, style, 3);
      const difference = mean(careful.map(({ score }) => score)) - mean(others.map(({ score }) => score));
      expect(difference, style).toBeGreaterThan(0.05);
    }
  });

  test('counts as solved exactly when both bars are home and every cube is 4 cm before the line', async () => {
    const stage = await stageOf(entry);
    const { physics } = stage;
    const cubes = ['cube_red', 'cube_green', 'cube_blue_near', 'cube_blue_far'];
    const solved = (redX: number, greenX: number) => {
      physics.body('bar_red').place([redX, 0, 0.016]);
      physics.body('bar_green').place([greenX, 0, 0.016]);
      physics.forward();
      return entry.task.success(stage);
    };
    expect([solved(0.479, 0.4), solved(0.481, 0.4), solved(0.4, 0.481), solved(0.44, 0.39)]).toEqual([
      true,
      false,
      false,
      true,
    ]);
    for (const cube of cubes) {
      const [x, y, z] = physics.body(cube).position;
      physics.body(cube).place([0.439, y!, z!]);
      expect(solved(0.44, 0.39), cube).toBe(false);
      physics.body(cube).place([0.441, y!, z!]);
      expect(solved(0.44, 0.39), cube).toBe(true);
      physics.body(cube).place([x!, y!, z!]);
    }
    physics.close();
  });

  test('starts with nothing touching anything else and nothing solved', async () => {
    for (let seed = 0; seed < 10; seed++) {
      const stage = await stageOf(entry, seed);
      const { physics } = stage;
      const boxes = [
        ...['bar_red', 'bar_green'].map((name) => ({ name, half: [0.02, 0.045] as const })),
        ...['cube_red', 'cube_green', 'cube_blue_near', 'cube_blue_far'].map((name) => ({
          name,
          half: [0.02, 0.02] as const,
        })),
      ].map(({ name, half }) => ({ half, place: [...physics.body(name).position] }));
      for (const [index, one] of boxes.entries()) {
        for (const other of boxes.slice(index + 1)) {
          const gaps = [0, 1].map(
            (axis) => Math.abs(one.place[axis]! - other.place[axis]!) - one.half[axis]! - other.half[axis]!,
          );
          expect(Math.max(...gaps)).toBeGreaterThan(0);
        }
      }
      expect(entry.task.success(stage)).toBe(false);
      physics.close();
    }
  });
});
