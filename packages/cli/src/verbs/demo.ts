import { join } from 'node:path';
import { formatDuration } from '../output/progress.js';
import { formatTable } from '../output/table.js';
import type { DemoReport } from '../report/data.js';
import { resumeCommand, startRun } from '../run-folder.js';
import { defineVerb } from '../verb.js';

export default defineVerb({
  name: 'demo',
  summary: 'the whole loop, small: rank rollouts, learn a reward, train a policy, see what changed',
  description:
    'Records rollouts of scripted policies on an X-Magical task, has them ranked, learns RAPL and RLHF rewards from the ' +
    'rankings, trains policies on them with soft actor-critic, and writes a report of before and after. With ' +
    '--annotator=human you rank, in the browser.',
  examples: [
    'rapport demo',
    'rapport demo --annotator=human --rankings=20',
    'rapport demo --task=group --embodiment=mediumstick --seed=1',
  ],
  positionals: [],
  heeds: ['seed', 'output', 'resume'],
  options: async () => (await import('../demo/options.js')).demoOptionsSchema,
  async run(context, options) {
    const [{ runLoop }, { reportPage }, { writeDurably }] = await Promise.all([
      import('../demo/pipeline.js'),
      import('../report/html.js'),
      import('@rapport/data'),
    ]);
    const startedAt = performance.now();
    const run = await startRun(context, `${options.task}-${options.embodiment}`);
    context.log(`run folder ${run.directory}; after an interruption: ${resumeCommand(context, run.directory)}`);
    const { report, pictures } = await runLoop(options, {
      run,
      work: context.work,
      signal: context.signal,
      log: context.log,
      announce: context.announce,
    });
    const page = join(run.directory, 'report.html');
    await writeDurably(join(run.directory, 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
    await writeDurably(page, await reportPage(report, pictures));
    const seconds = (performance.now() - startedAt) / 1000;
    return { data: { ...report, page }, text: `${summarize(report)}\n\n${formatDuration(seconds)}. Report: ${page}` };
  },
});

/** The numbers that matter, for a terminal. */
function summarize(report: DemoReport): string {
  const policies = report.policies.map(({ reward, final }) => [
    reward,
    two(final.score.mean),
    `${two(final.score.low)} to ${two(final.score.high)}`,
    `${Math.round(100 * final.success.mean)} %`,
    two(report.shareOfTrueReward[reward] ?? Number.NaN),
  ]);
  const rewards = report.rewards.map(({ name, pairAccuracy, truePairAccuracy, acrossVideos, withinVideo }) => [
    name,
    pairAccuracy === undefined ? '' : two(pairAccuracy.mean),
    two(truePairAccuracy.mean),
    two(acrossVideos.mean),
    withinVideo === undefined ? '' : two(withinVideo.mean),
  ]);
  const episodes = report.policies[0]?.final.score.count ?? 0;
  return [
    `${report.environment}, seed ${report.seed}: ${report.annotator.rankings} rankings, encoder ${report.encoder.kind}`,
    '',
    `Learned rewards on ${report.rollouts.heldOut} held-out rollouts`,
    formatTable(['reward', 'pairs right', 'true pairs', 'across videos', 'within a video'], rewards),
    '',
    `Policies on ${episodes} held-out starts`,
    formatTable(['trained on', 'true score', '95 % interval', 'success', 'of true reward'], policies),
  ].join('\n');
}

const two = (value: number) => value.toFixed(2);
