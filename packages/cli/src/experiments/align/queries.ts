import type { Query, RandomStream } from '@rapport/core';
import { type FeatureVideo, videoDifferences } from '@rapport/reward';

/** What is asked about first. */
export const queryOrders = ['different', 'random'] as const;
export type QueryOrder = (typeof queryOrders)[number];

/** As many as RAPL's triplets have. */
const CLIPS_PER_QUERY = 3;
/** Moments at which two rollouts are compared. */
const MOMENTS = 16;

type Clip = Query['items'][number];

/**
 * Queries about rollouts of one start each; every start is asked about equally often (counts differ by one at most).
 * `different`: first the starts of which two rollouts look most different, about these two and a random third, so that few
 * answers are spent on rollouts that did the same. Further rounds, and all of `random`, draw starts and rollouts.
 * @param starts the rollouts of each start, three or more
 * @param videos what the reward sees of them, by episode
 */
export function orderedQueries(
  starts: readonly (readonly Clip[])[],
  count: number,
  order: QueryOrder,
  videos: readonly FeatureVideo[],
  stream: RandomStream,
): Query[] {
  const first = order === 'different' ? mostDifferent(starts, videos, stream) : [];
  let deck: (readonly Clip[])[] = [];
  return Array.from({ length: count }, (_, number): Query => {
    if (deck.length === 0) deck = stream.shuffled(starts);
    const items = first[number] ?? stream.sample(deck.pop()!, CLIPS_PER_QUERY);
    return { id: `${stream.seed}/${number}/${items.map(({ episode }) => episode).join('+')}`, items };
  });
}

/** One query for each start, by falling difference of its two most different rollouts. */
function mostDifferent(
  starts: readonly (readonly Clip[])[],
  videos: readonly FeatureVideo[],
  stream: RandomStream,
): Clip[][] {
  const difference = videoDifferences(videos, MOMENTS);
  return starts
    .map((clips) => {
      const pairs = clips.flatMap((one, place) =>
        clips.slice(place + 1).map((other) => ({ one, other, apart: difference(one.episode, other.episode) })),
      );
      const { one, other, apart } = pairs.reduce((most, pair) => (pair.apart > most.apart ? pair : most));
      const rest = clips.filter((clip) => clip !== one && clip !== other);
      return { items: stream.shuffled([one, other, ...stream.sample(rest, CLIPS_PER_QUERY - 2)]), apart };
    })
    .sort((a, b) => b.apart - a.apart)
    .map(({ items }) => items);
}
