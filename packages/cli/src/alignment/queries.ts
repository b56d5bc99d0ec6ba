import type { Query, RandomStream } from '@rapport/core';
import type { Dataset, DatasetEpisode } from '@rapport/data';
import { type FeatureVideo, videoDifferences } from '@rapport/reward';

type Clip = Query['items'][number];

/** Queries that are made when all rollouts are there. */
export interface WantedQueries {
  /** Begins the queries' ids. */
  readonly name: string;
  readonly queries: number;
  readonly clipsPerQuery: number;
}

/**
 * Queries about rollouts of one start each; every start is asked about equally often (counts differ by one at most). Where
 * it is known what rollouts look like, the first are about the starts of which two rollouts look most different, with these
 * two and random others, so that few answers are spent on rollouts that did the same. Further rounds, and all without
 * looks, draw starts and rollouts.
 * @param starts the rollouts of each start, two or more
 * @param looks what a reward sees of them, by episode
 */
export function orderedQueries(
  starts: readonly (readonly Clip[])[],
  { name, queries, clipsPerQuery }: WantedQueries,
  looks: readonly FeatureVideo[] | undefined,
  stream: RandomStream,
): Query[] {
  const first = looks === undefined ? [] : mostDifferent(starts, clipsPerQuery, looks, stream);
  let deck: (readonly Clip[])[] = [];
  return Array.from({ length: queries }, (_, number): Query => {
    if (deck.length === 0) deck = stream.shuffled(starts);
    return namedQuery(name, number, first[number] ?? drawn(deck.pop()!, clipsPerQuery, stream));
  });
}

/** Moments at which two rollouts are compared. */
const MOMENTS = 16;

/** One query for each start, by falling difference of its two most different rollouts. */
function mostDifferent(
  starts: readonly (readonly Clip[])[],
  clipsPerQuery: number,
  looks: readonly FeatureVideo[],
  stream: RandomStream,
): Clip[][] {
  const difference = videoDifferences(looks, MOMENTS);
  return starts
    .map((clips) => {
      const pairs = clips.flatMap((one, place) =>
        clips.slice(place + 1).map((other) => ({ one, other, apart: difference(one.episode, other.episode) })),
      );
      const { one, other, apart } = pairs.reduce((most, pair) => (pair.apart > most.apart ? pair : most));
      const rest = clips.filter((clip) => clip !== one && clip !== other);
      return { items: stream.shuffled([one, other, ...drawn(rest, clipsPerQuery - 2, stream)]), apart };
    })
    .sort((a, b) => b.apart - a.apart)
    .map(({ items }) => items);
}

/**
 * Queries about rollouts from the same start, spread evenly over the starts. Those of a start depend on its place and the
 * seed alone, so that they can be asked as soon as its rollouts are there.
 * @param starts how many starts there will be
 */
export function queriesOfStart(
  dataset: Pick<Dataset, 'id'>,
  rollouts: readonly Pick<DatasetEpisode, 'index' | 'length'>[],
  start: number,
  options: { readonly starts: number; readonly queries: number; readonly clipsPerQuery: number },
  stream: RandomStream,
): Query[] {
  const { starts, queries, clipsPerQuery } = options;
  const first = Math.floor((start * queries) / starts);
  const count = Math.floor(((start + 1) * queries) / starts) - first;
  const own = stream.fork(`start-${start}`);
  const clips = wholeRollouts(dataset, rollouts);
  return Array.from({ length: count }, (_, place) =>
    namedQuery(dataset.id, first + place, drawn(clips, clipsPerQuery, own)),
  );
}

/** Rollouts from their first step to their last. */
export function wholeRollouts(
  { id }: Pick<Dataset, 'id'>,
  rollouts: readonly Pick<DatasetEpisode, 'index' | 'length'>[],
): Clip[] {
  return rollouts.map(({ index, length }) => ({ dataset: id, episode: index, start: 0, end: length }));
}

/**
 * The rollouts of a dataset by their starts, as far as several begin at the same one; all of them together when none do, or
 * when the seeds are not known.
 */
export function rolloutsByStart({ episodes }: Pick<Dataset, 'episodes'>): DatasetEpisode[][] {
  const matched = matchedStarts({ episodes });
  return matched.length > 0 ? matched : [[...episodes]];
}

/** The rollouts of each start that several begin at. */
export function matchedStarts({ episodes }: Pick<Dataset, 'episodes'>): DatasetEpisode[][] {
  const bySeed = new Map<number, DatasetEpisode[]>();
  for (const episode of episodes) {
    if (episode.seed >= 0) bySeed.set(episode.seed, [...(bySeed.get(episode.seed) ?? []), episode]);
  }
  return [...bySeed.values()].filter((group) => group.length > 1);
}

function drawn(clips: readonly Clip[], count: number, stream: RandomStream): Clip[] {
  return stream.sample(clips, Math.min(count, clips.length));
}

function namedQuery(name: string, number: number, items: readonly Clip[]): Query {
  return { id: `${name}/${number}/${items.map(({ episode }) => episode).join('+')}`.slice(0, 200), items };
}
