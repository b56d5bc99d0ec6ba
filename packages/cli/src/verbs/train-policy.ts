import { join } from 'node:path';
import { InterruptedError } from '@rapport/core';
import { z } from 'zod';
import { datasetFolder } from '../dataset-folder.js';
import { TRAINING_FOLDER } from '../learning/policy-folder.js';
import { formatTable } from '../output/table.js';
import { resumeCommand, startRun } from '../run-folder.js';
import { defineVerb } from '../verb.js';
import { program } from '../version.js';

export default defineVerb({
  name: 'train policy',
  summary: 'train a policy with soft actor-critic on a learned reward, the true one, or that of the environment',
  description:
    'Trains on states with the reward that --reward names, evaluates on held-out starts on the way, and saves ' +
    'checkpoints. The true score is the bound that learned rewards are measured by: it is used only when asked for by ' +
    'name. A resumed run ends with the same bytes as one that never stopped.',
  examples: [
    'rapport train policy xmagical/avoid-longstick --reward outputs/train-reward/2026-05-04/11-00-00_rapl',
    'rapport train policy xmagical/avoid-longstick --reward true --policy.steps 50000',
  ],
  positionals: ['env'],
  heeds: ['seed', 'output', 'resume'],
  options: async () => {
    const { sacConfigSchema } = await import('@rapport/policy');
    return z.object({
      env: z.string().min(1).describe('id of the environment (rapport envs lists them)'),
      reward: z
        .string()
        .min(1)
        .describe('folder of a learned reward or of the run that learned it, true, or environment'),
      picture: z.int().min(32).max(1024).default(96).describe('width and height of the pictures a learned reward sees'),
      prior: z
        .string()
        .min(1)
        .optional()
        .describe('folder of recorded rollouts that the replay buffer starts with, for example the ranked ones'),
      policy: sacConfigSchema.prefault({}),
    });
  },
  async run(context, options) {
    const [{ POLICY_FOLDER, runPolicyJob }, { readRewardSpec }, { makeEnv }] = await Promise.all([
      import('../learning/policy-job.js'),
      import('../learning/reward-spec.js'),
      import('@rapport/sim'),
    ]);
    // Before a folder is made: what cannot be trained leaves nothing behind.
    (await makeEnv(options.env)).close();
    const reward = await readRewardSpec(options.reward, options.picture);
    const prior = options.prior === undefined ? undefined : await priorRollouts(options.prior);
    const run = await startRun(context, `${options.env}-${reward.name}`);
    const directory = join(run.directory, TRAINING_FOLDER);
    context.log(`training in ${directory}`);
    try {
      const job = {
        directory,
        envId: options.env,
        reward: reward.spec,
        config: options.policy,
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
      if (!(error instanceof InterruptedError)) throw error;
      throw new InterruptedError('stopped; the last checkpoint is kept', {
        fix: `go on with ${resumeCommand(context, run.directory)}`,
      });
    }
  },
});

/** Every episode of the dataset that a path names. */
async function priorRollouts(path: string): Promise<{ readonly dataset: string; readonly episodes: number[] }> {
  const { openDataset } = await import('@rapport/data');
  const dataset = datasetFolder(path);
  return { dataset, episodes: (await openDataset(dataset)).episodes.map(({ index }) => index) };
}
