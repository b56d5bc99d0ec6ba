import { type ClipReference, RandomStream, type RankedClips } from '@rapport/core';

/** One of this many consecutive episodes is held out. */
const BLOCK = 5;

/** Share of the episodes of a dataset that no reward learns from. */
const HELD_OUT_SHARE = 1 / BLOCK;

/**
 * Whether an episode is for judging rewards, never for learning them: of every five consecutive episodes of a dataset one,
 * drawn from the dataset's name. So ranking and training agree whenever they run, the share is exact, and a dataset that
 * grows keeps its split.
 */
export function isHeldOut({ dataset, episode }: Pick<ClipReference, 'dataset' | 'episode'>): boolean {
  const block = Math.floor(episode / BLOCK);
  return episode % BLOCK === new RandomStream(0, `held-out/${dataset}/${block}`).integer(BLOCK);
}

/** Rankings by what they may be used for. */
export interface RankingSplit {
  readonly training: readonly RankedClips[];
  readonly heldOut: readonly RankedClips[];
  /** Rankings that show clips of both sides can be used for neither. */
  readonly mixed: number;
}

/** Splits rankings so that no clip is both learned from and judged by. */
export function splitRankings(rankings: readonly RankedClips[]): RankingSplit {
  const training = rankings.filter(({ items }) => !items.some(isHeldOut));
  const heldOut = rankings.filter(({ items }) => items.every(isHeldOut));
  return { training, heldOut, mixed: rankings.length - training.length - heldOut.length };
}

/**
 * How many of `count` queries to ask about held-out clips: their share, or none when they are too few for a query.
 */
export function heldOutQueries(count: number, heldOutClips: number, clipsPerQuery: number): number {
  return heldOutClips < clipsPerQuery ? 0 : Math.round(HELD_OUT_SHARE * count);
}

/** Puts the second list's members evenly between the first's. */
export function interleave<Item>(many: readonly Item[], few: readonly Item[]): Item[] {
  const total = many.length + few.length;
  const merged: Item[] = [];
  let taken = 0;
  for (let place = 0; place < total; place++) {
    const due = Math.floor(((place + 1) * few.length) / total);
    merged.push(due > taken ? few[taken++]! : many[place - taken]!);
  }
  return merged;
}
