import { randomBytes } from 'node:crypto';
import { RandomStream } from '@rapport/core';
import { z } from 'zod';
import { datasetFolder } from '../dataset-folder.js';
import { ledgerOption, openChosenLedger } from '../ledger.js';
import { defineVerb } from '../verb.js';

/** Addresses that only this machine can reach. */
const LOCAL = /^(localhost|127\.\d+\.\d+\.\d+|::1)$/;

export default defineVerb({
  name: 'rank',
  summary: 'serve a page on which people rank the rollouts of a dataset',
  description:
    'Serves one page and prints its address. The page shows the clips of a query side by side; every answer is stored ' +
    'in the feedback ledger before it is confirmed. Ends when every query is answered, or with Ctrl+C; the same ' +
    'command goes on where it ended. Several people can rank at the same time.',
  examples: [
    'rapport rank outputs/rollout/2026-05-04/10-30-00_xmagical-avoid-longstick',
    'rapport rank my-dataset --queries 50 --clips-per-query 2 --port 8080',
  ],
  positionals: ['source'],
  heeds: ['seed'],
  options: () =>
    z.object({
      source: z.string().min(1).describe('folder of the dataset, or of the run that recorded it'),
      queries: z.int().min(1).max(100_000).default(30).describe('how many queries to ask'),
      clipsPerQuery: z.int().min(2).max(6).default(3).describe('clips side by side in a query'),
      overlap: z.int().min(1).max(100).default(1).describe('how many different people answer each query'),
      question: z.string().min(1).optional().describe('what the page asks; by default which behaviour is better'),
      ledger: ledgerOption,
      port: z.int().min(0).max(65_535).default(0).describe('port of the page; 0 takes any free one'),
      host: z.string().min(1).default('127.0.0.1').describe('address to listen on; other machines reach 0.0.0.0'),
      token: z
        .string()
        .min(16)
        .optional()
        .describe('secret in the address of the page; made by itself where other machines can reach it'),
    }),
  async run(context, options) {
    const [{ openPrivilegedDataset }, viewerPackage] = await Promise.all([
      import('@rapport/data'),
      import('@rapport/viewer'),
    ]);
    const { datasetClips, fixedQueries, randomQueries, startViewer, wholeEpisodes } = viewerPackage;
    const recording = await openPrivilegedDataset(datasetFolder(options.source));
    const queries = randomQueries({
      clips: wholeEpisodes(recording),
      count: options.queries,
      clipsPerQuery: options.clipsPerQuery,
      random: new RandomStream(context.seed, 'rank/queries'),
    });
    const token = options.token ?? (LOCAL.test(options.host) ? undefined : randomBytes(16).toString('hex'));
    const ledger = await openChosenLedger(options.ledger);
    let answers = 0;
    try {
      const viewer = await startViewer({
        source: datasetClips(recording),
        ledger,
        queries: fixedQueries(queries),
        port: options.port,
        host: options.host,
        overlap: options.overlap,
        random: new RandomStream(context.seed, 'rank/screen-order'),
        signal: context.signal,
        onFeedback: (entry) => {
          answers += entry.kind === 'feedback' ? 1 : -1;
        },
        onProblem: (error) => context.announce(`problem: ${error instanceof Error ? error.message : String(error)}`),
        ...(token !== undefined && { token }),
        ...(options.question !== undefined && { question: options.question }),
      });
      context.announce(`rank at ${viewer.url} (Ctrl+C ends and keeps every answer)`);
      const finished = await Promise.race([viewer.finished.then(() => true), whenAborted(context.signal)]);
      await viewer.close();
      return {
        data: { source: options.source, dataset: recording.dataset.id, answers, finished, ledger: ledger.label },
        text: [
          `${answers} answers stored in ${ledger.label}${finished ? '; every query is answered' : ''}`,
          `learn from them: rapport train reward ${options.source}`,
        ].join('\n'),
      };
    } finally {
      await ledger.close();
    }
  },
});

function whenAborted(signal: AbortSignal): Promise<false> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(false);
    signal.addEventListener('abort', () => resolve(false), { once: true });
  });
}
