import { availableParallelism } from 'node:os';
import {
  type CameraView,
  type EnvSpec,
  InputError,
  InterruptedError,
  RandomStream,
  type WorkOptions,
} from '@rapport/core';
import type { ImageStorage } from '@rapport/data';
import { EVALUATION_SEED_START } from '@rapport/policy';
import { type Actor, makeEnv, streamEpisodes } from '@rapport/sim';
import { openRolloutDataset } from './rollout-dataset.js';

/** What to record. */
export interface Recording {
  readonly envId: string;
  /** For example `mixed`. */
  readonly policy: Actor;
  readonly episodes: number;
  /** Cameras by name; the environment's first one when absent. */
  readonly cameras?: readonly string[];
  /** Width and height of the pictures; 0 records none. */
  readonly picture: number;
  /** Absent: video where ffmpeg can encode it. */
  readonly storage?: ImageStorage;
  /** Folder with a model of the arm, for manipulation environments. */
  readonly assets?: string;
  readonly seed: number;
  /** Identity of the dataset in the feedback ledger. */
  readonly datasetId: string;
}

/**
 * Records rollouts into a dataset, made when it is missing; one that is there already is gone on with, and ends as if
 * it had been recorded at one go.
 * @returns the number of episodes
 * @throws InterruptedError when stopped; the dataset holds every episode stored so far
 */
export async function recordDataset(directory: string, recording: Recording, work: WorkOptions): Promise<number> {
  const { envId, policy, episodes, datasetId: id, storage } = recording;
  const env = await makeEnv(envId);
  const { spec } = env;
  env.close();
  const cameras = recordedCameras(spec, recording);
  const writer = await openRolloutDataset(directory, { id, spec, cameras, ...(storage && { storage }) });
  const seeds = episodeSeeds(recording.seed, episodes);
  const workers = Math.min(availableParallelism(), 8);
  const label = `recording ${envId}`;
  work.onProgress?.({ label, done: writer.episodeCount, total: episodes });
  try {
    const recorded = streamEpisodes({
      envId,
      policy,
      seeds: seeds.slice(writer.episodeCount),
      cameras,
      workers,
      ...(work.signal !== undefined && { signal: work.signal }),
      ...(recording.assets !== undefined && { assets: recording.assets }),
    });
    for await (const episode of recorded) {
      await writer.append(episode);
      work.onProgress?.({ label, done: writer.episodeCount, total: episodes });
    }
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error;
    throw new InterruptedError(`stopped after ${writer.episodeCount} of ${episodes} episodes, which are kept`);
  } finally {
    await writer.finalize();
  }
  return writer.episodeCount;
}

/**
 * The pictures that a recording keeps.
 * @throws InputError when the environment has no such camera
 */
export function recordedCameras(
  { id, cameras }: EnvSpec,
  { cameras: wanted = cameras.slice(0, 1), picture }: Pick<Recording, 'cameras' | 'picture'>,
): CameraView[] {
  const missing = wanted.find((camera) => !cameras.includes(camera));
  if (missing !== undefined) {
    throw new InputError(`${id} has no camera "${missing}"; it has ${cameras.join(', ') || 'none'}`);
  }
  return picture === 0 ? [] : wanted.map((camera) => ({ camera, width: picture, height: picture }));
}

/** Seeds of training episodes, disjoint from those of evaluation; the first ones do not depend on `count`. */
export function episodeSeeds(seed: number, count: number): number[] {
  const stream = new RandomStream(seed, 'rollout/episodes');
  return Array.from({ length: count }, () => stream.integer(EVALUATION_SEED_START));
}
