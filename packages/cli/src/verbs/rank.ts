import { randomBytes } from 'node:crypto';
import { type Query, RandomStream } from '@rapport/core';
import type { Ledger, PrivilegedDataset } from '@rapport/data';
import { z } from 'zod';
import { datasetFolder } from '../dataset-folder.js';
import { ledgerOption, openChosenLedger } from '../ledger.js';
import { type Context, defineVerb } from '../verb.js';
import { program } from '../version.js';

/** Addresses that only this machine can reach. */
const LOCAL = /^(localhost|127\.\d+\.\d+\.\d+|::1)$/;

/** What the page is served with. */
interface PageOptions {
  readonly overlap: number;
  readonly question?: string | undefined;
  readonly reasons?: readonly string[] | undefined;
  readonly port: number;
  readonly host: string;
  readonly token?: string | undefined;
}

export default defineVerb({
  name: 'rank',
  summary: 'serve a page on which people rank the rollouts of a dataset',
  description:
    'Serves one page and prints its address. The page shows the clips of a query side by side; every answer is stored ' +
    'in the feedback ledger before it is confirmed. Ends when every query is answered, or with Ctrl+C; the same ' +
    'command goes on where it ended. Several people can rank at the same time. With --annotator simulated nobody is ' +
    'asked: an annotator who sees the true scores, with stated imperfections, answers at once.',
  examples: [
    'rapport rank outputs/rollout/2026-05-04/10-30-00_xmagical-avoid-longstick',
    'rapport rank my-dataset --queries 50 --clips-per-query 2 --port 8080',
    'rapport rank my-dataset --queries 100 --annotator simulated',
    'rapport rank my-dataset --episodes 12,40',
  ],
  positionals: ['source'],
  heeds: ['seed'],
  options: () =>
    z.object({
      source: z.string().min(1).describe('folder of the dataset, or of the run that recorded it'),
      queries: z.int().min(1).max(100_000).default(30).describe('how many queries to ask'),
      clipsPerQuery: z.int().min(2).max(6).default(3).describe('clips side by side in a query'),
      episodes: z
        .array(z.int().min(0))
        .min(2)
        .max(6)
        .optional()
        .describe('ask one query instead, about exactly these episodes'),
      annotator: z.enum(['human', 'simulated']).default('human').describe('who answers'),
      ledger: ledgerOption,
      overlap: z.int().min(1).max(100).default(1).describe('how many different people answer each query'),
      question: z.string().min(1).optional().describe('what the page asks; by default which behaviour is better'),
      reasons: z
        .array(z.string().min(1).max(60))
        .max(9)
        .optional()
        .describe('reasons that can be ticked with an answer; by default safer, smoother, faster and the like'),
      port: z.int().min(0).max(65_535).default(0).describe('port of the page; 0 takes any free one'),
      host: z.string().min(1).default('127.0.0.1').describe('address to listen on; other machines reach 0.0.0.0'),
      token: z
        .string()
        .min(16)
        .optional()
        .describe('secret in the address of the page; made by itself where other machines can reach it'),
    }),
  async run(context, options) {
    const [{ openPrivilegedDataset }, { answerBySimulation, drawQueries }] = await Promise.all([
      import('@rapport/data'),
      import('../learning/ranking-session.js'),
    ]);
    const recording = await openPrivilegedDataset(datasetFolder(options.source));
    const queries =
      options.episodes === undefined
        ? drawQueries(recording, options, new RandomStream(context.seed, 'rank/queries'))
        : [queryAbout(recording, options.episodes)];
    const ledger = await openChosenLedger(options.ledger);
    try {
      const stream = new RandomStream(context.seed, 'rank/annotator');
      const { answers, finished } =
        options.annotator === 'human'
          ? await askPeople(context, recording, queries, ledger, options)
          : {
              answers: await answerBySimulation(recording, queries, ledger, { stream, nowMs: Date.now() }),
              finished: true,
            };
      return {
        data: { source: options.source, dataset: recording.dataset.id, answers, finished, ledger: ledger.label },
        text: [
          `${answers} answers stored in ${ledger.label}${finished ? '; every query is answered' : ''}`,
          `learn from them: ${program} train reward ${options.source}`,
        ].join('\n'),
      };
    } finally {
      await ledger.close();
    }
  },
});

/** A query about whole episodes. Its id is new each time, so that it is asked again when it was answered before. */
function queryAbout({ dataset }: PrivilegedDataset, episodes: readonly number[]): Query {
  const items = episodes.map((index) => {
    const { length } = dataset.episode(index);
    return { dataset: dataset.id, episode: index, start: 0, end: length };
  });
  return { id: `episodes/${episodes.join('+')}/${randomBytes(6).toString('hex')}`, items };
}

/** Serves the page until every query is answered or the person at the terminal stops. */
async function askPeople(
  context: Context,
  recording: PrivilegedDataset,
  queries: readonly Query[],
  ledger: Ledger,
  options: PageOptions,
): Promise<{ readonly answers: number; readonly finished: boolean }> {
  const { datasetClips, fixedQueries, startViewer } = await import('@rapport/viewer');
  const token = options.token ?? (LOCAL.test(options.host) ? undefined : randomBytes(16).toString('hex'));
  let answers = 0;
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
    ...(options.reasons !== undefined && { reasons: options.reasons }),
  });
  context.announce(`rank at ${viewer.url} (Ctrl+C ends and keeps every answer)`);
  const finished = await Promise.race([viewer.finished.then(() => true), whenAborted(context.signal)]);
  await viewer.close();
  return { answers, finished };
}

function whenAborted(signal: AbortSignal): Promise<false> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(false);
    signal.addEventListener('abort', () => resolve(false), { once: true });
  });
}
