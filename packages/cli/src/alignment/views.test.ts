import type { CameraView, EnvSpec } from '@rapport/core';
import { makeEnv } from '@rapport/sim';
import { beforeAll, describe, expect, it } from 'vitest';
import { rolloutViews } from './views.js';

let spec: EnvSpec;
beforeAll(async () => {
  const env = await makeEnv('franka/fork');
  spec = env.spec;
  env.close();
});

const options = (more: Partial<Parameters<typeof rolloutViews>[3]> = {}) => ({
  method: 'direct' as const,
  picture: 96,
  rewardCameras: undefined,
  ...more,
});
const names = ({ cameras, rewardCameras }: ReturnType<typeof rolloutViews>) => ({
  cameras: cameras.map(({ camera, width }) => `${camera} ${width}`),
  rewardCameras,
});
const recorded = (...cameras: string[]) => ({
  id: 'd',
  cameras: cameras.map((camera) => ({ camera })),
});

describe('rolloutViews', () => {
  it('records the wrist for a reward that is learned, and looks at what is recorded without one', () => {
    const learned = rolloutViews(spec, [], undefined, options({ method: 'rapl' }));
    expect(names(learned)).toEqual({ cameras: ['front 96', 'wrist 96'], rewardCameras: ['wrist'] });
    expect(names(rolloutViews(spec, [], undefined, options()))).toEqual({
      cameras: ['front 96'],
      rewardCameras: ['front'],
    });
    const chosen = rolloutViews(spec, [], undefined, options({ method: 'rlhf', rewardCameras: ['front', 'wrist'] }));
    expect(chosen.rewardCameras).toEqual(['front', 'wrist']);
  });

  it("keeps the policy's pictures at their size, and lets a reward look at them", () => {
    const seen: CameraView[] = [{ camera: 'wrist', width: 84, height: 84 }];
    expect(names(rolloutViews(spec, seen, undefined, options({ method: 'rapl' })))).toEqual({
      cameras: ['front 96', 'wrist 84'],
      rewardCameras: ['wrist'],
    });
    const bare = rolloutViews(spec, seen, undefined, options({ method: 'rapl', picture: 0 }));
    expect(names(bare)).toEqual({ cameras: ['wrist 84'], rewardCameras: ['wrist'] });
  });

  it('looks through the cameras of rollouts that are there', () => {
    expect(rolloutViews(spec, [], recorded('front'), options({ method: 'rapl' })).rewardCameras).toEqual(['front']);
    expect(rolloutViews(spec, [], recorded('front', 'wrist'), options()).rewardCameras).toEqual(['wrist']);
    expect(rolloutViews(spec, [], recorded(), options()).rewardCameras).toEqual([]);
  });

  it('refuses a reward without pictures, and cameras that are not there', () => {
    const refuse = (more: Parameters<typeof options>[0], there?: ReturnType<typeof recorded>) =>
      expect(() => rolloutViews(spec, [], there, options(more)));
    refuse({ method: 'rapl', picture: 0 }).toThrow('--method rapl learns a reward from pictures');
    refuse({ method: 'rapl' }, recorded()).toThrow('--method rapl learns a reward from pictures');
    refuse({ method: 'rapl', rewardCameras: ['side'] }).toThrow('franka/fork has no camera "side"');
    refuse({ method: 'rapl', rewardCameras: ['wrist'] }, recorded('front')).toThrow(
      'dataset d has no pictures of camera "wrist"; it has front',
    );
  });
});
