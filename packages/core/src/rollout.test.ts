import { describe, expect, it } from 'vitest';
import type { CameraView, Env, EnvSpec } from './env.js';
import type { Policy } from './episode.js';
import { playEpisode } from './rollout.js';
import { boxSpace } from './spaces.js';

const entry = { name: 'x', unit: 'm', low: -1, high: 9 };
const spec: EnvSpec = {
  id: 'test/count',
  summary: 'counts steps',
  observationSpace: boxSpace([entry]),
  actionSpace: boxSpace([entry, entry]),
  controlHz: 10,
  maxEpisodeSteps: 3,
  cameras: ['above', 'wrist'],
};

/** Counts steps; pictures show the count, 100 more by the camera at the wrist. `drawn` lists what was rendered. */
function counter(): { readonly env: Env; readonly drawn: string[] } {
  let count = 0;
  const drawn: string[] = [];
  const observe = () => ({ observation: Float32Array.of(count), info: {} });
  const env: Env = {
    spec,
    reset: () => {
      count = 0;
      return observe();
    },
    step: () => {
      count += 1;
      return { ...observe(), reward: 0, terminated: false, truncated: count === 3 };
    },
    render: (camera, { width, height }, out = new Uint8Array(3 * width * height)) => {
      drawn.push(`${camera} ${width}x${height}`);
      return out.fill(count + (camera === 'wrist' ? 100 : 0));
    },
    close: () => undefined,
  };
  return { env, drawn };
}

/** Notes the first byte and the length of every picture that it is shown. */
function watcher(cameras: readonly CameraView[]): { readonly policy: Policy; readonly seen: number[][] } {
  const seen: number[][] = [];
  const policy: Policy = {
    name: 'watcher',
    signature: { observationSize: 1, actionSize: 2, cameras },
    reset: () => undefined,
    act: (_, pictures) => {
      seen.push((pictures ?? []).flatMap((picture) => [picture[0]!, picture.length]));
      return new Float32Array(2);
    },
  };
  return { policy, seen };
}

describe('playEpisode', () => {
  it('shows a policy the present pictures of its cameras, in their order', async () => {
    const { env, drawn } = counter();
    const { policy, seen } = watcher([
      { camera: 'wrist', width: 2, height: 2 },
      { camera: 'above', width: 4, height: 1 },
    ]);
    await playEpisode(env, policy, { seed: 0, cameras: [] });
    expect(seen).toEqual([0, 1, 2].map((count) => [100 + count, 12, count, 12]));
    expect(drawn).toHaveLength(6);
  });

  it('draws a picture once that is both recorded and looked at', async () => {
    const { env, drawn } = counter();
    const { policy, seen } = watcher([{ camera: 'above', width: 2, height: 2 }]);
    const recorded = { camera: 'above', width: 2, height: 2 };
    const { frames } = await playEpisode(env, policy, { seed: 0, cameras: [recorded] });
    expect(drawn).toEqual(['above 2x2', 'above 2x2', 'above 2x2']);
    expect(seen.map(([first]) => first)).toEqual([0, 1, 2]);
    expect(frames[0]!.data[12]).toBe(1);
  });

  it('draws nothing for a policy that looks at nothing', async () => {
    const { env, drawn } = counter();
    const { policy, seen } = watcher([]);
    await playEpisode(env, policy, { seed: 0, cameras: [] });
    expect(drawn).toEqual([]);
    expect(seen).toEqual([[], [], []]);
  });

  it('refuses a policy that was made for something else', async () => {
    const { env } = counter();
    const run = (signature: Policy['signature']) =>
      playEpisode(env, { ...watcher([]).policy, ...(signature && { signature }) }, { seed: 0, cameras: [] });
    const fits = { observationSize: 1, actionSize: 2, cameras: [] };
    await expect(run({ ...fits, observationSize: 4 })).rejects.toThrow('expects 4 observed numbers; test/count has 1');
    await expect(run({ ...fits, actionSize: 7 })).rejects.toThrow('actions of 7 numbers; test/count takes 2');
    const camera = { camera: 'left', width: 1, height: 1 };
    await expect(run({ ...fits, cameras: [camera] })).rejects.toThrow(
      'looks at camera "left"; test/count has above, wrist',
    );
  });
});
