/** A piece of a recorded episode: frames `start` (included) to `end` (excluded). */
export interface ClipReference {
  /** Identity of the dataset (see `DatasetInfo.id` in the data package). */
  readonly dataset: string;
  readonly episode: number;
  readonly start: number;
  readonly end: number;
}

/** A question to an annotator: which of these clips do you prefer? */
export interface Query {
  /** Unique within a ledger. */
  readonly id: string;
  /** Two to six clips. */
  readonly items: readonly ClipReference[];
}

/** What an annotator answered. Ranks belong to `Query.items` in their own order, not to the order on screen. */
export type FeedbackValue =
  /** `ranks[i]` is the place of item i: 0 is best, equal numbers are ties, places are dense (0, 1, 1, 2). */
  | { readonly kind: 'ranking'; readonly ranks: readonly number[] }
  /** One of two clips is better; `preferred` is its index in `Query.items`, null says that they are equal. */
  | { readonly kind: 'pair'; readonly preferred: 0 | 1 | null }
  /** Shown, not answered. */
  | { readonly kind: 'skip' }
  /** Looked at, and not decidable. */
  | { readonly kind: 'cannot-tell' };

/** Frames `start` (included) to `end` (excluded) of an episode. */
export interface FrameWindow {
  readonly start: number;
  readonly end: number;
}

/** How much better: slightly, clearly, by far. */
export type Strength = 1 | 2 | 3;

/** What an annotator said beside the answer; every part is optional, and none is given with a skip. */
export interface Annotation {
  /** The frames of each item that decided, inside the item, in the order of `Query.items`; null where none of it did. */
  readonly windows?: readonly (FrameWindow | null)[];
  /** Reasons ticked, in the words of the list that the annotator was given. */
  readonly reasons?: readonly string[];
  /** How much better the best item is than the worst; only with an answer that prefers one. */
  readonly strength?: Strength;
}

/** One line of the append-only ledger. */
export type LedgerEntry = FeedbackEntry | UndoEntry;

export interface FeedbackEntry {
  readonly kind: 'feedback';
  /** Unique; made by the client, so that sending an answer twice stores it once. */
  readonly id: string;
  readonly query: Query;
  /** `screenOrder[p]` is the index into `query.items` of the clip shown at place p, from the left. */
  readonly screenOrder: readonly number[];
  readonly value: FeedbackValue;
  /** Who answered, for example `human/annotator-1` or `simulated/bradley-terry`. */
  readonly annotator: string;
  /** Milliseconds since 1970, UTC. */
  readonly shownAtMs: number;
  readonly answeredAtMs: number;
  /** How often each item was played from its start while the query was on screen, in the order of `query.items`. */
  readonly replays: readonly number[];
  readonly annotation?: Annotation;
}

/** Takes back an earlier answer of the same annotator; nothing is deleted. */
export interface UndoEntry {
  readonly kind: 'undo';
  readonly id: string;
  /** The `FeedbackEntry` taken back. */
  readonly undoes: string;
  readonly annotator: string;
  readonly atMs: number;
}

/** An answered query in the one form that learners use. */
export interface RankedClips {
  readonly items: readonly ClipReference[];
  /** Dense places as in `FeedbackValue` of kind `ranking`. */
  readonly ranks: readonly number[];
  /** As in `Annotation`, where the annotator marked them. */
  readonly windows?: readonly (FrameWindow | null)[];
  /** As in `Annotation`, where the annotator stated it. */
  readonly strength?: Strength;
}

/** The answers that stand: undone ones, skips and undecidable ones left out, pairs read as rankings of two. */
export function standingRankings(entries: readonly LedgerEntry[]): RankedClips[] {
  const undone = new Set(entries.flatMap((entry) => (entry.kind === 'undo' ? [entry.undoes] : [])));
  const rankings: RankedClips[] = [];
  for (const entry of entries) {
    if (entry.kind === 'undo' || undone.has(entry.id)) continue;
    const ranks = ranksOf(entry.value);
    if (ranks === undefined) continue;
    const { windows, strength } = entry.annotation ?? {};
    rankings.push({
      items: entry.query.items,
      ranks,
      ...(windows !== undefined && { windows }),
      ...(strength !== undefined && { strength }),
    });
  }
  return rankings;
}

/**
 * How much better item `first` is than item `second`, in units of `Strength`: the stated strength belongs to the best and
 * the worst place, and places between lie evenly. 0 where nothing was stated, for ties, and for the worse of two.
 */
export function strengthBetween({ ranks, strength }: RankedClips, first: number, second: number): number {
  const steps = ranks[second]! - ranks[first]!;
  return steps <= 0 ? 0 : ((strength ?? 0) * steps) / Math.max(...ranks);
}

/** The ranking about the frames that decided: items with a window are cut to it, and the others stay whole. */
export function onDecidingFrames(ranking: RankedClips): RankedClips {
  const { items, windows } = ranking;
  if (windows === undefined) return ranking;
  return { ...ranking, items: items.map((item, index) => ({ ...item, ...windows[index] })) };
}

function ranksOf(value: FeedbackValue): readonly number[] | undefined {
  switch (value.kind) {
    case 'ranking':
      return value.ranks;
    case 'pair':
      return value.preferred === null ? [0, 0] : value.preferred === 0 ? [0, 1] : [1, 0];
    case 'skip':
    case 'cannot-tell':
      return undefined;
  }
}
