import { availableParallelism } from 'node:os';
import {
  type EnvSpec,
  InputError,
  InterruptedError,
  RandomStream,
  throwIfAborted,
  type WorkOptions,
} from '@rapport/core';
import type { ImageStorage } from '@rapport/data';
import { EVALUATION_SEED_START } from '@rapport/policy';
import { type Actor, collectEpisodes, makeEnv } from '@rapport/sim';
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
 * Episodes that are recorded before they are stored; a stop loses at most these. Trained policies take a second to be
 * made, which each batch does anew.
 */
const BATCH_PER_WORKER = { scripted: 4, trained: 16 };

/**
 * Records rollouts into a dataset, made when it is missing; one that is there already is gone on with, and ends as if
 * it had been recorded at one go.
 * @returns the number of episodes
 * @throws InterruptedError when stopped; the dataset holds every episode stored so far
 */
export async function recordDataset(directory: string, recording: Recording, work: WorkOptions): Promise<number> {
  const { envId, policy, episodes, picture, datasetId: id, storage } = recording;
  const env = await makeEnv(envId);
  const { spec } = env;
  env.close();
  const wanted = recording.cameras ?? spec.cameras.slice(0, 1);
  const cameras = picture === 0 ? [] : wanted.map((camera) => ({ camera, width: picture, height: picture }));
  const writer = await openRolloutDataset(directory, { id, spec, cameras, ...(storage && { storage }) });
  const seeds = episodeSeeds(recording.seed, episodes);
  const workers = Math.min(availableParallelism(), 8);
  const batchSize = workers * BATCH_PER_WORKER[typeof policy === 'string' ? 'scripted' : 'trained'];
  const label = `recording ${envId}`;
  work.onProgress?.({ label, done: writer.episodeCount, total: episodes });
  try {
    while (writer.episodeCount < episodes) {
      throwIfAborted(work.signal);
      const done = writer.episodeCount;
      const batch = seeds.slice(done, done + batchSize);
      const settings = {
        ...(work.signal !== undefined && { signal: work.signal }),
        ...(recording.assets !== undefined && { assets: recording.assets }),
      };
      const recorded = await collectEpisodes({ envId, policy, seeds: batch, cameras, workers, ...settings });
      for (const episode of recorded) {
        await writer.append(episode);
        work.onProgress?.({ label, done: writer.episodeCount, total: episodes });
      }
    }
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error;
    throw new InterruptedError(`stopped after ${writer.episodeCount} of ${episodes} episodes, which are kept`);
  } finally {
    await writer.finalize();
  }
  return writer.episodeCount;
}

/** @throws InputError when the environment has no such camera */
export function checkCameras({ id, cameras }: EnvSpec, wanted: readonly string[]): void {
  const missing = wanted.find((camera) => !cameras.includes(camera));
  if (missing === undefined) return;
  throw new InputError(`${id} has no camera "${missing}"; it has ${cameras.join(', ') || 'none'}`);
}

/** Seeds of training episodes, disjoint from those of evaluation; the first ones do not depend on `count`. */
export function episodeSeeds(seed: number, count: number): number[] {
  const stream = new RandomStream(seed, 'rollout/episodes');
  return Array.from({ length: count }, () => stream.integer(EVALUATION_SEED_START));
}
