import { type Query, type RandomStream, type RankedClips, standingRankings } from '@rapport/core';
import { openLedger, openPrivilegedDataset } from '@rapport/data';
import type { FeatureVideo } from '@rapport/reward';
import { datasetClips, fixedQueries, wholeEpisodes } from '@rapport/viewer';
import { statesPreference } from '../../alignment/learned-rewards.js';
import { orderedQueries } from '../../alignment/queries.js';
import { openRankingPage } from '../../learning/ranking-page.js';
import { answerBySimulation } from '../../learning/ranking-session.js';

/** As many as RAPL's triplets have. */
const CLIPS_PER_QUERY = 3;

interface RankingOptions {
  /** Folder of the rollouts' dataset. */
  readonly dataset: string;
  /** Folder of the ledger. */
  readonly ledger: string;
  readonly annotator: 'simulated' | 'human';
  readonly count: number;
  /** What the reward sees of the rollouts, by episode: the most different ones are asked about first; or any. */
  readonly looks: readonly FeatureVideo[] | undefined;
  readonly question: string;
  readonly port: number;
  readonly stream: RandomStream;
  /** When the first query is shown to a simulated annotator, milliseconds since 1970. */
  readonly startMs: number;
  readonly signal: AbortSignal;
  readonly announce: (line: string) => void;
}

/**
 * Has queries about rollouts of the same start answered, by a simulated annotator or by a person in the viewer. What the
 * ledger holds answers to is not asked again.
 * @returns rankings that state a preference, in the order of the queries
 */
export async function collectRankings(options: RankingOptions): Promise<RankedClips[]> {
  const { annotator, question, port, stream, startMs: nowMs } = options;
  const recording = await openPrivilegedDataset(options.dataset);
  const starts = new Map<number, Query['items'][number][]>();
  for (const clip of wholeEpisodes(recording)) {
    const { seed } = recording.dataset.episode(clip.episode);
    starts.set(seed, [...(starts.get(seed) ?? []), clip]);
  }
  const draws = stream.fork('queries');
  const wanted = { name: String(draws.seed), queries: options.count, clipsPerQuery: CLIPS_PER_QUERY };
  const queries = orderedQueries([...starts.values()], wanted, options.looks, draws);
  const ledger = await openLedger({ directory: options.ledger });
  try {
    if (annotator === 'simulated') {
      await answerBySimulation(recording, queries, ledger, { stream: stream.fork('annotator'), nowMs });
    } else {
      const random = stream.fork('screen-order');
      const asked = { source: datasetClips(recording), ledger, queries: fixedQueries(queries), port, random, question };
      const page = await openRankingPage(asked, 'experiment', options);
      await page.answered().finally(page.close);
    }
    const places = new Map(queries.map(({ id }, index) => [id, index]));
    const entries = (await ledger.entries())
      .filter((entry) => entry.kind === 'undo' || places.has(entry.query.id))
      .sort((a, b) => placeIn(places, a) - placeIn(places, b));
    return standingRankings(entries).filter(statesPreference);
  } finally {
    await ledger.close();
  }
}

function placeIn(
  places: ReadonlyMap<string, number>,
  entry: { readonly kind: string; readonly query?: Query },
): number {
  return entry.query === undefined ? places.size : places.get(entry.query.id)!;
}
