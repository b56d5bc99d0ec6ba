import { setTimeout as sleep } from 'node:timers/promises';
import { type Query, RandomStream, type RankedClips, standingRankings } from '@rapport/core';
import { type Ledger, openPrivilegedDataset } from '@rapport/data';
import { growingDatasetClips, queryStream } from '@rapport/viewer';
import { interruptedRanking, openRankingPage } from '../learning/ranking-page.js';
import { answerBySimulation } from '../learning/ranking-session.js';
import { openChosenLedger, openExistingLedger } from '../ledger.js';
import type { AlignOptions } from './options.js';
import { StandingAnswers } from './standing-answers.js';

/** How often it is looked whether a person has answered, ms. */
const POLL_MS = 100;

/** Rankings of a dataset's rollouts that stand in the ledger, in the order in which they were given. */
export async function ledgerRankings(chosen: string | undefined, dataset: string): Promise<RankedClips[]> {
  const ledger = await openExistingLedger(chosen);
  const entries = await ledger.entries({ dataset }).finally(() => ledger.close());
  return standingRankings(entries);
}

/** Somebody who ranks rollouts while they are made. */
export interface RankingDesk {
  /** Asks something; its rollouts must be in the dataset. */
  ask(query: Query): void;
  /** Waits for answers to what was asked so far, where somebody answers meanwhile. @throws as `finish` */
  answered(): Promise<void>;
  /** There is nothing more to ask: waits for the answers. @throws InterruptedError when the person stopped */
  finish(): Promise<void>;
  close(): Promise<void>;
}

interface DeskOptions {
  readonly options: AlignOptions;
  /** Folder of the dataset. */
  readonly directory: string;
  readonly seed: number;
  /** When the first query is shown to a simulated annotator, milliseconds since 1970. */
  readonly startMs: number;
  readonly signal: AbortSignal;
  readonly announce: (line: string) => void;
}

/** Opens the viewer for a person, or lets the simulated annotator answer in the end. */
export async function openRankingDesk(annotator: 'human' | 'simulated', needs: DeskOptions): Promise<RankingDesk> {
  const ledger = await openChosenLedger(needs.options.ledger);
  try {
    return annotator === 'human' ? await personsDesk(ledger, needs) : simulatedDesk(ledger, needs);
  } catch (error) {
    await ledger.close();
    throw error;
  }
}

async function personsDesk(
  ledger: Ledger,
  { options, directory, seed, ...surroundings }: DeskOptions,
): Promise<RankingDesk> {
  const queries = queryStream(options.queries);
  const asked = new Set<string>();
  const answers = new StandingAnswers(await ledger.entries());
  const page = await openRankingPage(
    {
      source: growingDatasetClips(directory),
      ledger,
      queries,
      port: options.port,
      random: new RandomStream(seed, 'align/screen-order'),
      onFeedback: (entry) => answers.add(entry),
      ...(options.question !== undefined && { question: options.question }),
    },
    'alignment',
    surroundings,
  );
  return {
    ask(query) {
      asked.add(query.id);
      queries.push(query);
    },
    async answered() {
      while (!answers.cover(asked)) {
        if (surroundings.signal.aborted) throw interruptedRanking();
        await sleep(POLL_MS);
      }
    },
    finish() {
      queries.end();
      return page.answered();
    },
    async close() {
      await page.close();
      await ledger.close();
    },
  };
}

function simulatedDesk(ledger: Ledger, { directory, seed, startMs }: DeskOptions): RankingDesk {
  const queries: Query[] = [];
  return {
    ask: (query) => {
      queries.push(query);
    },
    answered: async () => {},
    async finish() {
      const recording = await openPrivilegedDataset(directory);
      const stream = new RandomStream(seed, 'align/annotator');
      await answerBySimulation(recording, queries, ledger, { stream, nowMs: startMs });
    },
    close: () => ledger.close(),
  };
}
