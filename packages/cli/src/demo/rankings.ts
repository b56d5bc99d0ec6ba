import {
  type ClipReference,
  type LedgerEntry,
  mean,
  type Query,
  type RandomStream,
  type RankedClips,
  standingRankings,
} from '@rapport/core';
import type { Ledger } from '@rapport/data';
import { clipKey, ordinaryAnnotator, randomQueries, simulateAnswers } from '@rapport/reward';
import { type ClipSource, fixedQueries, startViewer } from '@rapport/viewer';
import type { ClipSplit } from './clips.js';

/** Prefixes of query ids: what an answer may be used for. */
const TRAINING = 'training';
const HELD_OUT = 'held-out';

/** What is asked: queries to learn from, and queries about held-out clips to judge by. */
export interface Questions {
  readonly training: readonly Query[];
  readonly heldOut: readonly Query[];
}

/** Draws the queries of a run. */
export function drawQuestions(
  split: ClipSplit,
  counts: { readonly training: number; readonly heldOut: number; readonly clipsPerQuery: number },
  stream: RandomStream,
): Questions {
  const draw = (prefix: string, clips: readonly ClipReference[], count: number) =>
    randomQueries({
      clips,
      count,
      itemsPerQuery: counts.clipsPerQuery,
      stream: stream.fork(prefix),
      idPrefix: prefix,
    });
  return {
    training: draw(TRAINING, split.training, counts.training),
    heldOut: draw(HELD_OUT, split.heldOut, counts.heldOut),
  };
}

/** Lets a simulated annotator answer what the ledger has no answer to. */
export async function answerBySimulation(
  questions: Questions,
  scores: ReadonlyMap<string, Float32Array>,
  ledger: Ledger,
  options: { readonly stream: RandomStream; readonly startMs: number },
): Promise<void> {
  const answers = simulateAnswers({
    queries: [...questions.training, ...questions.heldOut],
    scoreOf: (query, item) => mean(scores.get(clipKey(query.items[item]!))!),
    model: ordinaryAnnotator,
    stream: options.stream,
    annotator: 'simulated/ordinary',
    startMs: options.startMs,
  });
  const known = new Set((await ledger.entries()).map(({ id }) => id));
  for (const answer of answers) if (!known.has(answer.id)) await ledger.append(answer);
}

/** Serves the viewer until every query has its answer or the person stops. */
export async function answerByPerson(
  questions: Questions,
  source: ClipSource,
  ledger: Ledger,
  options: {
    readonly port: number;
    readonly question: string;
    readonly random: RandomStream;
    readonly signal: AbortSignal;
    readonly announce: (line: string) => void;
  },
): Promise<void> {
  const viewer = await startViewer({
    source,
    ledger,
    queries: fixedQueries([...questions.training, ...questions.heldOut]),
    port: options.port,
    question: options.question,
    random: options.random,
    onProblem: (error) => options.announce(error instanceof Error ? error.message : String(error)),
  });
  options.announce(`rank the clips at ${viewer.url}; the demo goes on after the last one`);
  const stopped = new Promise<void>((resolve) => {
    if (options.signal.aborted) resolve();
    options.signal.addEventListener('abort', () => resolve(), { once: true });
  });
  await Promise.race([viewer.finished, stopped]);
  await viewer.close();
}

/** The rankings that stand, by what they may be used for. */
export interface SortedAnswers {
  readonly training: readonly RankedClips[];
  readonly heldOut: readonly RankedClips[];
}

/** Sorts what a ledger holds. */
export function sortAnswers(entries: readonly LedgerEntry[]): SortedAnswers {
  const about = (prefix: string) =>
    standingRankings(entries.filter((entry) => entry.kind === 'undo' || entry.query.id.startsWith(`${prefix}-`)));
  return { training: about(TRAINING), heldOut: about(HELD_OUT) };
}
