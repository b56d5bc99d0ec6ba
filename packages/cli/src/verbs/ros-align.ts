import { join } from 'node:path';
import { InputError } from '@rapport/core';
import { resumable, startRun } from '../run-folder.js';
import { defineVerb } from '../verb.js';
import { program } from '../version.js';

export default defineVerb({
  name: 'ros align',
  node: true,
  summary: 'align a diffusion policy with preferences about its rollouts on an arm, over ROS 2',
  description:
    'The loop of `rapport align` with rollouts from the graph, simulated or real. For every rollout the scene is brought to ' +
    'its start, by the services simulator/set_seed and simulator/reset or by you, who are asked in the terminal; the policy ' +
    'acts for an episode through the safety envelope of `rapport ros run`; the episode is stored, and the arm is held. Then ' +
    'the rollouts are ranked: by you in the viewer, while the arm rests (--annotator human), by the simulated annotator, ' +
    'where the simulator tells how episodes go (--annotator simulated), by rewards that are learned from these rankings ' +
    '(--method rapl), or by a reward that is there (--reward). The aligned ' +
    'policy runs on the graph from held-out starts, beside the reference and fine-tuning on winners. Runs unattended ' +
    'against `rapport ros sim`.',
  examples: [
    'rapport ros align POLICY --limits fr3 --annotator human',
    'rapport ros align POLICY --limits fr3 --annotator human --method rapl --queries 30',
    'rapport ros align POLICY --limits panda-full --annotator simulated --ros-args -p use_sim_time:=true',
    'rapport ros align POLICY --limits fr3 --dataset outputs/ros-align/.../rollouts --reward outputs/train-reward/...',
  ],
  positionals: ['policy'],
  heeds: ['seed', 'output', 'resume'],
  options: async () => (await import('../alignment/graph-options.js')).graphAlignOptionsSchema,
  async run(context, { limits, patience, withoutGraph, ...given }) {
    const [{ openSources }, { simulatedGround }, { graphGround, countStops }, { runAlign }, { alignOutcome }, robot] =
      await Promise.all([
        import('../alignment/sources.js'),
        import('../alignment/ground.js'),
        import('../alignment/graph-ground.js'),
        import('../alignment/pipeline.js'),
        import('../alignment/outcome.js'),
        import('@rapport/robot'),
      ]);
    const { terminalOperator } = await import('../system/operator.js');
    const options = { ...given, monitorEpisodes: 0 };
    const sources = await openSources(options, context.resume !== undefined, true);
    const { spec, cameras } = sources;
    const { signal, rosArguments, announce } = context;
    const operator = terminalOperator(process.stdin, signal, announce);
    const rollouts = await robot.GraphRollouts.open({ spec, limits, operator, rosArguments, patience, signal });
    try {
      if (!rollouts.judged) refuseUnjudged(options);
      const run = await startRun(context, `${spec.id}-${options.alignment.objective}`);
      const { directory, record } = run;
      context.log(`aligning in ${directory}`);
      const heldOut = {
        directory: join(directory, 'evaluations'),
        cameras,
        id: `held-out-${Date.parse(record.startedAt)}`,
      };
      const ground = graphGround(rollouts, heldOut, {
        howToRun: (policy) => [program, 'ros run', policy, '--limits', limits, ...rosArguments].join(' '),
        ...(withoutGraph && { twin: simulatedGround(spec, robot.contactThresholds(await robot.readLimits(limits))) }),
      });
      try {
        const { report, page } = await runAlign(sources, options, ground, run, context);
        const outcome = alignOutcome(options.policy, directory, report, page);
        const judged = ['before', ...report.alignments.map(({ objective }) => objective)];
        const stops = await countStops([
          report.rollouts.folder,
          ...judged.map((name) => join(heldOut.directory, name)),
        ]);
        const lines = stops.map(({ count, example }) =>
          count === 1
            ? `1 rollout ended before its time: ${example}`
            : `${count} rollouts ended before their time, the first of them: ${example}`,
        );
        return { data: { ...report, directory, stops }, text: [outcome.text, ...lines].join('\n') };
      } catch (error) {
        throw resumable(error, context, directory);
      }
    } finally {
      rollouts.close();
    }
  },
});

/** @throws InputError when rankings would come from what nobody on the graph tells */
function refuseUnjudged({ annotator, reward }: { annotator?: string | undefined; reward?: string | undefined }): void {
  if (annotator !== 'simulated' && reward !== 'true' && reward !== 'environment') return;
  const who = annotator === 'simulated' ? 'the simulated annotator ranks' : `the reward "${reward}" judges`;
  throw new InputError(`no node tells how rollouts go (simulator/evaluation), which ${who} by`, {
    fix: 'rank them yourself, --annotator human, or give a learned reward, --reward DIR',
  });
}
