import { rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import type { RecordedEpisode, WorkOptions } from '@rapport/core';
import { type Actor, collectEpisodes, makeEnv } from '@rapport/sim';
import { episodeSeeds } from '../../recording.js';
import { createRolloutDataset } from '../../rollout-dataset.js';
import { pushedDemonstrator, pushStep } from './pushed-demonstrator.js';
import type { AlignmentTask } from './tasks.js';

interface DemonstrationOptions {
  readonly envId: string;
  readonly task: AlignmentTask;
  readonly count: number;
  readonly datasetId: string;
  readonly seed: number;
}

/** Steps that a demonstration goes on for when its task is done: whoever demonstrates stops then. */
const STEPS_AFTER_SUCCESS = 10;

/** Share of the starts whose demonstrators are pushed, in tasks that have pushes. */
const PUSHED_SHARE = 0.4;

/**
 * Records demonstrations of all ways, each from the same starts: nothing in an observation says which way will be taken, and a
 * policy that knows its demonstrations by heart still has to choose. From some of the starts the demonstrators are pushed
 * aside once; what is kept is how they go on from there. Demonstrations that fail are left out, the others end soon after the
 * task is done. What is in the folder is replaced.
 * @returns how many there are of each way
 */
export async function recordDemonstrations(
  directory: string,
  { envId, task, count, datasetId, seed }: DemonstrationOptions,
  work: WorkOptions,
): Promise<Record<string, number>> {
  const seeds = episodeSeeds(seed, Math.round(count / task.demonstrators.length));
  const undisturbed = task.pushedEntries.length === 0 ? seeds.length : Math.round((1 - PUSHED_SHARE) * seeds.length);
  const record = (policy: Actor, some: readonly number[]) =>
    collectEpisodes({
      ...work,
      envId,
      policy,
      seeds: some,
      cameras: [],
      stepsAfterSuccess: STEPS_AFTER_SUCCESS,
      workers: Math.min(availableParallelism(), 8, some.length),
    });
  const byPolicy: RecordedEpisode[][] = [];
  for (const policy of task.demonstrators) {
    const pushed = pushedDemonstrator({ envId, policy, entries: task.pushedEntries });
    const clean = await record(policy, seeds.slice(0, undisturbed));
    byPolicy.push([...clean, ...(await record(pushed, seeds.slice(undisturbed))).flatMap(afterPush)]);
  }
  await rm(directory, { recursive: true, force: true });
  const env = await makeEnv(envId);
  const { spec } = env;
  env.close();
  const writer = await createRolloutDataset(directory, { id: datasetId, spec, cameras: [] });
  const ways: Record<string, number> = {};
  for (const recorded of inTurns(byPolicy)) {
    const { success, way } = recorded.privileged;
    if (!success) continue;
    const name = way?.name ?? 'none';
    ways[name] = (ways[name] ?? 0) + 1;
    await writer.append(recorded);
  }
  await writer.finalize();
  return ways;
}

/** One of each list after the other, so that any stretch of the dataset shows all ways. */
function inTurns<Item>(lists: readonly (readonly Item[])[]): Item[] {
  const longest = Math.max(...lists.map(({ length }) => length));
  return Array.from({ length: longest }, (_, index) => lists.flatMap((list) => list.slice(index, index + 1))).flat();
}

/** An episode without pictures from the push on, if it went on. */
function afterPush({ episode, privileged }: RecordedEpisode): RecordedEpisode[] {
  const { length, observations, actions, rewards } = episode;
  const { stepScores, poses } = privileged;
  const start = pushStep(episode.seed) + 1;
  if (start >= length) return [];
  const rows = (values: Float32Array, count: number) => values.slice((start * values.length) / count);
  return [
    {
      episode: {
        ...episode,
        length: length - start,
        observations: rows(observations, length + 1),
        actions: rows(actions, length),
        rewards: rows(rewards, length),
      },
      privileged: { ...privileged, stepScores: rows(stepScores, length), poses: rows(poses, length) },
    },
  ];
}
