import { join } from 'node:path';
import type { CameraView } from '@rapport/core';
import { openDataset, openPrivilegedDataset } from '@rapport/data';
import { evaluationSeeds } from '@rapport/policy';
import type { GraphRollouts } from '@rapport/robot';
import { filmRecording, type StartFilms } from './films.js';
import type { Ground } from './ground.js';
import { type Judged, judge } from './judge.js';
import { recordRollouts } from './rollouts.js';

/** Where the held-out rollouts of policies are recorded. */
export interface HeldOutRecordings {
  /** Folder in which each policy gets a dataset. */
  readonly directory: string;
  /** Pictures to keep. */
  readonly cameras: readonly CameraView[];
  /** Begins the datasets' identities. */
  readonly id: string;
}

/**
 * Policies on a ROS 2 graph. Held-out rollouts take real time: each is kept in a dataset when it has ended, so that none is
 * made twice, and films show their pictures.
 * @param extra what else there is to the ground
 */
export function graphGround(
  rollouts: GraphRollouts,
  heldOut: HeldOutRecordings,
  extra: Pick<Ground, 'twin' | 'howToRun'>,
): Ground {
  const folderOf = (name: string) => join(heldOut.directory, name);
  return {
    spec: rollouts.spec,
    live: true,
    ...extra,
    rollOut: (policy, wanted, cameras, work) => rollouts.rollOut(policy, wanted, cameras, work),
    async judge(policy, name, starts, work) {
      const wanted = evaluationSeeds(starts).map((seed) => ({ seed, variation: 0 }));
      const { cameras, id } = heldOut;
      const recording = { policy, wanted, cameras, datasetId: `${id}-${name}`, label: `held-out starts: ${name}` };
      await recordRollouts(folderOf(name), rollouts, recording, async () => {}, work);
      return rollouts.judged ? judge(await judgedEpisodes(folderOf(name))) : null;
    },
    async film(policies, starts) {
      const films: StartFilms[] = [];
      for (const { title, name } of policies) {
        const own = await filmRecording(folderOf(name), title, starts, rollouts.judged);
        own.forEach((film, start) => {
          films[start] = { start, films: [...(films[start]?.films ?? []), film] };
        });
      }
      return films;
    },
  };
}

async function judgedEpisodes(directory: string): Promise<Judged[]> {
  const { dataset, readPrivileged } = await openPrivilegedDataset(directory);
  const judged: Judged[] = [];
  for (const episode of dataset.episodes) judged.push({ episode, privileged: await readPrivileged(episode.index) });
  return judged;
}

/** Rollouts that the same thing stopped before their time. */
export interface Stops {
  readonly count: number;
  /** What stopped the first of them, with its figures. */
  readonly example: string;
}

/** What stopped rollouts in the datasets of a run, by cause: the reason as far as its first colon. */
export async function countStops(directories: readonly string[]): Promise<Stops[]> {
  const causes = new Map<string, Stops>();
  for (const directory of directories) {
    for (const { stopped } of (await openDataset(directory)).episodes) {
      if (stopped === undefined) continue;
      const cause = stopped.split(':')[0]!;
      const { count, example } = causes.get(cause) ?? { count: 0, example: stopped };
      causes.set(cause, { count: count + 1, example });
    }
  }
  return [...causes.values()];
}
