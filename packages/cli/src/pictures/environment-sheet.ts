import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type Episode,
  type ImageSize,
  type PrivilegedEnv,
  recordEpisode,
  spaceSize,
  throwIfAborted,
  type WorkOptions,
} from '@rapport/core';
import type { RgbImage } from '@rapport/data';
import { type MakeOptions, makeEnv, scriptedPolicies, scriptedPolicy } from '@rapport/sim';
import { composeSheet, halvePicture, type Tile } from './sheet.js';

/** Side of a picture on a sheet, pixels; it is drawn twice as large. */
const SIDE = 160;
const DRAWN: ImageSize = { width: 2 * SIDE, height: 2 * SIDE };

/** Pictures of an episode on its sheet. */
const MOMENTS = 6;

/** One thumbnail of every environment, by its first camera at its first start. */
export async function environmentsSheet(ids: readonly string[], work: WorkOptions): Promise<RgbImage> {
  const tiles: Tile[] = [];
  for (const [index, id] of ids.entries()) {
    work.onProgress?.({ label: `drawing ${id}`, done: index, total: ids.length });
    // Ctrl+C arrives only between turns of the event loop, and drawing waits for none.
    await nextTurn();
    throwIfAborted(work.signal);
    const env = await makeEnv(id);
    env.reset({ seed: 0 });
    tiles.push({ picture: draw(env, env.spec.cameras[0]!), label: id });
    env.close();
  }
  return composeSheet(tiles, Math.min(12, Math.ceil(Math.sqrt(ids.length))));
}

/**
 * An episode of a scripted policy, by default the environment's first, as a film strip per camera: from its start until
 * shortly after its first success, or to its end.
 * @throws InputError when the environment or the policy is unknown
 */
export async function episodeSheet(
  id: string,
  { policy: name, ...options }: MakeOptions & { readonly policy?: string } = {},
): Promise<RgbImage> {
  const policy = scriptedPolicy(id, name ?? scriptedPolicies(id)[0]!.name);
  const env = await makeEnv(id, options);
  const { episode } = await recordEpisode(env, policy, { seed: 0, cameras: [] });
  const last = Math.min(firstSuccess(env, episode) + env.spec.controlHz, episode.length);
  const moments = Array.from({ length: MOMENTS }, (_, index) => Math.round((index * last) / (MOMENTS - 1)));
  const strips = env.spec.cameras.map((): Tile[] => []);
  env.reset({ seed: 0 });
  for (let step = 0; step <= last; step++) {
    if (moments.includes(step)) {
      const seconds = (step / env.spec.controlHz).toFixed(1);
      for (const [index, camera] of env.spec.cameras.entries()) {
        strips[index]!.push({ picture: draw(env, camera), label: `${camera}: ${seconds} s` });
      }
    }
    if (step < last) env.step(actionAt(env, episode, step));
  }
  env.close();
  return composeSheet(strips.flat(), strips[0]!.length);
}

/** Steps until the task first succeeds, Infinity when it does not. */
function firstSuccess(env: PrivilegedEnv, episode: Episode): number {
  env.reset({ seed: 0 });
  for (let step = 0; step < episode.length; step++) {
    env.step(actionAt(env, episode, step));
    if (env.privileged.success()) return step + 1;
  }
  return Number.POSITIVE_INFINITY;
}

function actionAt({ spec }: PrivilegedEnv, { actions }: Episode, step: number): Float32Array {
  const size = spaceSize(spec.actionSpace);
  return actions.subarray(step * size, (step + 1) * size);
}

function draw(env: PrivilegedEnv, camera: string): RgbImage {
  return halvePicture({ ...DRAWN, data: env.render(camera, DRAWN) });
}
