import { type Interval, meanInterval, type RecordedEpisode } from '@rapport/core';
import { compareOnStarts, type Judgement, judge, type PairedDifference } from './judge.js';

/** How the behaviour of policy B differs from that of policy A on the same starts. */
export interface PolicyDifference {
  readonly first: Judgement;
  readonly second: Judgement;
  /** B minus A on the same starts. */
  readonly change: PairedDifference;
  /** How many starts were done in which way by A and by B; null where the task is not about ways. */
  readonly ways: readonly { readonly first: string; readonly second: string; readonly count: number }[] | null;
  /**
   * Distance between the actions of both, step by step: root of the mean square over the action's numbers, mean over the
   * starts that last so long. At the first step both see the same; later they are where their own actions took them.
   */
  readonly actionDistance: readonly { readonly step: number; readonly distance: Interval }[];
}

/** Points of the curve of action distances at most. */
const POINTS = 60;

/** Compares recordings of two policies from the same starts, in order. */
export function differenceOf(first: readonly RecordedEpisode[], second: readonly RecordedEpisode[]): PolicyDifference {
  const [before, after] = [judge(first), judge(second)];
  return {
    first: before,
    second: after,
    change: compareOnStarts(before, after),
    ways: before.preferred === null ? null : countWays(before, after),
    actionDistance: actionDistances(first, second),
  };
}

function countWays(before: Judgement, after: Judgement): NonNullable<PolicyDifference['ways']> {
  const counts = new Map<string, { first: string; second: string; count: number }>();
  before.episodes.forEach(({ way }, start) => {
    const pair = { first: way ?? 'none', second: after.episodes[start]!.way ?? 'none' };
    const key = `${pair.first}\n${pair.second}`;
    counts.set(key, { ...pair, count: (counts.get(key)?.count ?? 0) + 1 });
  });
  return [...counts.values()].sort((a, b) => b.count - a.count);
}

function actionDistances(
  first: readonly RecordedEpisode[],
  second: readonly RecordedEpisode[],
): PolicyDifference['actionDistance'] {
  const lengths = first.map(({ episode }, start) => Math.min(episode.length, second[start]!.episode.length));
  const longest = Math.max(...lengths);
  const stride = Math.ceil(longest / POINTS);
  const steps = Array.from({ length: Math.ceil(longest / stride) }, (_, index) => index * stride);
  return steps.map((step) => ({
    step,
    distance: meanInterval(
      first.flatMap(({ episode }, start) =>
        step < lengths[start]! ? [actionDistance(episode, second[start]!.episode, step)] : [],
      ),
    ),
  }));
}

function actionDistance(a: RecordedEpisode['episode'], b: RecordedEpisode['episode'], step: number): number {
  const size = a.actions.length / a.length;
  let squares = 0;
  for (let index = step * size; index < (step + 1) * size; index++)
    squares += (a.actions[index]! - b.actions[index]!) ** 2;
  return Math.sqrt(squares / size);
}
