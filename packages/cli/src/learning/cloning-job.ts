import { existsSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type EnvSpec, InputError, spaceSize, type WorkOptions } from '@rapport/core';
import { type Dataset, latestCheckpoint, openDataset, openMetrics, writeDurably } from '@rapport/data';
import {
  type CloningConfig,
  cloningDiffusionConfig,
  type DemonstrationParts,
  type DiffusionConfig,
  demonstrationFeatures,
  readDemonstrations,
  readTrainingFiles,
  trainDiffusion,
} from '@rapport/policy';
import { makeEnv } from '@rapport/sim';
import { z } from 'zod';
import { pointSchema, TrainingRecord } from './cloning-record.js';
import { isHeldOut } from './held-out.js';

/** A policy to clone from demonstrations. */
export interface CloningJob {
  /** Folder for metrics, checkpoints, `policy/` (the newest) and `best/`. What is there is gone on with. */
  readonly directory: string;
  /** Folder of the dataset. */
  readonly dataset: string;
  /** Where the policy is tried on the way; undefined for no rollouts. */
  readonly envId: string | undefined;
  readonly config: CloningConfig;
  readonly seed: number;
}

const resultSchema = z.object({
  format: z.literal(1),
  curve: z.array(pointSchema),
  /** Step of the policy in `best/`: most successes, then the higher score, then the lower loss on held-out episodes. */
  bestStep: z.int(),
  episodes: z.object({ training: z.int(), heldOut: z.int() }),
  /** Trained numbers of the networks. */
  parameters: z.int(),
});

export type CloningResult = z.infer<typeof resultSchema>;

/** Files and folders of a job below its directory. */
const RESULT_FILE = 'result.json';
const CACHE_FOLDER = 'cache';

/** Decoded pictures take at most this much memory, and this much of the disk where they need more. */
const PICTURE_MEMORY = 2 * 2 ** 30;
const PICTURE_FILE = 64 * 2 ** 30;

/**
 * Trains a diffusion policy on the episodes of a dataset that are not held out, going on from the last checkpoint of an
 * earlier try; a job that is done already returns at once.
 * @throws InputError when the dataset does not fit the environment or the settings
 */
export async function runCloningJob(job: CloningJob, work: WorkOptions): Promise<CloningResult> {
  const { directory, config, seed } = job;
  const resultFile = join(directory, RESULT_FILE);
  if (existsSync(resultFile)) return resultSchema.parse(await readJson(resultFile));

  const earlier = await latestCheckpoint(directory);
  const resume = earlier && (await readTrainingFiles(earlier.directory));
  // Without a checkpoint an earlier try starts again; its metrics go.
  if (earlier === undefined) await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  const dataset = await openDataset(job.dataset);
  const split = splitEpisodes(dataset);
  const diffusion = clonedPolicyConfig(dataset, config);
  const demonstrations = await readAll(job, dataset, [...split.training, ...split.heldOut], work);
  const env = job.envId === undefined ? undefined : await makeEnv(job.envId);
  const metrics = await openMetrics(directory, earlier?.step);
  try {
    const record = new TrainingRecord(job, env, metrics.write, work);
    if (earlier !== undefined) await record.restore(earlier.directory);
    const policy = await trainDiffusion({
      ...work,
      config: diffusion,
      demonstrations: demonstrations.demonstrations.slice(0, split.training.length),
      validation: demonstrations.demonstrations.slice(split.training.length),
      steps: config.steps,
      batchSize: config.batchSize,
      firstPlanShare: config.firstPlanShare,
      averageDecay: config.averageDecay,
      seed,
      checkpointEvery: config.evaluateEvery,
      onMetrics: (step, values) => {
        record.noteLoss(values['train/loss']);
        metrics.write(step, values);
      },
      onCheckpoint: (step, current, state, loss) => record.checkpoint(step, current, state, loss),
      ...(resume && { resume }),
    });
    const result: CloningResult = {
      format: 1,
      curve: record.curve,
      bestStep: record.best!.step,
      episodes: { training: split.training.length, heldOut: split.heldOut.length },
      parameters: Object.values(policy.parameters).reduce((sum, { data }) => sum + data.length, 0),
    };
    await writeDurably(resultFile, `${JSON.stringify(result, null, 2)}\n`);
    return result;
  } finally {
    metrics.close();
    demonstrations.close();
    env?.close();
    if (existsSync(resultFile)) await rm(join(directory, CACHE_FOLDER), { recursive: true, force: true });
  }
}

/** Episodes to learn from, and those that are held out as everywhere; with fewer than five none is. */
function splitEpisodes({ id, episodes }: Dataset): { readonly training: number[]; readonly heldOut: number[] } {
  const all = episodes.map(({ index }) => index);
  if (all.length < 5) return { training: all, heldOut: [] };
  const heldOut = all.filter((episode) => isHeldOut({ dataset: id, episode }));
  return { training: all.filter((episode) => !heldOut.includes(episode)), heldOut };
}

/** What of a dataset the policy is to see. */
function partsOf(dataset: Dataset, { state, cameras }: CloningConfig): DemonstrationParts {
  const observed = spaceSize(dataset.observationSpace);
  // The split matters to LeRobot alone, which wants a number of the environment where there is no camera.
  return { stateSize: state ?? (cameras.length > 0 ? observed : observed - 1), cameras };
}

/**
 * The settings of the policy that a job trains.
 * @throws InputError when the dataset lacks what the policy is to see, or settings contradict each other
 */
export function clonedPolicyConfig(dataset: Dataset, config: CloningConfig): DiffusionConfig {
  if (dataset.episodes.length === 0) throw new InputError(`dataset ${dataset.id} has no episodes to learn from`);
  return cloningDiffusionConfig(config, demonstrationFeatures(dataset, partsOf(dataset, config)));
}

async function readAll({ directory, config }: CloningJob, dataset: Dataset, episodes: number[], work: WorkOptions) {
  const cache = {
    memoryBytes: PICTURE_MEMORY,
    file: join(directory, CACHE_FOLDER, 'pictures.bin'),
    fileBytes: PICTURE_FILE,
  };
  return readDemonstrations(dataset, { ...work, ...partsOf(dataset, config), episodes, cache });
}

/**
 * Holds a dataset against the environment in which a policy learned from it is to act.
 * @throws InputError naming what the one has and the other expects
 */
export function checkDatasetFits(dataset: Dataset, cameras: readonly string[], spec: EnvSpec): void {
  const sizes = [
    ['observed numbers', spaceSize(dataset.observationSpace), spaceSize(spec.observationSpace)],
    ['numbers in an action', spaceSize(dataset.actionSpace), spaceSize(spec.actionSpace)],
  ] as const;
  for (const [what, found, expected] of sizes) {
    if (found === expected) continue;
    throw new InputError(`dataset ${dataset.id} has ${found} ${what}; ${spec.id} has ${expected}`, {
      fix: 'name the environment that the demonstrations were recorded in, or set policy.evaluationEpisodes to 0',
    });
  }
  const missing = cameras.find((camera) => !spec.cameras.includes(camera));
  if (missing !== undefined) {
    throw new InputError(
      `${spec.id} has no camera "${missing}" to show the policy; it has ${spec.cameras.join(', ')}`,
      {
        fix: 'take cameras that both have, or set policy.evaluationEpisodes to 0',
      },
    );
  }
}

async function readJson(path: string): Promise<unknown> {
  return JSON.parse(await readFile(path, 'utf8'));
}
