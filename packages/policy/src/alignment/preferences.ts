import { InputError, onDecidingFrames, type RankedClips } from '@rapport/core';

/**
 * A piece of a rollout: steps `start` (included) to `end` (excluded). What an annotator marked as deciding is a segment of
 * its own: only windows whose executed actions lie in a segment, in part at least, are learned from.
 */
export interface RolloutSegment {
  /** Index into the list of rollouts. */
  readonly rollout: number;
  readonly start: number;
  readonly end: number;
}

/** Segments in an order of preference; a pair is a ranking of two. */
export interface SegmentRanking {
  /** Two or more. */
  readonly items: readonly RolloutSegment[];
  /** Place of each item: 0 is best, equal numbers are ties, which say nothing about each other. */
  readonly ranks: readonly number[];
  /** How much better the best is than the worst, 0 or more, for objectives that use it; places between lie evenly. */
  readonly strength?: number;
  /** Probability that the order is as given, in (1/2, 1]; 1 when absent. Used by objectives of pairs. */
  readonly probability?: number;
  /** Return of each item under a learned reward, for objectives that regress on it (`copg`). */
  readonly returns?: readonly number[];
}

/** A segment rated by itself. */
export interface SegmentRating {
  readonly segment: RolloutSegment;
  readonly good: boolean;
}

/** What an annotator, or a learned reward in his place, said about rollouts. */
export interface RolloutPreferences {
  readonly rankings: readonly SegmentRanking[];
  readonly ratings: readonly SegmentRating[];
}

/** Rankings alone. */
export function rankingsOnly(rankings: readonly SegmentRanking[]): RolloutPreferences {
  return { rankings, ratings: [] };
}

/**
 * Rankings of clips of one dataset as preferences about its episodes, cut to the frames that the annotator marked.
 * @param lengths steps of each episode of the dataset, which are the rollouts
 * @throws InputError naming a ranking about another dataset or about an episode or frames that are not there
 */
export function clipPreferences(
  rankings: readonly RankedClips[],
  dataset: string,
  lengths: readonly number[],
): RolloutPreferences {
  const converted = rankings.map((ranking, index): SegmentRanking => {
    const { items, ranks, strength } = onDecidingFrames(ranking);
    const foreign = items.find((item) => item.dataset !== dataset);
    if (foreign !== undefined) {
      throw new InputError(`ranking ${index} names rollouts of dataset "${foreign.dataset}"; expected "${dataset}"`, {
        fix: 'give the dataset that was ranked',
      });
    }
    const segments = items.map(({ episode, start, end }) => ({ rollout: episode, start, end }));
    return { items: segments, ranks, ...(strength !== undefined && { strength }) };
  });
  const preferences = rankingsOnly(converted);
  checkPreferences(preferences, lengths);
  return preferences;
}

/** A ranking by its places, best first; each place holds the items that share it. */
export interface Places {
  readonly ranking: SegmentRanking;
  readonly places: readonly (readonly RankedItem[])[];
}

export interface RankedItem {
  readonly segment: RolloutSegment;
  /** 0 when the ranking states no returns. */
  readonly return: number;
}

/** Rankings that state a preference, by places; those of nothing but ties are left out. */
export function rankingPlaces(rankings: readonly SegmentRanking[]): Places[] {
  return rankings.flatMap((ranking) => {
    const distinct = [...new Set(ranking.ranks)].sort((a, b) => a - b);
    if (distinct.length < 2) return [];
    const places = distinct.map((rank) =>
      ranking.items.flatMap((segment, item) =>
        ranking.ranks[item] === rank ? [{ segment, return: ranking.returns?.[item] ?? 0 }] : [],
      ),
    );
    return [{ ranking, places }];
  });
}

/**
 * Good and bad segments: those rated so, and the best and the worst of each ranking.
 * @throws InputError when one side is empty
 */
export function ratedSides({ rankings, ratings }: RolloutPreferences): {
  readonly good: readonly RolloutSegment[];
  readonly bad: readonly RolloutSegment[];
} {
  const ranked = rankingPlaces(rankings);
  const side = (good: boolean) => [
    ...ratings.filter((rating) => rating.good === good).map(({ segment }) => segment),
    ...ranked.flatMap(({ places }) => (good ? places[0]! : places.at(-1)!).map(({ segment }) => segment)),
  ];
  const [good, bad] = [side(true), side(false)];
  if (good.length > 0 && bad.length > 0) return { good, bad };
  throw new InputError(`the ratings are one-sided: ${good.length} good and ${bad.length} bad; expected some of both`, {
    fix: 'rate rollouts of both kinds, or rank them against each other',
  });
}

/**
 * Holds preferences against the rollouts that they name.
 * @param lengths steps of each rollout
 * @throws InputError naming the ranking or rating, the rollout, what was found and what was expected
 */
export function checkPreferences({ rankings, ratings }: RolloutPreferences, lengths: readonly number[]): void {
  rankings.forEach(({ items, ranks, strength, probability, returns }, index) => {
    const name = `ranking ${index}`;
    if (items.length < 2 || ranks.length !== items.length) {
      throw new InputError(
        `${name} has ${items.length} items and ${ranks.length} places; expected two or more of both`,
      );
    }
    for (const item of items) checkSegment(item, name, lengths);
    if (strength !== undefined && !(strength >= 0 && Number.isFinite(strength))) {
      throw new InputError(`${name} has strength ${strength}; expected a number of 0 or more`);
    }
    if (probability !== undefined && !(probability > 0.5 && probability <= 1)) {
      throw new InputError(`${name} has probability ${probability}; expected more than 1/2 and at most 1`);
    }
    if (returns !== undefined && !(returns.length === items.length && returns.every(Number.isFinite))) {
      throw new InputError(`${name} has returns [${returns.join(', ')}]; expected ${items.length} finite numbers`);
    }
  });
  ratings.forEach(({ segment }, index) => {
    checkSegment(segment, `rating ${index}`, lengths);
  });
}

function checkSegment({ rollout, start, end }: RolloutSegment, name: string, lengths: readonly number[]): void {
  const length = lengths[rollout];
  if (length === undefined) {
    throw new InputError(`${name} names rollout ${rollout}; there are ${lengths.length}`, {
      fix: 'give the rollouts that were ranked',
    });
  }
  if (!(Number.isInteger(start) && Number.isInteger(end) && 0 <= start && start < end && end <= length)) {
    throw new InputError(`${name} names steps ${start} to ${end} of rollout ${rollout}; it has steps 0 to ${length}`);
  }
}
