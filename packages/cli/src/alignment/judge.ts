import { availableParallelism } from 'node:os';
import {
  type CameraView,
  type Episode,
  episodeScore,
  type Interval,
  meanInterval,
  type PrivilegedTrack,
  proportionInterval,
  type RecordedEpisode,
  type WorkOptions,
} from '@rapport/core';
import { evaluationSeeds, policyModule } from '@rapport/policy';
import { collectEpisodes, type MakeOptions } from '@rapport/sim';

/** How an episode went. */
export interface JudgedEpisode {
  readonly seed: number;
  readonly success: boolean;
  readonly score: number;
  /** Steps. */
  readonly length: number;
  /** Name of the way, and whether it is the preferred one; null where the task is not about ways. */
  readonly way: string | null;
  readonly preferred: boolean | null;
}

/** How a policy does on held-out starts; intervals of 95 %. */
export interface Judgement {
  readonly success: Interval;
  readonly score: Interval;
  /** Share that succeeded in the preferred way; null where the task is not about ways. */
  readonly preferred: Interval | null;
  readonly episodes: readonly JudgedEpisode[];
}

/** A thread of its own takes as long to start as a few episodes take; for fewer it is not worth it. */
const FEWEST_FOR_WORKERS = 8;

/** Worker threads for so many episodes of a trained policy. */
export function workersFor(episodes: number): number {
  return episodes < FEWEST_FOR_WORKERS ? 0 : Math.min(availableParallelism(), 8);
}

/** Runs the policy of a folder once from each held-out start, the same for every policy. */
export async function rollOutHeldOut(
  policy: string,
  {
    envId,
    starts,
    cameras,
    contact,
  }: MakeOptions & { readonly envId: string; readonly starts: number; readonly cameras: readonly CameraView[] },
  { signal, onProgress }: WorkOptions,
): Promise<RecordedEpisode[]> {
  return collectEpisodes({
    envId,
    policy: policyModule(policy),
    seeds: evaluationSeeds(starts),
    cameras,
    workers: workersFor(starts),
    ...(contact && { contact }),
    ...(signal && { signal }),
    ...(onProgress && { onProgress: (progress) => onProgress({ ...progress, label: 'running on held-out starts' }) }),
  });
}

/** What is looked at of an episode. */
export interface Judged {
  readonly episode: Pick<Episode, 'seed' | 'length'>;
  readonly privileged: Pick<PrivilegedTrack, 'success' | 'stepScores' | 'way'>;
}

export function judge(recorded: readonly Judged[]): Judgement {
  const episodes = recorded.map(
    ({ episode, privileged }): JudgedEpisode => ({
      seed: episode.seed,
      success: privileged.success,
      score: episodeScore(privileged),
      length: episode.length,
      way: privileged.way?.name ?? null,
      preferred: privileged.way?.preferred ?? null,
    }),
  );
  const share = (values: readonly boolean[]) => proportionInterval(values.filter(Boolean).length, values.length);
  const preferred = episodes.flatMap((one) => (one.preferred === null ? [] : [one.preferred]));
  return {
    success: share(episodes.map(({ success }) => success)),
    score: meanInterval(episodes.map(({ score }) => score)),
    preferred: preferred.length === 0 ? null : share(preferred),
    episodes,
  };
}

/** Differences on the same starts, second minus first; intervals of 95 % over starts. */
export interface PairedDifference {
  readonly success: Interval;
  readonly score: Interval;
  readonly preferred: Interval | null;
}

export function compareOnStarts(first: Judgement, second: Judgement): PairedDifference {
  const difference = (read: (episode: JudgedEpisode) => number) =>
    meanInterval(second.episodes.map((episode, start) => read(episode) - read(first.episodes[start]!)));
  return {
    success: difference(({ success }) => Number(success)),
    score: difference(({ score }) => score),
    preferred: second.preferred === null ? null : difference(({ preferred }) => Number(preferred ?? false)),
  };
}
