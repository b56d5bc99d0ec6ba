import { rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import type { RecordedEpisode, WorkOptions } from '@rapport/core';
import { type Actor, makeEnv, streamEpisodes } from '@rapport/sim';
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
 * Records demonstrations of all ways, each from the same starts, and stores them as they come: nothing in an observation
 * says which way will be taken, and a policy that knows its demonstrations by heart still has to choose. From some of the
 * starts the demonstrators are pushed aside once; what is kept is how they go on from there. Demonstrations that fail are
 * left out, the others end soon after the task is done. What is in the folder is replaced.
 * @returns how many there are of each way
 */
export async function recordDemonstrations(
  directory: string,
  { envId, task, count, datasetId, seed }: DemonstrationOptions,
  { signal, onProgress }: WorkOptions,
): Promise<Record<string, number>> {
  const { demonstrators, pushedEntries } = task;
  const seeds = episodeSeeds(seed, Math.round(count / demonstrators.length));
  const undisturbed = pushedEntries.length === 0 ? seeds.length : Math.round((1 - PUSHED_SHARE) * seeds.length);
  const record = (policy: Actor, some: readonly number[]) =>
    streamEpisodes({
      ...(signal && { signal }),
      envId,
      policy,
      seeds: some,
      cameras: [],
      stepsAfterSuccess: STEPS_AFTER_SUCCESS,
      workers: Math.max(1, Math.floor(Math.min(availableParallelism(), 8) / demonstrators.length)),
    });
  await rm(directory, { recursive: true, force: true });
  const env = await makeEnv(envId);
  const { spec } = env;
  env.close();
  const writer = await createRolloutDataset(directory, { id: datasetId, spec, cameras: [] });
  const ways: Record<string, number> = {};
  const total = seeds.length * demonstrators.length;
  let done = 0;
  const keep = async (recorded: RecordedEpisode | undefined) => {
    onProgress?.({ label: `recording demonstrations of ${envId}`, done: ++done, total });
    if (recorded === undefined || !recorded.privileged.success) return;
    const name = recorded.privileged.way?.name ?? 'none';
    ways[name] = (ways[name] ?? 0) + 1;
    await writer.append(recorded);
  };
  const clean = demonstrators.map((policy) => record(policy, seeds.slice(0, undisturbed)));
  for await (const recorded of inTurns(clean)) await keep(recorded);
  if (undisturbed < seeds.length) {
    const pushed = demonstrators.map((policy) =>
      record(pushedDemonstrator({ envId, policy, entries: pushedEntries }), seeds.slice(undisturbed)),
    );
    for await (const recorded of inTurns(pushed)) await keep(afterPush(recorded));
  }
  await writer.finalize();
  return ways;
}

/** One of each after the other, so that any stretch of the dataset shows all ways. All are closed, however it ends. */
async function* inTurns<Item>(streams: readonly AsyncGenerator<Item, void>[]): AsyncGenerator<Item, void> {
  try {
    for (;;) {
      for (const stream of streams) {
        const next = await stream.next();
        if (next.done) return;
        yield next.value;
      }
    }
  } finally {
    await Promise.all(streams.map((stream) => stream.return()));
  }
}

/** An episode without pictures from the push on, undefined when it ended before. */
function afterPush({ episode, privileged }: RecordedEpisode): RecordedEpisode | undefined {
  const { length, observations, actions, rewards } = episode;
  const { stepScores, poses } = privileged;
  const start = pushStep(episode.seed) + 1;
  if (start >= length) return undefined;
  const rows = (values: Float32Array, count: number) => values.slice((start * values.length) / count);
  return {
    episode: {
      ...episode,
      length: length - start,
      observations: rows(observations, length + 1),
      actions: rows(actions, length),
      rewards: rows(rewards, length),
    },
    privileged: { ...privileged, stepScores: rows(stepScores, length), poses: rows(poses, length) },
  };
}
