import { type CameraView, type EnvSpec, InputError } from '@rapport/core';
import { recordedCameras } from '../recording.js';
import type { AlignOptions } from './options.js';

/** Cameras of rollouts. */
export interface RolloutViews {
  /** Pictures to record: what the policy looks at, the first camera for people, and what a reward looks through. */
  readonly cameras: readonly CameraView[];
  /** Cameras by which rollouts are told apart, and through which a reward looks; none where nothing is recorded. */
  readonly rewardCameras: readonly string[];
}

/** On an arm it shows best how a thing is grasped (docs/alignment-experiment.md, measured on the fork). */
const CLOSEST_CAMERA = 'wrist';

/**
 * Chooses cameras. A reward that is to be learned looks through those that were asked for, or the usual one; without one,
 * rollouts are told apart by what is recorded anyway.
 * @param seen what the policy looks at
 * @param recorded rollouts that are there already
 * @throws InputError when a camera is not there, or a reward would have none
 */
export function rolloutViews(
  spec: EnvSpec,
  seen: readonly CameraView[],
  recorded: { readonly id: string; readonly cameras: readonly Pick<CameraView, 'camera'>[] } | undefined,
  { method, picture, rewardCameras }: Pick<AlignOptions, 'method' | 'picture' | 'rewardCameras'>,
): RolloutViews {
  const { cameras } = spec;
  const look = (...names: string[]) => {
    const others = [...new Set(names)].filter((name) => seen.every(({ camera }) => camera !== name));
    return [...recordedCameras(spec, { cameras: others, picture }), ...seen];
  };
  const usual = look(...cameras.slice(0, 1));
  if (recorded !== undefined) {
    const there = recorded.cameras.map(({ camera }) => camera);
    const missing = rewardCameras?.find((camera) => !there.includes(camera));
    if (missing !== undefined) {
      throw new InputError(
        `dataset ${recorded.id} has no pictures of camera "${missing}"; it has ${there.join(', ') || 'none'}`,
      );
    }
    return { cameras: usual, rewardCameras: forReward(method, rewardCameras ?? closest(there)) };
  }
  const asked = rewardCameras ?? (method === 'direct' ? [] : closest(cameras));
  const views = look(...cameras.slice(0, 1), ...asked);
  const there = views.map(({ camera }) => camera);
  const chosen = asked.length === 0 ? closest(there) : asked.filter((camera) => there.includes(camera));
  return { cameras: views, rewardCameras: forReward(method, chosen) };
}

function closest(cameras: readonly string[]): readonly string[] {
  return cameras.includes(CLOSEST_CAMERA) ? [CLOSEST_CAMERA] : cameras.slice(0, 1);
}

/** @throws InputError when a reward is to be learned through no camera */
function forReward(method: AlignOptions['method'], cameras: readonly string[]): readonly string[] {
  if (method === 'direct' || cameras.length > 0) return cameras;
  throw new InputError(`--method ${method} learns a reward from pictures, and the rollouts have none`, {
    fix: 'record pictures (--picture 96), or learn from the rankings alone (--method direct)',
  });
}
