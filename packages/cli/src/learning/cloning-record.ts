import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Interval, type PrivilegedEnv, throwIfAborted, type WorkOptions } from '@rapport/core';
import { saveCheckpoint } from '@rapport/data';
import {
  type DiffusionCheckpoint,
  DiffusionPolicy,
  type DiffusionTrainingState,
  evaluatePolicy,
  saveDiffusionPolicy,
  selectionSeeds,
  trainingFiles,
} from '@rapport/policy';
import { z } from 'zod';
import type { CloningJob } from './cloning-job.js';
import { POLICY_FOLDER } from './policy-job.js';

const intervalSchema = z.object({ mean: z.number(), low: z.number(), high: z.number(), count: z.int() });
export const pointSchema = z.object({
  step: z.int(),
  /** Mean training loss since the last point. */
  trainLoss: z.number(),
  /** Loss on held-out episodes; absent when the dataset is too small to hold any out. */
  validationLoss: z.number().optional(),
  /** From held-out starts; absent without rollouts. */
  score: intervalSchema.optional(),
  success: intervalSchema.optional(),
});
/** How the policy did at a step of training. */
export type CloningPoint = z.infer<typeof pointSchema>;

/** Where the best policy of a job lies, below its directory. */
export const BEST_FOLDER = 'best';
const PROGRESS_FILE = 'progress.json';

/** The name of a policy after so many steps. */
export function clonedName(step: number): string {
  return `diffusion/${step}`;
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
export class TrainingRecord {
  curve: CloningPoint[] = [];
  best: Best | undefined;
  #losses: number[] = [];

  constructor(
    private readonly job: CloningJob,
    private readonly env: PrivilegedEnv | undefined,
    private readonly write: (step: number, metrics: Readonly<Record<string, number>>) => void,
    private readonly work: WorkOptions,
  ) {}

  /** Goes on from what `checkpoint` left. */
  async restore(checkpoint: string): Promise<void> {
    const document: unknown = JSON.parse(await readFile(join(checkpoint, PROGRESS_FILE), 'utf8'));
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
