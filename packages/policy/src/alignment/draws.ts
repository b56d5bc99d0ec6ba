import type { RandomStream } from '@rapport/core';
import { type ListObjectiveName, listObjectiveNames } from '@rapport/reward';
import type { AlignmentConfig } from './config.js';
import {
  type Places,
  type RankedItem,
  type RolloutPreferences,
  type RolloutSegment,
  rankingPlaces,
  ratedSides,
} from './preferences.js';

/** A window of a rollout. */
export interface Window {
  readonly rollout: number;
  readonly step: number;
}

/** Windows to compare, the best first; or a single one that was rated. */
export interface Comparison {
  readonly windows: readonly Window[];
  /** Of pairs: probability that the order is as given. Of ratings: 1 good, 0 bad. */
  readonly target: number;
  readonly strength: number;
  /** Returns of the items, for `copg`. */
  readonly returns: readonly number[];
}

/** Draws comparisons of one kind. */
export interface ComparisonSource {
  /** Windows per comparison. */
  readonly items: number;
  /**
   * @param stream chooses what is compared
   * @param windows chooses at which windows
   */
  draw(stream: RandomStream, windows: RandomStream): Comparison;
}

/**
 * Comparisons for an objective. Each ranking is as likely as any other; of a ranking, objectives of pairs take two items of
 * different places, objectives of rankings as many places as every ranking has (a part of a Plackett-Luce ranking is one
 * again: Luce 1959), `best-worst` the two ends, and `kto` single items, good and bad ones equally often.
 */
export function comparisonSource(
  preferences: RolloutPreferences,
  objective: AlignmentConfig['objective'],
): ComparisonSource {
  if (objective === 'kto') return ratedSource(preferences);
  const rankings = rankingPlaces(preferences.rankings);
  const isList = isListObjective(objective);
  const items = isList && objective !== 'best-worst' ? Math.min(...rankings.map(({ places }) => places.length)) : 2;
  const placesOf =
    objective === 'best-worst'
      ? (count: number) => [0, count - 1]
      : (count: number, stream: RandomStream) => drawPlaces(count, items, stream);
  return { items, draw: (stream, windows) => drawRanked(rankings, placesOf, stream, windows) };
}

/** Pairs for the monitors, whatever the objective: two of different places of a ranking, or a good and a bad rating. */
export function pairSource(preferences: RolloutPreferences): ComparisonSource {
  const rankings = rankingPlaces(preferences.rankings);
  if (rankings.length > 0) {
    return {
      items: 2,
      draw: (stream, windows) => drawRanked(rankings, (count) => drawPlaces(count, 2, stream), stream, windows),
    };
  }
  const { good, bad } = ratedSides(preferences);
  return {
    items: 2,
    draw: (stream, windows) => {
      const sides = [good, bad].map((side) => ({ segment: side[stream.integer(side.length)]!, return: 0 }));
      return { windows: matchedWindows(sides, windows), target: 1, strength: 0, returns: [0, 0] };
    },
  };
}

export function isListObjective(objective: AlignmentConfig['objective']): objective is ListObjectiveName {
  return listObjectiveNames.some((name) => name === objective);
}

function ratedSource(preferences: RolloutPreferences): ComparisonSource {
  const { good, bad } = ratedSides(preferences);
  return {
    items: 1,
    draw: (stream, windows) => {
      const target = stream.integer(2);
      const side = target === 1 ? good : bad;
      const segment = side[stream.integer(side.length)]!;
      return {
        windows: [{ rollout: segment.rollout, step: drawStep(segment, windows) }],
        target,
        strength: 0,
        returns: [0],
      };
    },
  };
}

function drawRanked(
  rankings: readonly Places[],
  placesOf: (count: number, stream: RandomStream) => readonly number[],
  stream: RandomStream,
  windows: RandomStream,
): Comparison {
  const { ranking, places } = rankings[stream.integer(rankings.length)]!;
  const chosen = placesOf(places.length, stream);
  const items = chosen.map((place) => {
    const sharing = places[place]!;
    return sharing[stream.integer(sharing.length)]!;
  });
  const distance = (chosen.at(-1)! - chosen[0]!) / (places.length - 1);
  return {
    windows: matchedWindows(items, windows),
    target: ranking.probability ?? 1,
    strength: distance * (ranking.strength ?? 0),
    returns: items.map((item) => item.return),
  };
}

/** `items` of `count` places, in their order. */
function drawPlaces(count: number, items: number, stream: RandomStream): number[] {
  const all = Array.from({ length: count }, (_, place) => place);
  return stream.sample(all, items).sort((a, b) => a - b);
}

/**
 * One window of each item. The best item's is drawn; the others take theirs as many steps after their own start, because
 * rollouts from the same start are in like situations at like times. Where an item has no such step, its window is drawn by
 * itself.
 */
function matchedWindows(items: readonly RankedItem[], stream: RandomStream): Window[] {
  const first = items[0]!.segment;
  const offset = drawStep(first, stream) - first.start;
  return items.map(({ segment }) => {
    const step = segment.start + offset;
    return { rollout: segment.rollout, step: step < segment.end ? step : drawStep(segment, stream) };
  });
}

function drawStep({ start, end }: RolloutSegment, stream: RandomStream): number {
  return start + stream.integer(end - start);
}
