import type { Query, RandomStream } from '@rapport/core';
import type { Dataset, DatasetEpisode } from '@rapport/data';

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
  return Array.from({ length: count }, (_, place) => {
    const items = own
      .sample(rollouts, Math.min(clipsPerQuery, rollouts.length))
      .map(({ index, length }) => ({ dataset: dataset.id, episode: index, start: 0, end: length }));
    return {
      id: `${dataset.id}/${first + place}/${items.map(({ episode }) => episode).join('+')}`.slice(0, 200),
      items,
    };
  });
}

/**
 * The rollouts of a dataset by their starts, as far as several begin at the same one; all of them together when none do, or
 * when the seeds are not known.
 */
export function rolloutsByStart({ episodes }: Pick<Dataset, 'episodes'>): DatasetEpisode[][] {
  const bySeed = new Map<number, DatasetEpisode[]>();
  for (const episode of episodes) {
    if (episode.seed >= 0) bySeed.set(episode.seed, [...(bySeed.get(episode.seed) ?? []), episode]);
  }
  const matched = [...bySeed.values()].filter((group) => group.length > 1);
  return matched.length > 0 ? matched : [[...episodes]];
}
