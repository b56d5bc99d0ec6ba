import { parentPort, workerData } from 'node:worker_threads';
import { type RecordedEpisode, recordEpisode } from '@rapport/core';
import { makeEnv } from '../registry.js';
import { makeActor } from './actor.js';
import type { EpisodeReply, EpisodeRequest, WorkerTask } from './messages.js';

// Entry of a rollout worker (see collect.ts): one environment, one policy, one episode per message.
const { envId, make, policy, cameras, stepsAfterSuccess } = workerData as WorkerTask;
const env = await makeEnv(envId, make);
const actor = await makeActor(envId, policy);

parentPort!.on('message', async ({ index, seed }: EpisodeRequest) => {
  const recorded = await recordEpisode(env, actor, { seed, cameras, stepsAfterSuccess });
  parentPort!.postMessage({ index, recorded } satisfies EpisodeReply, buffersOf(recorded));
});

function buffersOf({ episode, privileged }: RecordedEpisode): ArrayBuffer[] {
  const arrays = [
    episode.observations,
    episode.actions,
    episode.rewards,
    ...episode.frames.map((frames) => frames.data),
    privileged.stepScores,
    privileged.poses,
  ];
  return arrays.flatMap((array) => (array.buffer instanceof ArrayBuffer ? [array.buffer] : []));
}
