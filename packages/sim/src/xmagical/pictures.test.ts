import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { environments, makeEnv } from '../registry.js';
import { type ArenaCamera, ArenaRenderer } from '../render/arena-renderer.js';
import type { BlockColour } from '../render/palette.js';
import { sweepGoal } from './sweep-to-top.js';
import { arenaView, type BlockShape, type EmbodimentName } from './view.js';

interface Frame {
  readonly camera: ArenaCamera;
  readonly embodiment: EmbodimentName;
  readonly size: number;
  readonly blocks: readonly { readonly shape: BlockShape; readonly colour: BlockColour }[];
  readonly goal: BlockColour;
  readonly poses: readonly (readonly number[])[];
  readonly sha256: string;
}

interface Run {
  readonly id: string;
  readonly first: string;
  readonly actions: readonly (readonly number[])[];
  readonly last: string;
}

const file = new URL('../../../../tests/fixtures/xmagical/pictures.json', import.meta.url);
const { frames, runs } = JSON.parse(readFileSync(file, 'utf8')) as { frames: Frame[]; runs: Run[] };
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe('pictures of the original', () => {
  it.each(frames)('are drawn to the byte: $embodiment, $camera, $size pixels', (frame) => {
    const { embodiment, blocks, goal, size, camera, poses } = frame;
    const view = arenaView({ embodiment, blocks, goal: { ...sweepGoal, colour: goal }, zones: [] });
    const picture = new Uint8Array(size * size * 3);
    new ArenaRenderer(view, { width: size, height: size }, camera).render(Float64Array.from(poses.flat()), picture);
    expect(sha256(picture)).toBe(frame.sha256);
  });

  it.each(runs)('are observed at the start and after 20 steps: $id', async ({ id, first, actions, last }) => {
    const env = await makeEnv(id);
    const size = { width: 384, height: 384 };
    expect(env.spec.pictureObservation).toEqual(size);
    const start = env.reset({ seed: 0 });
    expect(start.observation).toHaveLength(0);
    expect(sha256(start.picture!)).toBe(first);
    const end = actions.map((action) => env.step(action)).at(-1)!;
    expect(sha256(end.picture!)).toBe(last);
    expect(sha256(env.render(env.spec.cameras[0]!, size))).toBe(last);
  });
});

describe('the ids of the benchmark', () => {
  it('are four robots, two kinds of observation, two cameras and six variants', () => {
    const ids = environments().map((spec) => spec.id);
    const part = (...words: string[]) => `(${words.join('|')})`;
    const pattern = new RegExp(
      `^SweepToTop-${part('Gripper', 'Shortstick', 'Mediumstick', 'Longstick')}-${part('State', 'Pixels')}-` +
        `${part('Allo', 'Ego')}-${part('Demo', 'TestLayout', 'TestShape', 'TestColor', 'TestDynamics', 'TestAll')}-v0$`,
    );
    expect(new Set(ids.filter((id) => pattern.test(id))).size).toBe(96);
  });

  it('draw by default what their view names, State ids too', async () => {
    const [allo, ego] = [
      await makeEnv('SweepToTop-Gripper-State-Allo-Demo-v0'),
      await makeEnv('SweepToTop-Gripper-State-Ego-Demo-v0'),
    ];
    expect([allo.spec.cameras[0], ego.spec.cameras[0]]).toEqual(['above', 'ego']);
    const observation = allo.reset({ seed: 0 }).observation;
    expect(ego.reset({ seed: 0 }).observation).toEqual(observation);
    const size = { width: 96, height: 96 };
    expect(allo.render('ego', size)).toEqual(ego.render('ego', size));
    expect(allo.render('above', size)).not.toEqual(ego.render('ego', size));
  });
});
