import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type EnvSpec,
  InputError,
  type Interval,
  type PrivilegedEnv,
  spaceSize,
  throwIfAborted,
  type WorkOptions,
} from '@rapport/core';
import { type Dataset, latestCheckpoint, openDataset, openMetrics, saveCheckpoint, writeDurably } from '@rapport/data';
import {
  type CloningConfig,
  cloningDiffusionConfig,
  type DemonstrationParts,
  type DiffusionCheckpoint,
  type DiffusionConfig,
  DiffusionPolicy,
  type DiffusionTrainingState,
  demonstrationFeatures,
  evaluatePolicy,
  readDemonstrations,
  readTrainingFiles,
  saveDiffusionPolicy,
  selectionSeeds,
  trainDiffusion,
  trainingFiles,
} from '@rapport/policy';
import { makeEnv } from '@rapport/sim';
import { z } from 'zod';
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

const intervalSchema = z.object({ mean: z.number(), low: z.number(), high: z.number(), count: z.int() });
const pointSchema = z.object({
  step: z.int(),
  /** Mean training loss since the last point. */
  trainLoss: z.number(),
  /** Loss on held-out episodes; absent when the dataset is too small to hold any out. */
  validationLoss: z.number().optional(),
  /** From held-out starts; absent without rollouts. */
  score: intervalSchema.optional(),
  success: intervalSchema.optional(),
});
const resultSchema = z.object({
  format: z.literal(1),
  curve: z.array(pointSchema),
  /** Step of the policy in `best/`: most successes, then the higher score, then the lower loss on held-out episodes. */
  bestStep: z.int(),
  episodes: z.object({ training: z.int(), heldOut: z.int() }),
  /** Trained numbers of the networks. */
  parameters: z.int(),
});

/** How the policy did at a step of training. */
export type CloningPoint = z.infer<typeof pointSchema>;
export type CloningResult = z.infer<typeof resultSchema>;

/** Folders and files of a job below its directory. */
export const BEST_FOLDER = 'best';
const POLICY_FOLDER = 'policy';
const RESULT_FILE = 'result.json';
const PROGRESS_FILE = 'progress.json';
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
    if (earlier !== undefined) record.restore(await readJson(join(earlier.directory, PROGRESS_FILE)));
    const policy = await trainDiffusion({
      ...work,
      config: diffusion,
      demonstrations: demonstrations.demonstrations.slice(0, split.training.length),
      validation: demonstrations.demonstrations.slice(split.training.length),
      steps: config.steps,
      batchSize: config.batchSize,
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

/** The name of a policy after so many steps. */
export function clonedName(step: number): string {
  return `diffusion/${step}`;
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

interface Best {
  readonly step: number;
  readonly rank: readonly number[];
}

const progressSchema = z.object({
  curve: z.array(pointSchema),
  best: z.object({ step: z.int(), rank: z.array(z.number()) }),
});

/** The curve of a run, and what each checkpoint leaves on the disk. */
class TrainingRecord {
  curve: CloningPoint[] = [];
  best: Best | undefined;
  #losses: number[] = [];

  constructor(
    private readonly job: CloningJob,
    private readonly env: PrivilegedEnv | undefined,
    private readonly write: (step: number, metrics: Readonly<Record<string, number>>) => void,
    private readonly work: WorkOptions,
  ) {}

  restore(document: unknown): void {
    ({ curve: this.curve, best: this.best } = progressSchema.parse(document));
  }

  noteLoss(loss: number | undefined): void {
    if (loss !== undefined) this.#losses.push(loss);
  }

  async checkpoint(
    step: number,
    checkpoint: DiffusionCheckpoint,
    state: DiffusionTrainingState,
    validationLoss: number | undefined,
  ): Promise<void> {
    const { directory, envId } = this.job;
    const rollouts = await this.#tryOut(step, checkpoint);
    const trainLoss = this.#losses.reduce((sum, loss) => sum + loss, 0) / Math.max(1, this.#losses.length);
    this.#losses = [];
    this.curve.push({ step, trainLoss, ...(validationLoss !== undefined && { validationLoss }), ...rollouts });
    const stored = { name: clonedName(step), checkpoint, ...(envId !== undefined && { envId }) };
    await saveDiffusionPolicy(join(directory, POLICY_FOLDER), stored);
    // Without rollouts and held-out episodes the newest counts as the best.
    const rank = [rollouts?.success.mean ?? 0, rollouts?.score.mean ?? 0, -(validationLoss ?? 0)];
    if (this.best === undefined || !isHigher(this.best.rank, rank)) {
      this.best = { step, rank };
      await saveDiffusionPolicy(join(directory, BEST_FOLDER), stored);
    }
    const { directory: kept } = await saveCheckpoint(directory, step, {
      ...trainingFiles(state),
      [PROGRESS_FILE]: JSON.stringify({ curve: this.curve, best: this.best }),
    });
    await removeOthers(join(directory, 'checkpoints'), kept);
  }

  /** Rolls the policy out from the starts by which the best one is chosen. */
  async #tryOut(
    step: number,
    checkpoint: DiffusionCheckpoint,
  ): Promise<{ readonly score: Interval; readonly success: Interval } | undefined> {
    const { evaluationEpisodes } = this.job.config;
    if (this.env === undefined || evaluationEpisodes === 0) return undefined;
    throwIfAborted(this.work.signal);
    const policy = await DiffusionPolicy.create(checkpoint, { name: clonedName(step) });
    try {
      const { signal } = this.work;
      const seeds = selectionSeeds(evaluationEpisodes);
      const { score, success } = await evaluatePolicy({ env: this.env, policy, seeds, ...(signal && { signal }) });
      this.write(step, { 'evaluation/score': score.mean, 'evaluation/success': success.mean });
      return { score, success };
    } finally {
      await policy.close();
    }
  }
}

/** Whether the first differing number of `a` is the higher one. */
function isHigher(a: readonly number[], b: readonly number[]): boolean {
  const index = a.findIndex((value, at) => value !== b[at]);
  return index >= 0 && a[index]! > b[index]!;
}

/** A checkpoint of training is several times the policy: only the last one is kept. */
async function removeOthers(folder: string, kept: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (/^\d+$/.test(name) && path !== kept) await rm(path, { recursive: true, force: true });
  }
}

async function readJson(path: string): Promise<unknown> {
  return JSON.parse(await readFile(path, 'utf8'));
}
