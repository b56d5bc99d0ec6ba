import {
  type ClipReference,
  InputError,
  type Query,
  type RandomStream,
  randomQueries,
  standingRankings,
} from '@rapport/core';
import type { Ledger, PrivilegedDataset } from '@rapport/data';
import { datasetClips, fixedQueries, wholeEpisodes } from '@rapport/viewer';
import { isHeldOut, type RankingSplit, splitRankings } from '../learning/held-out.js';
import { openRankingPage } from '../learning/ranking-page.js';
import { answerBySimulation } from '../learning/ranking-session.js';
import type { DemoOptions } from './options.js';

/** The rollouts of a run: those that may be shown and learned from, and those that rewards are judged on. */
export interface ClipSplit {
  readonly training: readonly ClipReference[];
  readonly heldOut: readonly ClipReference[];
}

/** As many as the largest query shows. */
const FEWEST_HELD_OUT = 6;

/**
 * Splits the rollouts; see `isHeldOut`.
 * @throws InputError when too few are held out
 */
export function splitClips(recording: PrivilegedDataset): ClipSplit {
  const clips = wholeEpisodes(recording);
  const heldOut = clips.filter(isHeldOut);
  if (heldOut.length < FEWEST_HELD_OUT) {
    throw new InputError(
      `${heldOut.length} of ${clips.length} rollouts are held out; judging a reward needs ${FEWEST_HELD_OUT}`,
      { fix: 'record more with --rollouts' },
    );
  }
  return { training: clips.filter((clip) => !isHeldOut(clip)), heldOut };
}

/** A simulated annotator answers at least this many held-out queries: they judge, and cost nothing. */
const HELD_OUT_QUERIES = 100;

/** What a person is asked. */
const QUESTIONS = {
  avoid: 'Which robot brings the blocks to the top while keeping out of the blue zone?',
  group: 'Which robot brings the blocks to the top while keeping them together?',
} as const;

/** What asking needs beside the options. */
export interface RankingNeeds {
  readonly recording: PrivilegedDataset;
  readonly split: ClipSplit;
  readonly ledger: Ledger;
  readonly stream: RandomStream;
  /** When the first query is shown to a simulated annotator, milliseconds since 1970. */
  readonly startMs: number;
  readonly signal: AbortSignal;
  /** One line that the person needs: the viewer's address. */
  readonly announce: (line: string) => void;
}

/** Rankings that stand and state a preference, by what they may be used for. */
export interface CollectedRankings extends RankingSplit {
  /** Queries asked. */
  readonly asked: number;
}

/**
 * Has the queries of a run answered, by a simulated annotator or by a person in the viewer: those to learn from, then those
 * to judge by. What the ledger holds answers to is not asked again.
 */
export async function collectRankings(options: DemoOptions, needs: RankingNeeds): Promise<CollectedRankings> {
  const { recording, split, ledger, stream } = needs;
  const draw = (clips: readonly ClipReference[], count: number, name: string) =>
    randomQueries({ clips, count, clipsPerQuery: options.clipsPerQuery, random: stream.fork(name) });
  const human = options.annotator === 'human';
  const judging = human ? Math.ceil(options.rankings / 5) : Math.max(options.rankings, HELD_OUT_QUERIES);
  const queries = [...draw(split.training, options.rankings, 'learning'), ...draw(split.heldOut, judging, 'judging')];
  if (human) await askPerson(queries, options, needs);
  else await answerBySimulation(recording, queries, ledger, { stream: stream.fork('annotator'), nowMs: needs.startMs });
  const known = new Set(queries.map(({ id }) => id));
  const entries = (await ledger.entries()).filter((entry) => entry.kind === 'undo' || known.has(entry.query.id));
  return { ...splitRankings(standingRankings(entries)), asked: queries.length };
}

async function askPerson(
  queries: readonly Query[],
  { task, port }: DemoOptions,
  { recording, ledger, stream, ...surroundings }: RankingNeeds,
): Promise<void> {
  const page = await openRankingPage(
    {
      source: datasetClips(recording),
      ledger,
      queries: fixedQueries(queries),
      port,
      random: stream.fork('screen-order'),
      question: QUESTIONS[task],
    },
    'demo',
    surroundings,
  );
  await page.answered().finally(page.close);
}
