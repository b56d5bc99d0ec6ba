import { InputError } from './errors.js';
import type { ClipReference, Query } from './feedback.js';
import type { RandomStream } from './random.js';

export interface RandomQueryOptions {
  /** Whole episodes, or pieces of them, to choose from. */
  readonly clips: readonly ClipReference[];
  /** How many queries to make. */
  readonly count: number;
  /** Clips per query, 2 to 6; 3 (RAPL's triplets) when absent. */
  readonly clipsPerQuery?: number;
  readonly random: RandomStream;
}

/**
 * Random queries of different clips. Clips are dealt from a shuffled deck, so that each is asked about equally often
 * (counts differ by one at most). A query's id holds the seed, its number and its clips.
 * @throws InputError when there are fewer clips than one query needs
 */
export function randomQueries({ clips, count, clipsPerQuery = 3, random }: RandomQueryOptions): Query[] {
  if (!Number.isInteger(clipsPerQuery) || clipsPerQuery < 2 || clipsPerQuery > 6) {
    throw new InputError(`a query of ${clipsPerQuery} clips is not possible; expected 2 to 6`);
  }
  if (clips.length < clipsPerQuery) {
    throw new InputError(`a query needs ${clipsPerQuery} clips, and there are ${clips.length}`, {
      fix: 'record more rollouts, or ask for fewer clips per query',
    });
  }
  let deck: ClipReference[] = [];
  return Array.from({ length: count }, (_, number) => {
    if (deck.length < clipsPerQuery) deck = refill(deck, clips, random);
    const items = deck.splice(0, clipsPerQuery);
    return { id: `${random.seed}/${number}/${items.map(clipName).join('+')}`.slice(0, 200), items };
  });
}

/** What is left of a deck, then a freshly shuffled one whose first cards are not the ones left over. */
function refill(rest: readonly ClipReference[], clips: readonly ClipReference[], random: RandomStream) {
  const fresh = random.shuffled(clips);
  const left = new Set(rest);
  return [...rest, ...fresh.filter((clip) => !left.has(clip)), ...fresh.filter((clip) => left.has(clip))];
}

function clipName({ dataset, episode, start, end }: ClipReference): string {
  return `${dataset.slice(0, 12)}.${episode}.${start}-${end}`;
}
