import { join } from 'node:path';
import { InputError } from '@rapport/core';
import { z } from 'zod';
import { policyFolder } from '../learning/policy-folder.js';
import { formatTable } from '../output/table.js';
import { startRun } from '../run-folder.js';
import { defineVerb } from '../verb.js';

export default defineVerb({
  name: 'policy diff',
  summary: 'show what one policy does otherwise than another on the same starts',
  description:
    'Runs two policies of any kind from the same held-out starts, with the same random numbers, and compares what they ' +
    'do: success, score and way of each start with intervals of the paired differences, how far their actions are apart ' +
    'step by step, their paths over each other, and film strips side by side.',
  examples: [
    'rapport policy diff outputs/train-policy/2026-05-04/10-30-00_franka-cup-diffusion outputs/align/2026-05-04/11-30-00_franka-cup-rpo',
    'rapport policy diff A B --env xmagical/avoid-longstick --episodes 100',
  ],
  positionals: ['first', 'second'],
  heeds: ['output'],
  options: () =>
    z.object({
      first: z.string().min(1).describe('folder of policy A, or of the run that made it'),
      second: z.string().min(1).describe('folder of policy B, or of the run that made it'),
      env: z
        .string()
        .min(1)
        .optional()
        .describe('environment to run in; by default the one that B or A was trained in'),
      episodes: z.int().min(1).max(100_000).default(30).describe('held-out starts'),
    }),
  async run(context, options) {
    const [{ writeDurably }, { openPolicy }, { makeEnv }, { rollOutHeldOut }, { differenceOf }, report, paths, films] =
      await Promise.all([
        import('@rapport/data'),
        import('@rapport/policy'),
        import('@rapport/sim'),
        import('../alignment/judge.js'),
        import('../alignment/difference.js'),
        import('../alignment/difference-report.js'),
        import('../alignment/paths.js'),
        import('../alignment/films.js'),
      ]);
    const { checkPolicyFits } = await import('@rapport/core');
    const folders = [policyFolder(options.first), policyFolder(options.second)] as const;
    const opened = [await openPolicy(folders[0]), await openPolicy(folders[1])] as const;
    for (const { policy } of opened) await policy.close();
    const envId = options.env ?? opened[1].envId ?? opened[0].envId;
    if (envId === undefined) {
      throw new InputError('neither policy says which environment it was trained in', {
        fix: 'name one with --env (rapport envs lists them)',
      });
    }
    const env = await makeEnv(envId);
    env.close();
    for (const { policy } of opened) checkPolicyFits(policy, env.spec);
    const held = { envId, starts: options.episodes, cameras: [] };
    const first = await rollOutHeldOut(folders[0], held, context.work);
    const second = await rollOutHeldOut(folders[1], held, context.work);
    const difference = differenceOf(first, second);
    const names = opened.map(({ policy }, index) => ({ name: policy.name, folder: folders[index]! }));
    const run = await startRun(context, `${names[0]!.name}-and-${names[1]!.name}`);
    const result = { format: 1 as const, environment: envId, policies: [names[0]!, names[1]!] as const, ...difference };
    await writeDurably(join(run.directory, 'report.json'), `${JSON.stringify(result, null, 2)}\n`);
    const space = env.spec.observationSpace;
    const pictures = paths.pathViews(space).map((view) =>
      paths.pathPicture(
        view,
        [first, second].map((recorded, index) => ({
          name: `${index === 0 ? 'A' : 'B'}: ${names[index]!.name}`,
          colour: report.differenceColours[index]!,
          paths: recorded.map(({ episode }) => paths.observedPath(episode, space, view)),
        })),
      ),
    );
    const filmed = names.map(({ folder, name }, index) => ({ title: `${index === 0 ? 'A' : 'B'}: ${name}`, folder }));
    const strips = await films.filmPolicies(envId, filmed, options.episodes, context.work);
    const page = join(run.directory, 'report.html');
    await writeDurably(page, await report.differencePage(result, pictures, strips));
    const { judgementTable } = await import('../alignment/tables.js');
    return {
      data: { directory: run.directory, ...result },
      text: [
        `${names[0]!.name} (A) and ${names[1]!.name} (B) in ${envId}`,
        '',
        formatTable(
          ['', 'preferred way', 'success', 'true score', 'N'],
          judgementTable([
            ['A', difference.first],
            ['B', difference.second],
            ['B - A', difference.change],
          ]),
        ),
        '',
        `report: ${page}`,
      ].join('\n'),
    };
  },
});
