import { join } from 'node:path';
import { formatDuration } from '../output/progress.js';
import { formatTable } from '../output/table.js';
import { resumeCommand, startRun } from '../run-folder.js';
import { defineVerb } from '../verb.js';

export default defineVerb({
  name: 'experiment align',
  summary: 'teach a diffusion policy the way that a person prefers, with few rankings',
  description:
    'Clones a diffusion policy from demonstrations of several ways to do a task, rolls it out, has the rollouts ranked, and ' +
    'aligns the policy: with the rewards that RAPL and RLHF learn from the rankings, with the rankings alone, and by ' +
    'fine-tuning on the winners; for several numbers of rankings. The report shows the share of the preferred way and ' +
    'of successes on held-out starts before and after.',
  examples: [
    'rapport experiment align --env xmagical/pass-shortstick --quick',
    'rapport experiment align --env franka/cup --seed 1',
    'rapport experiment align --env franka/cup --annotator human --rankings 20 --methods rapl',
  ],
  positionals: [],
  heeds: ['seed', 'output', 'resume'],
  options: async () => (await import('../experiments/align/options.js')).alignExperimentSchema,
  async run(context, given) {
    const [
      { effectiveOptions },
      { runAlignmentExperiment },
      report,
      { describeSaving },
      { experimentPage },
      { writeDurably },
    ] = await Promise.all([
      import('../experiments/align/options.js'),
      import('../experiments/align/pipeline.js'),
      import('../experiments/align/report.js'),
      import('../experiments/align/label-saving.js'),
      import('../experiments/align/page.js'),
      import('@rapport/data'),
    ]);
    const startedAt = performance.now();
    const options = effectiveOptions(given);
    const run = await startRun(context, options.env);
    context.log(`run folder ${run.directory}; after an interruption: ${resumeCommand(context, run.directory)}`);
    const { work, signal, log, announce } = context;
    const { outcome, films } = await runAlignmentExperiment(options, { run, work, signal, log, announce });
    const seconds = (performance.now() - startedAt) / 1000;
    const data = report.buildReport(outcome, options, { seed: run.record.seed, seconds });
    const page = join(run.directory, 'report.html');
    await writeDurably(join(run.directory, 'report.json'), `${JSON.stringify(data, null, 2)}\n`);
    await writeDurably(join(run.directory, 'report.md'), report.reportMarkdown(data));
    await writeDurably(page, await experimentPage(data, films));
    return {
      data: { ...data, page },
      text: [
        `${data.environment}, seed ${data.seed}: N = ${data.before.success.count} held-out starts`,
        formatTable(report.reportHead, report.reportRows(data)),
        '',
        describeSaving(data.labelSaving),
        `${formatDuration(seconds)}. Report: ${page}`,
      ].join('\n'),
    };
  },
});
