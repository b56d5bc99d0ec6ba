import { type ClipReference, InputError, type Query, type RandomStream } from '@rapport/core';
import type { FeatureVideo, VideoLookup } from '../videos.js';

export interface QuerySelection {
  readonly clips: readonly ClipReference[];
  /** Number of queries. */
  readonly count: number;
  /** Clips in a query, 2 to 6. */
  readonly itemsPerQuery: number;
  readonly stream: RandomStream;
  /** Query ids are this, a hyphen and a running number. */
  readonly idPrefix: string;
}

/**
 * Random queries in which every clip is asked about equally often (the counts differ by at most one until the clips run
 * out): clips are dealt like cards, and the deck is shuffled anew when it is empty.
 * @throws InputError when there are fewer clips than a query holds
 */
export function randomQueries(selection: QuerySelection): Query[] {
  checkSelection(selection);
  const deal = dealer(selection);
  return Array.from({ length: selection.count }, (_, index) => ({
    id: queryId(selection, index),
    items: deal(),
  }));
}

/**
 * Queries whose clips look different from each other: of `candidates` random groups, the one whose two most similar clips
 * are farthest apart, by the distance of their mean features. It uses pictures only, no scores.
 */
export function spreadQueries(selection: QuerySelection, videos: VideoLookup, candidates = 4): Query[] {
  checkSelection(selection);
  const deal = dealer(selection);
  const means = new Map(selection.clips.map((clip) => [clip, meanFeatures(videos(clip))]));
  const spread = (items: readonly ClipReference[]): number => {
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < items.length; i++) {
      for (let j = 0; j < i; j++) {
        least = Math.min(least, squaredDistance(means.get(items[i]!)!, means.get(items[j]!)!));
      }
    }
    return least;
  };
  return Array.from({ length: selection.count }, (_, index) => {
    let best = deal();
    for (let candidate = 1; candidate < candidates; candidate++) {
      const other = deal();
      if (spread(other) > spread(best)) best = other;
    }
    return { id: queryId(selection, index), items: best };
  });
}

function dealer({ clips, itemsPerQuery, stream }: QuerySelection): () => ClipReference[] {
  let deck: ClipReference[] = [];
  return () => {
    const hand: ClipReference[] = [];
    while (hand.length < itemsPerQuery) {
      if (deck.length === 0) {
        // Clips that are already in this hand go to the bottom of the new deck.
        const shuffled = stream.shuffled(clips);
        deck = [...shuffled.filter((clip) => hand.includes(clip)), ...shuffled.filter((clip) => !hand.includes(clip))];
      }
      hand.push(deck.pop()!);
    }
    return hand;
  };
}

function queryId(selection: QuerySelection, index: number): string {
  return `${selection.idPrefix}-${String(index).padStart(5, '0')}`;
}

function meanFeatures(video: FeatureVideo): Float64Array {
  const mean = new Float64Array(video.width);
  for (let index = 0; index < video.data.length; index++) {
    const column = index % video.width;
    mean[column] = mean[column]! + video.data[index]! / video.frames;
  }
  return mean;
}

function squaredDistance(a: Float64Array, b: Float64Array): number {
  let total = 0;
  for (let index = 0; index < a.length; index++) total += (a[index]! - b[index]!) ** 2;
  return total;
}

function checkSelection({ clips, itemsPerQuery, count }: QuerySelection): void {
  if (!Number.isInteger(itemsPerQuery) || itemsPerQuery < 2 || itemsPerQuery > 6) {
    throw new InputError(`itemsPerQuery is ${itemsPerQuery}; expected an integer from 2 to 6`);
  }
  if (!Number.isInteger(count) || count < 0) throw new InputError(`count is ${count}; expected 0 or more queries`);
  if (clips.length < itemsPerQuery) {
    throw new InputError(`there are ${clips.length} clips; a query needs ${itemsPerQuery} different ones`);
  }
}
