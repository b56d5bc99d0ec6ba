import { join } from 'node:path';
import { openDataset } from '@rapport/data';
import type { SacConfig } from '@rapport/policy';
import { makeEnv } from '@rapport/sim';
import { datasetFolder } from '../dataset-folder.js';
import { formatTable } from '../output/table.js';
import { resumable, startRun } from '../run-folder.js';
import type { Context, Outcome } from '../verb.js';
import { program } from '../version.js';
import { refuseOptions, requireOption } from './given-options.js';
import { TRAINING_FOLDER } from './policy-folder.js';
import { POLICY_FOLDER, runPolicyJob } from './policy-job.js';
import { readRewardSpec } from './reward-spec.js';

/** Options of `train policy` with soft actor-critic. */
export interface SacRunOptions {
  readonly env: string | undefined;
  readonly reward: string | undefined;
  readonly prior: string | undefined;
  /** Not for this kind: refused when given. */
  readonly dataset: string | undefined;
  readonly picture: number;
  readonly config: SacConfig;
}

/** Trains a policy with soft actor-critic in a run folder. */
export async function runSac(context: Context, options: SacRunOptions): Promise<Outcome> {
  const envId = requireOption('env', options.env, 'sac');
  const rewardName = requireOption('reward', options.reward, 'sac');
  refuseOptions({ dataset: options.dataset }, 'sac', 'diffusion');
  // Before a folder is made: what cannot be trained leaves nothing behind.
  (await makeEnv(envId)).close();
  const reward = await readRewardSpec(rewardName, options.picture);
  const prior = options.prior === undefined ? undefined : await priorRollouts(options.prior);
  const run = await startRun(context, `${envId}-${reward.name}`);
  const directory = join(run.directory, TRAINING_FOLDER);
  context.log(`training in ${directory}`);
  try {
    const job = {
      directory,
      envId,
      reward: reward.spec,
      config: options.config,
      seed: context.seed,
      ...(prior && { prior }),
    };
    const curve = await runPolicyJob(job, context.work);
    const policy = join(directory, POLICY_FOLDER);
    const rows = curve.map(({ step, score, success }) => [
      String(step),
      score.mean.toFixed(3),
      score.low.toFixed(3),
      score.high.toFixed(3),
      success.mean.toFixed(2),
      String(score.count),
    ]);
    return {
      data: { directory: run.directory, policy, reward: reward.name, curve },
      text: [
        formatTable(['step', 'true score', 'low', 'high', 'success', 'N'], rows),
        '',
        `policy: ${policy}`,
        `evaluate it: ${program} eval ${run.directory}`,
      ].join('\n'),
    };
  } catch (error) {
    throw resumable(error, context, run.directory, 'stopped; the last checkpoint is kept');
  }
}

/** Every episode of the dataset that a path names. */
async function priorRollouts(path: string): Promise<{ readonly dataset: string; readonly episodes: number[] }> {
  const dataset = datasetFolder(path);
  return { dataset, episodes: (await openDataset(dataset)).episodes.map(({ index }) => index) };
}
