import { randomBytes } from 'node:crypto';
import { InputError, type Query, RandomStream } from '@rapport/core';
import type { Ledger, PrivilegedDataset } from '@rapport/data';
import type { ViewerOptions } from '@rapport/viewer';
import { z } from 'zod';
import { datasetFolder } from '../dataset-folder.js';
import { ledgerOption, openChosenLedger } from '../ledger.js';
import { addressToken, pageAddress } from '../page-address.js';
import { type Context, defineVerb } from '../verb.js';
import { program } from '../version.js';

/** Milliseconds from one look at a growing dataset to the next. */
const LOOK_MS = 1_000;

interface RankingSession {
  readonly answers: number;
  readonly finished: boolean;
}

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
    'rapport rank outputs/rollout/2026-05-04/10-30-00_franka-cup --follow',
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
      follow: z
        .boolean()
        .default(false)
        .describe('ask about episodes as they are recorded, each once, until there were so many queries'),
      annotator: z.enum(['human', 'simulated']).default('human').describe('who answers'),
      ledger: ledgerOption,
      overlap: z.int().min(1).max(100).default(1).describe('how many different people answer each query'),
      question: z.string().min(1).optional().describe('what the page asks; by default which behaviour is better'),
      reasons: z
        .array(z.string().min(1).max(60))
        .max(9)
        .optional()
        .describe('reasons that can be ticked with an answer; by default safer, smoother, faster and the like'),
      ...pageAddress,
    }),
  async run(context, options) {
    const [{ openPrivilegedDataset }, { datasetClips, fixedQueries }, { answerBySimulation, drawQueries }] =
      await Promise.all([import('@rapport/data'), import('@rapport/viewer'), import('../learning/ranking-session.js')]);
    if (options.follow && (options.annotator === 'simulated' || options.episodes !== undefined)) {
      throw new InputError('--follow asks people about all episodes that come', {
        fix: 'leave out --annotator simulated and --episodes',
      });
    }
    const directory = datasetFolder(options.source);
    const recording = await openPrivilegedDataset(directory);
    const drawn = (): Query[] =>
      options.episodes === undefined
        ? drawQueries(recording, options, new RandomStream(context.seed, 'rank/queries'))
        : [queryAbout(recording, options.episodes)];
    const simulate = async (ledger: Ledger): Promise<RankingSession> => {
      const stream = new RandomStream(context.seed, 'rank/annotator');
      const answers = await answerBySimulation(recording, drawn(), ledger, { stream, nowMs: Date.now() });
      return { answers, finished: true };
    };
    const ask = (ledger: Ledger): Promise<RankingSession> => {
      if (options.follow) return askAsRecorded(context, directory, ledger, options);
      const asked = { source: datasetClips(recording), queries: fixedQueries(drawn()), signal: context.signal };
      return askPeople(context, asked, ledger, options);
    };
    const ledger = await openChosenLedger(options.ledger);
    try {
      const { answers, finished } = await (options.annotator === 'simulated' ? simulate(ledger) : ask(ledger));
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

/** Serves the page on a dataset that is being recorded. */
async function askAsRecorded(
  context: Context,
  directory: string,
  ledger: Ledger,
  options: PageOptions & { readonly queries: number; readonly clipsPerQuery: number },
): Promise<RankingSession> {
  const { growingDatasetClips, queryStream } = await import('@rapport/viewer');
  const { followRecording } = await import('../learning/arriving-queries.js');
  const { queries: count, clipsPerQuery } = options;
  const queries = queryStream(count);
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const following = followRecording(queries, { directory, count, clipsPerQuery, everyMs: LOOK_MS, signal });
  // A dataset that cannot be read any more ends the page too.
  following.catch(() => stop.abort());
  const source = growingDatasetClips(directory);
  const session = await askPeople(context, { source, queries, signal }, ledger, options);
  stop.abort();
  await following;
  return session;
}

/** Serves the page until every query is answered or the person at the terminal stops. */
async function askPeople(
  context: Context,
  { signal, ...asked }: Pick<ViewerOptions, 'source' | 'queries'> & { readonly signal: AbortSignal },
  ledger: Ledger,
  options: PageOptions,
): Promise<RankingSession> {
  const { startViewer } = await import('@rapport/viewer');
  const token = addressToken(options.host, options.token);
  let answers = 0;
  const viewer = await startViewer({
    ...asked,
    ledger,
    port: options.port,
    host: options.host,
    overlap: options.overlap,
    random: new RandomStream(context.seed, 'rank/screen-order'),
    signal,
    onFeedback: (entry) => {
      answers += entry.kind === 'feedback' ? 1 : -1;
    },
    onProblem: (error) => context.announce(`problem: ${error instanceof Error ? error.message : String(error)}`),
    ...(token !== undefined && { token }),
    ...(options.question !== undefined && { question: options.question }),
    ...(options.reasons !== undefined && { reasons: options.reasons }),
  });
  context.announce(`rank at ${viewer.url} (Ctrl+C ends and keeps every answer)`);
  const finished = await Promise.race([viewer.finished.then(() => true), whenAborted(signal)]);
  await viewer.close();
  return { answers, finished };
}

function whenAborted(signal: AbortSignal): Promise<false> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(false);
    signal.addEventListener('abort', () => resolve(false), { once: true });
  });
}
