import { join } from 'node:path';
import { InputError, type Interval } from '@rapport/core';
import { z } from 'zod';
import { policyFolder } from '../learning/policy-folder.js';
import { formatTable } from '../output/table.js';
import { startRun } from '../run-folder.js';
import { defineVerb } from '../verb.js';

export default defineVerb({
  name: 'eval',
  summary: 'run a trained policy from held-out starts: true score and success with confidence intervals',
  description:
    'Runs the policy once from each of the held-out starts, which are the same for every policy and which no training ' +
    'uses, and reports the mean true score, the success rate and the return with 95 % intervals and their N.',
  examples: [
    'rapport eval outputs/train-policy/2026-05-04/10-30-00_avoid-longstick',
    'rapport eval DIR --episodes 200',
  ],
  positionals: ['policy'],
  heeds: ['output'],
  options: () =>
    z.object({
      policy: z.string().min(1).describe('folder of the policy, or of the run that trained it'),
      env: z.string().min(1).optional().describe('environment to run in; by default the one it was trained in'),
      episodes: z.int().min(1).max(100_000).default(50).describe('held-out starts'),
    }),
  async run(context, options) {
    const [{ writeDurably }, { evaluatePolicy, evaluationSeeds, openPolicy }, { makeEnv }] = await Promise.all([
      import('@rapport/data'),
      import('@rapport/policy'),
      import('@rapport/sim'),
    ]);
    const { policy, envId } = await openPolicy(policyFolder(options.policy));
    const where = options.env ?? envId;
    if (where === undefined) {
      throw new InputError(`policy "${policy.name}" does not say which environment it was trained in`, {
        fix: 'name one with --env (rapport envs lists them)',
      });
    }
    const env = await makeEnv(where);
    const seeds = evaluationSeeds(options.episodes);
    const evaluation = await evaluatePolicy({ ...context.work, env, policy, seeds });
    await policy.close();
    env.close();
    const run = await startRun(context, policy.name);
    const result = { policy: policy.name, env: env.spec.id, ...evaluation };
    await writeDurably(join(run.directory, 'report.json'), `${JSON.stringify(result, null, 2)}\n`);
    const rows = [
      ['true score', ...cells(evaluation.score)],
      ['success', ...cells(evaluation.success)],
      ['return', ...cells(evaluation.return)],
    ];
    return {
      data: { ...result, directory: run.directory },
      text: [
        `${policy.name} in ${env.spec.id}`,
        '',
        formatTable(['', 'mean', 'low', 'high', 'N'], rows),
        '',
        `report: ${join(run.directory, 'report.json')}`,
      ].join('\n'),
    };
  },
});

function cells({ mean, low, high, count }: Interval): string[] {
  return [mean.toFixed(3), low.toFixed(3), high.toFixed(3), String(count)];
}
