import { Worker } from 'node:worker_threads';
import {
  type CameraView,
  compiledSibling,
  InputError,
  type RecordedEpisode,
  recordEpisode,
  throwIfAborted,
  type WorkOptions,
} from '@rapport/core';
import { type MakeOptions, makeOptions } from '../entry.js';
import { environmentReference, loadEntry, makeEnv, scriptedPolicy } from '../registry.js';
import { type Actor, makeActor } from './actor.js';
import type { EpisodeReply, EpisodeRequest, WorkerTask } from './messages.js';

/** Which episodes to collect. */
export interface CollectOptions extends WorkOptions, MakeOptions {
  readonly envId: string;
  /** For example `mixed`. */
  readonly policy: Actor;
  /** One episode per seed. */
  readonly seeds: readonly number[];
  /** Pictures to record; none when empty. */
  readonly cameras: readonly CameraView[];
  /** As `recordEpisode` takes it. */
  readonly stepsAfterSuccess?: number;
  /** Worker threads; with 0 the episodes run in this thread. */
  readonly workers: number;
}

/** Finished episodes that may wait for the caller, per worker. */
const AHEAD = 2;

/**
 * Records one episode of a policy per seed, on several cores.
 * @returns the episodes in the order of `seeds`; the same whatever the number of workers
 * @throws InputError when the environment or the policy is unknown
 */
export async function collectEpisodes(options: CollectOptions): Promise<RecordedEpisode[]> {
  const recorded: RecordedEpisode[] = [];
  for await (const episode of streamEpisodes(options)) recorded.push(episode);
  return recorded;
}

/**
 * What `collectEpisodes` records, each episode as soon as it and all before it have ended. Workers that are too far ahead of
 * the caller wait. When the signal has fired, what had ended in order is handed over before it throws.
 * @throws InputError when the environment or the policy is unknown, InterruptedError when stopped
 */
export async function* streamEpisodes(options: CollectOptions): AsyncGenerator<RecordedEpisode, void, undefined> {
  const { envId, policy, seeds, cameras, stepsAfterSuccess, workers } = options;
  if (!Number.isInteger(workers) || workers < 0) throw new InputError(`workers is ${workers}; expected 0 or more`);
  // An unknown environment or policy is refused before workers start.
  await loadEntry(envId);
  if (typeof policy === 'string') scriptedPolicy(envId, policy);
  if (workers > 0) {
    yield* streamFromWorkers(options);
    return;
  }
  const actor = await makeActor(envId, policy);
  const env = await makeEnv(envId, makeOptions(options));
  try {
    for (const [index, seed] of seeds.entries()) {
      throwIfAborted(options.signal);
      const recorded = await recordEpisode(env, actor, { seed, cameras, stepsAfterSuccess });
      report(options, index + 1);
      yield recorded;
    }
  } finally {
    env.close();
  }
}

/** Every worker takes the next seed when it has finished one. */
async function* streamFromWorkers(options: CollectOptions): AsyncGenerator<RecordedEpisode, void, undefined> {
  const { seeds, policy, cameras, signal } = options;
  const task: WorkerTask = {
    envId: environmentReference(options.envId),
    make: makeOptions(options),
    policy,
    cameras,
    stepsAfterSuccess: options.stepsAfterSuccess,
  };
  // Without the parent's flags: those of a test runner would send the worker to the TypeScript sources.
  const threads = Array.from(
    { length: Math.min(options.workers, seeds.length) },
    () => new Worker(new URL(compiledSibling(import.meta.url, 'worker.js')), { workerData: task, execArgv: [] }),
  );
  const ended = new Map<number, RecordedEpisode>();
  const waiting: Worker[] = [];
  let [given, finished, taken] = [0, 0, 0];
  let failure: { readonly reason: unknown } | undefined;
  let wake = () => {};

  const giveWork = (worker: Worker): void => {
    if (given >= seeds.length || signal?.aborted) return;
    if (given - taken >= AHEAD * threads.length) {
      waiting.push(worker);
      return;
    }
    worker.postMessage({ index: given, seed: seeds[given]! } satisfies EpisodeRequest);
    given += 1;
  };
  const fail = (reason: unknown): void => {
    failure ??= { reason };
    wake();
  };
  for (const worker of threads) {
    worker.on('message', ({ index, recorded }: EpisodeReply) => {
      ended.set(index, recorded);
      finished += 1;
      report(options, finished);
      giveWork(worker);
      wake();
    });
    worker.on('error', fail);
    worker.on('exit', (code) => fail(new Error(`a rollout worker ended with code ${code}`)));
    giveWork(worker);
  }
  try {
    while (taken < seeds.length) {
      const next = ended.get(taken);
      if (next === undefined) {
        if (failure !== undefined) throw failure.reason;
        throwIfAborted(signal);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      ended.delete(taken);
      taken += 1;
      const idle = waiting.pop();
      if (idle !== undefined) giveWork(idle);
      yield next;
    }
  } finally {
    for (const thread of threads) thread.removeAllListeners('exit');
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
}

function report(options: CollectOptions, done: number): void {
  options.onProgress?.({ label: `recording ${options.envId}`, done, total: options.seeds.length });
}
