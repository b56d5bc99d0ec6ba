import { rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import type { RecordedEpisode, WorkOptions } from '@rapport/core';
import { collectEpisodes, makeEnv } from '@rapport/sim';
import { episodeSeeds } from '../../recording.js';
import { createRolloutDataset } from '../../rollout-dataset.js';
import type { AlignmentTask } from './tasks.js';

interface DemonstrationOptions {
  readonly envId: string;
  readonly task: AlignmentTask;
  readonly count: number;
  readonly datasetId: string;
  readonly seed: number;
}

/**
 * Records demonstrations of all ways from the same kind of starts, each from a start of its own: nothing in an observation
 * says which way will be taken. Those that fail are left out, the others end soon after the task is done. What is in the
 * folder is replaced.
 * @returns how many there are of each way
 */
export async function recordDemonstrations(
  directory: string,
  { envId, task, count, datasetId, seed }: DemonstrationOptions,
  work: WorkOptions,
): Promise<Record<string, number>> {
  const seeds = episodeSeeds(seed, count);
  const workers = Math.min(availableParallelism(), 8);
  const ways: Record<string, number> = {};
  const byPolicy: RecordedEpisode[][] = [];
  let taken = 0;
  for (const policy of task.demonstrators) {
    const own = seeds.slice(taken, taken + Math.round(count / task.demonstrators.length));
    taken += own.length;
    byPolicy.push(await collectEpisodes({ ...work, envId, policy, seeds: own, cameras: [], workers }));
  }
  await rm(directory, { recursive: true, force: true });
  const env = await makeEnv(envId);
  const { spec } = env;
  env.close();
  const writer = await createRolloutDataset(directory, { id: datasetId, spec, cameras: [] });
  for (const recorded of inTurns(byPolicy)) {
    const { success, way } = recorded.privileged;
    if (!success) continue;
    const name = way?.name ?? 'none';
    ways[name] = (ways[name] ?? 0) + 1;
    await writer.append(untilDone(recorded));
  }
  await writer.finalize();
  return ways;
}

/** One of each list after the other, so that any stretch of the dataset shows all ways. */
function inTurns<Item>(lists: readonly (readonly Item[])[]): Item[] {
  const longest = Math.max(...lists.map(({ length }) => length));
  return Array.from({ length: longest }, (_, index) => lists.flatMap((list) => list.slice(index, index + 1))).flat();
}

/** Steps that a demonstration goes on for when its task is done. */
const STEPS_AFTER = 10;

/** A demonstration without what comes long after the task was done: whoever demonstrates stops then. */
function untilDone({ episode, privileged }: RecordedEpisode): RecordedEpisode {
  const { rewards, observations, actions } = episode;
  let solvedFrom = episode.length;
  while (solvedFrom > 0 && rewards[solvedFrom - 1] === 1) solvedFrom -= 1;
  const length = Math.min(episode.length, solvedFrom + 1 + STEPS_AFTER);
  const observationSize = observations.length / (episode.length + 1);
  return {
    episode: {
      ...episode,
      length,
      observations: observations.slice(0, (length + 1) * observationSize),
      actions: actions.slice(0, (length * actions.length) / episode.length),
      rewards: rewards.slice(0, length),
    },
    privileged: {
      ...privileged,
      stepScores: privileged.stepScores.slice(0, length),
      poses: privileged.poses.slice(0, (length * privileged.poses.length) / episode.length),
    },
  };
}
