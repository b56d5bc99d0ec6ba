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
 * @param rule which windows are drawn
 */
export function comparisonSource(
  preferences: RolloutPreferences,
  objective: AlignmentConfig['objective'],
  rule: WindowRule,
): ComparisonSource {
  if (objective === 'kto') return ratedSource(preferences, rule);
  const rankings = rankingPlaces(preferences.rankings);
  const isList = isListObjective(objective);
  const items = isList && objective !== 'best-worst' ? Math.min(...rankings.map(({ places }) => places.length)) : 2;
  const placesOf =
    objective === 'best-worst'
      ? (count: number) => [0, count - 1]
      : (count: number, stream: RandomStream) => drawPlaces(count, items, stream);
  return { items, draw: (stream, windows) => drawRanked(rankings, placesOf, rule, stream, windows) };
}

/** Pairs for the monitors, whatever the objective: two of different places of a ranking, or a good and a bad rating. */
export function pairSource(preferences: RolloutPreferences, rule: WindowRule): ComparisonSource {
  const rankings = rankingPlaces(preferences.rankings);
  if (rankings.length > 0) {
    return {
      items: 2,
      draw: (stream, windows) => drawRanked(rankings, (count) => drawPlaces(count, 2, stream), rule, stream, windows),
    };
  }
  const { good, bad } = ratedSides(preferences);
  return {
    items: 2,
    draw: (stream, windows) => {
      const sides = [good, bad].map((side) => ({ segment: side[stream.integer(side.length)]!, return: 0 }));
      return { windows: matchedWindows(sides, rule, windows), target: 1, strength: 0, returns: [0, 0] };
    },
  };
}

export function isListObjective(objective: AlignmentConfig['objective']): objective is ListObjectiveName {
  return listObjectiveNames.some((name) => name === objective);
}

function ratedSource(preferences: RolloutPreferences, rule: WindowRule): ComparisonSource {
  const { good, bad } = ratedSides(preferences);
  return {
    items: 1,
    draw: (stream, windows) => {
      const target = stream.integer(2);
      const side = target === 1 ? good : bad;
      const segment = side[stream.integer(side.length)]!;
      return {
        windows: [{ rollout: segment.rollout, step: drawWindow(segment, rule, windows) }],
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
  rule: WindowRule,
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
    windows: matchedWindows(items, rule, windows),
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
 * One window of each item, all as far after the start of their segments: rollouts from the same start are in like situations
 * at like times. Where the drawn one does not exist, because an item is shorter, its window is drawn by itself.
 */
function matchedWindows(items: readonly RankedItem[], rule: WindowRule, stream: RandomStream): Window[] {
  const place = stream.integer(windowCount(items[0]!.segment, rule));
  return items.map(({ segment }) => {
    const exists = place < windowCount(segment, rule);
    const step = exists ? firstWindow(segment, rule) + place * rule.stride : drawWindow(segment, rule, stream);
    return { rollout: segment.rollout, step };
  });
}

/** Which windows of a segment are learned from. */
export interface WindowRule {
  /** Steps between two windows. */
  readonly stride: number;
  /** At most so many of a segment, from its first on. */
  readonly most: number;
}

/**
 * A policy plans every `nActionSteps` steps, and these plans together are what it did; the windows of a segment are the plans
 * whose executed actions lie in it, in part at least.
 */
export function windowRule(windows: AlignmentConfig['windows'], nActionSteps: number): WindowRule {
  return { stride: windows === 'steps' ? 1 : nActionSteps, most: windows === 'first' ? 1 : Number.POSITIVE_INFINITY };
}

function firstWindow({ start }: RolloutSegment, { stride }: WindowRule): number {
  return Math.floor(start / stride) * stride;
}

function windowCount(segment: RolloutSegment, rule: WindowRule): number {
  return Math.min(rule.most, Math.ceil((segment.end - firstWindow(segment, rule)) / rule.stride));
}

function drawWindow(segment: RolloutSegment, rule: WindowRule, stream: RandomStream): number {
  return firstWindow(segment, rule) + rule.stride * stream.integer(windowCount(segment, rule));
}
