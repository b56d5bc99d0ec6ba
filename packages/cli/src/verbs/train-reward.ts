import { join } from 'node:path';
import { type Interval, RandomStream, standingRankings } from '@rapport/core';
import { z } from 'zod';
import { datasetFolder } from '../dataset-folder.js';
import { splitRankings } from '../learning/held-out.js';
import { REWARD_FOLDER } from '../learning/policy-folder.js';
import { ledgerOption, openExistingLedger } from '../ledger.js';
import { formatTable } from '../output/table.js';
import { startRun } from '../run-folder.js';
import { defineVerb } from '../verb.js';
import { program } from '../version.js';

export default defineVerb({
  name: 'train reward',
  summary: 'learn a visual reward from the rankings in the ledger',
  description:
    'Reads the rankings of one dataset from the feedback ledger and learns a reward from them: RAPL, or the RLHF ' +
    'baseline. A fifth of the episodes is held out: rankings of these alone judge the reward, and where the dataset has ' +
    'true scores the reward is compared with them.',
  examples: [
    'rapport train reward outputs/rollout/2026-05-04/10-30-00_xmagical-avoid-longstick',
    'rapport train reward my-dataset --kind rlhf --rlhf.epochs 200',
  ],
  positionals: ['source'],
  heeds: ['seed', 'output'],
  options: async () => {
    const [{ raplConfigSchema, rlhfConfigSchema }, { encoderOptionsSchema }] = await Promise.all([
      import('@rapport/reward'),
      import('../learning/encoder.js'),
    ]);
    return z.object({
      source: z.string().min(1).describe('folder of the ranked dataset, or of the run that recorded it'),
      kind: z.enum(['rapl', 'rlhf']).default('rapl').describe('which reward to learn'),
      ledger: ledgerOption,
      annotator: z.string().min(1).optional().describe('only rankings of this annotator'),
      encoder: encoderOptionsSchema.prefault({}),
      rapl: raplConfigSchema.prefault({}),
      rlhf: rlhfConfigSchema.prefault({}),
    });
  },
  async run(context, options) {
    const { learnReward } = await import('../learning/reward-job.js');
    const { openMetrics, openPrivilegedDataset, writeDurably } = await import('@rapport/data');
    const { saveReward } = await import('@rapport/reward');
    const { chooseEncoder } = await import('../learning/encoder.js');

    const recordings = await openPrivilegedDataset(datasetFolder(options.source));
    const { id } = recordings.dataset;
    const ledger = await openExistingLedger(options.ledger);
    const filter = { dataset: id, ...(options.annotator !== undefined && { annotator: options.annotator }) };
    const entries = await ledger.entries(filter).finally(() => ledger.close());
    const rankings = splitRankings(standingRankings(entries));

    const encoder = await chooseEncoder(options.encoder, context.work, context.log);
    try {
      const run = await startRun(context, `${options.kind}-${id}`);
      const metrics = await openMetrics(run.directory);
      const stream = new RandomStream(context.seed, 'train-reward');
      const work = { ...context.work, onMetrics: metrics.write };
      const { model, report } = await learnReward({ options, recordings, rankings, encoder, stream }, work).finally(
        () => metrics.close(),
      );
      const directory = join(run.directory, REWARD_FOLDER);
      await saveReward(directory, model);
      await writeDurably(join(run.directory, 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
      return {
        data: { directory, ...report },
        text: [
          `${options.kind} reward of ${rankings.training.length} rankings, encoder ${encoder.kind}`,
          '',
          formatTable(['on held-out episodes', 'mean', 'low', 'high', 'N'], judgements(report)),
          '',
          `reward: ${directory}`,
          `train on it: ${program} train policy ${recordings.dataset.envId} --reward ${run.directory}`,
        ].join('\n'),
      };
    } finally {
      await encoder.close();
    }
  },
});

interface Judged {
  readonly pairAccuracy: Interval | undefined;
  readonly truePairAccuracy: Interval | undefined;
  readonly acrossVideos: Interval | undefined;
  readonly withinVideo: Interval | undefined;
}

function judgements({ pairAccuracy, truePairAccuracy, acrossVideos, withinVideo }: Judged): string[][] {
  return [
    ['rankings: pairs right', ...cells(pairAccuracy)],
    ['true scores: pairs right', ...cells(truePairAccuracy)],
    ['true scores: Spearman across videos', ...cells(acrossVideos)],
    ['true scores: Spearman within a video', ...cells(withinVideo)],
  ];
}

function cells(interval: Interval | undefined): string[] {
  if (interval === undefined) return ['', '', '', '0'];
  const { mean, low, high, count } = interval;
  return [mean.toFixed(3), low.toFixed(3), high.toFixed(3), String(count)];
}
