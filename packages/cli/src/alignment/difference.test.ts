import { boxSpace, type RecordedEpisode } from '@rapport/core';
import { describe, expect, it } from 'vitest';
import { differenceOf } from './difference.js';
import { observedPath, pathPicture, pathViews } from './paths.js';

/** An episode with two action numbers per step. */
function episode(seed: number, actions: number[], success: boolean, way: string): RecordedEpisode {
  const length = actions.length / 2;
  return {
    episode: {
      envId: 'e',
      seed,
      policy: 'p',
      length,
      observations: Float32Array.from({ length: 3 * (length + 1) }, (_, index) => index),
      actions: Float32Array.from(actions),
      rewards: new Float32Array(length),
      terminated: success,
      truncated: !success,
      frames: [],
    },
    privileged: {
      stepScores: new Float32Array(length).fill(success ? 1 : 0.5),
      success,
      scene: { bodies: [], bounds: { min: [0, 0, 0], max: [1, 1, 1] }, view: 'planar' },
      poses: new Float32Array(0),
      way: { name: way, preferred: success && way === 'good' },
    },
  };
}

describe('differenceOf', () => {
  it('compares start by start: outcomes, ways and actions', () => {
    const first = [episode(1, [0, 0, 1, 1], true, 'good'), episode(2, [0, 0, 0, 0, 0, 0], true, 'bad')];
    const second = [episode(1, [3, 4, 1, 1, 9, 9], false, 'good'), episode(2, [0, 0, 0, 2], true, 'good')];
    const { change, ways, actionDistance, first: before } = differenceOf(first, second);
    expect(before.preferred!.mean).toBe(0.5);
    expect(change.success.mean).toBe(-0.5);
    expect(change.score.mean).toBeCloseTo(-0.25);
    expect(change.preferred!.mean).toBe(0);
    expect(ways).toEqual([
      { first: 'good', second: 'good', count: 1 },
      { first: 'bad', second: 'good', count: 1 },
    ]);
    // Root of the mean square of (3, 4) and of (0, 0); then of (0, 0) and of (0, 2). No third step is common.
    expect(actionDistance.map(({ step }) => step)).toEqual([0, 1]);
    expect(actionDistance[0]!.distance.mean).toBeCloseTo(Math.sqrt(12.5) / 2);
    expect(actionDistance[1]!.distance.mean).toBeCloseTo(Math.SQRT2 / 2);
  });
});

describe('pathViews', () => {
  const space = (names: string[]) => boxSpace(names.map((name) => ({ name, unit: 'm', low: -1, high: 1 })));

  it('finds what acts by its name, from above and where there is a height from the side', () => {
    expect(pathViews(space(['robot_x', 'robot_y', 'block_x'])).map(({ columns }) => columns)).toEqual([[0, 1]]);
    const arm = pathViews(space(['width', 'tcp_x', 'tcp_y', 'tcp_z']));
    expect(arm.map(({ columns }) => columns)).toEqual([
      [1, 2],
      [1, 3],
    ]);
    expect(pathViews(space(['a', 'b']))).toEqual([]);
  });

  it('follows the observations to the end', () => {
    const { episode: one } = episode(1, [0, 0, 1, 1], true, 'good');
    const view = { title: 'robot from above', columns: [0, 2] as const };
    const path = observedPath(one, space(['x', 'y', 'z']), view);
    expect(path.points).toEqual([
      [0, 2],
      [3, 5],
      [6, 8],
    ]);
    const picture = pathPicture(view, [{ name: 'A <1>', colour: '#000', paths: [path] }]);
    expect(picture).toContain('A &#60;1&#62;');
    expect(picture.match(/<circle/g)).toHaveLength(1);
  });
});
