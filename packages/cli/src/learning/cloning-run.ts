import { join } from 'node:path';
import { InputError } from '@rapport/core';
import { type Dataset, openDataset } from '@rapport/data';
import type { CloningConfig } from '@rapport/policy';
import { makeEnv } from '@rapport/sim';
import { datasetFolder } from '../dataset-folder.js';
import { formatTable } from '../output/table.js';
import { resumable, startRun } from '../run-folder.js';
import type { Context, Outcome } from '../verb.js';
import { program } from '../version.js';
import { checkDatasetFits, clonedPolicyConfig, runCloningJob } from './cloning-job.js';
import { BEST_FOLDER, type CloningPoint } from './cloning-record.js';
import { writeCloningReport } from './cloning-report.js';
import { refuseOptions, requireOption } from './given-options.js';
import { TRAINING_FOLDER } from './policy-folder.js';
import { POLICY_FOLDER } from './policy-job.js';

/** Options of `train policy` with a diffusion policy. */
export interface CloningRunOptions {
  readonly dataset: string | undefined;
  readonly env: string | undefined;
  /** Not for this kind: refused when given. */
  readonly reward: string | undefined;
  readonly prior: string | undefined;
  readonly config: CloningConfig;
}

/** Trains a diffusion policy on demonstrations in a run folder. */
export async function runCloning(context: Context, options: CloningRunOptions): Promise<Outcome> {
  const { config } = options;
  const folder = datasetFolder(requireOption('dataset', options.dataset, 'diffusion'));
  refuseOptions({ reward: options.reward, prior: options.prior }, 'diffusion', 'sac');
  // Before a folder is made: what cannot be trained leaves nothing behind.
  const dataset = await openDataset(folder);
  clonedPolicyConfig(dataset, config);
  const envId = config.evaluationEpisodes === 0 ? undefined : await whereToTry(context, dataset, options);
  const run = await startRun(context, `${envId ?? dataset.id}-diffusion`);
  const directory = join(run.directory, TRAINING_FOLDER);
  context.log(`training in ${directory}`);
  try {
    const job = { directory, dataset: folder, envId, config, seed: context.seed };
    const result = await runCloningJob(job, context.work);
    const { page, final } = await writeCloningReport(run.directory, job, result, context.work);
    const policy = join(directory, POLICY_FOLDER);
    const best = join(directory, BEST_FOLDER);
    const { training, heldOut } = result.episodes;
    return {
      data: { directory: run.directory, policy, best, report: page, env: envId ?? null, ...result, final },
      text: [
        curveTable(result.curve),
        '',
        `${training} episodes learned from, ${heldOut} held out; ${result.parameters} numbers trained`,
        `policy: ${policy} (step ${config.steps})`,
        `best:   ${best} (step ${result.bestStep})`,
        `report: ${page}`,
        `evaluate it: ${program} eval ${run.directory}`,
      ].join('\n'),
    };
  } catch (error) {
    throw resumable(error, context, run.directory, 'stopped; the last checkpoint is kept');
  }
}

/**
 * The environment in which the policy is tried on the way: the one that was named, or that of the dataset, or none where
 * the dataset's is not one of ours.
 * @throws InputError when the dataset does not fit it
 */
async function whereToTry(
  context: Context,
  dataset: Dataset,
  { env: named, config }: CloningRunOptions,
): Promise<string | undefined> {
  const envId = named ?? dataset.envId;
  const env = await makeEnv(envId).catch((error: unknown) => {
    if (named !== undefined || !(error instanceof InputError)) throw error;
    context.log(`the dataset is of ${envId}, which is no environment here: no rollouts on the way (--env names one)`);
    return undefined;
  });
  if (env === undefined) return undefined;
  env.close();
  checkDatasetFits(dataset, config.cameras, env.spec);
  return envId;
}

function curveTable(curve: readonly CloningPoint[]): string {
  const rows = curve.map(({ step, trainLoss, validationLoss, score, success }) => [
    String(step),
    trainLoss.toFixed(4),
    validationLoss?.toFixed(4) ?? '',
    score?.mean.toFixed(3) ?? '',
    success === undefined ? '' : `${success.mean.toFixed(2)} (${success.low.toFixed(2)} to ${success.high.toFixed(2)})`,
    String(success?.count ?? ''),
  ]);
  return formatTable(['step', 'loss', 'held-out loss', 'true score', 'success', 'N'], rows);
}
