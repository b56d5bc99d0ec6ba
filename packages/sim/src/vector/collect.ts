import { Worker } from 'node:worker_threads';
import {
  type CameraView,
  InputError,
  type RecordedEpisode,
  recordEpisode,
  throwIfAborted,
  type WorkOptions,
} from '@rapport/core';
import type { MakeOptions } from '../entry.js';
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
  /** Worker threads; with 0 the episodes run in this thread. */
  readonly workers: number;
}

/**
 * Records one episode of a policy per seed, on several cores.
 * @returns the episodes in the order of `seeds`; the same whatever the number of workers
 * @throws InputError when the environment or the policy is unknown
 */
export async function collectEpisodes(options: CollectOptions): Promise<RecordedEpisode[]> {
  const { envId, policy, seeds, cameras, workers } = options;
  if (!Number.isInteger(workers) || workers < 0) throw new InputError(`workers is ${workers}; expected 0 or more`);
  // An unknown environment or policy is refused before workers start.
  await loadEntry(envId);
  if (typeof policy === 'string') scriptedPolicy(envId, policy);
  if (workers > 0) return collectInWorkers(options);

  const actor = await makeActor(envId, policy);
  const env = await makeEnv(envId, makeOptions(options));
  const recorded: RecordedEpisode[] = [];
  try {
    for (const seed of seeds) {
      throwIfAborted(options.signal);
      recorded.push(await recordEpisode(env, actor, { seed, cameras }));
      report(options, recorded.length);
    }
  } finally {
    env.close();
  }
  return recorded;
}

/** Every worker takes the next seed when it has finished one. */
async function collectInWorkers(options: CollectOptions): Promise<RecordedEpisode[]> {
  const { seeds } = options;
  const results = new Array<RecordedEpisode | undefined>(seeds.length);
  const { policy, cameras } = options;
  const task: WorkerTask = {
    envId: environmentReference(options.envId),
    make: makeOptions(options),
    policy,
    cameras,
  };
  let next = 0;
  let finished = 0;

  const serve = (worker: Worker): Promise<void> =>
    new Promise((resolve, reject) => {
      const giveWork = () => {
        const index = next;
        if (index >= seeds.length) {
          resolve();
          return;
        }
        next += 1;
        worker.postMessage({ index, seed: seeds[index]! } satisfies EpisodeRequest);
      };
      worker.on('message', ({ index, recorded }: EpisodeReply) => {
        try {
          throwIfAborted(options.signal);
          results[index] = recorded;
          finished += 1;
          report(options, finished);
          giveWork();
        } catch (error) {
          reject(error);
        }
      });
      worker.on('error', reject);
      worker.on('exit', (code) => reject(new Error(`a rollout worker ended with code ${code}`)));
      giveWork();
    });

  const threads = Array.from(
    { length: Math.min(options.workers, seeds.length) },
    // Without the parent's flags: those of a test runner would send the worker to the TypeScript sources.
    () => new Worker(workerEntry(), { workerData: task, execArgv: [] }),
  );
  try {
    await Promise.all(threads.map(serve));
  } finally {
    for (const thread of threads) thread.removeAllListeners('exit');
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
  return results.map((recorded) => recorded!);
}

function makeOptions({ assets }: CollectOptions): MakeOptions {
  return assets === undefined ? {} : { assets };
}

function report(options: CollectOptions, done: number): void {
  options.onProgress?.({ label: `recording ${options.envId}`, done, total: options.seeds.length });
}

/** A worker is plain JavaScript: on sources it is taken from the last build. */
function workerEntry(): URL {
  const onSources = import.meta.url.endsWith('.ts');
  return new URL(onSources ? '../../dist/vector/worker.js' : './worker.js', import.meta.url);
}
