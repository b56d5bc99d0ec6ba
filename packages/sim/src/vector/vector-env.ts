import { Worker } from 'node:worker_threads';
import {
  checkVector,
  compiledSibling,
  type EnvSpec,
  type ImageSize,
  InputError,
  type RapportError,
  spaceSize,
  UnavailableError,
} from '@rapport/core';
import { type MakeOptions, makeOptions } from '../entry.js';
import { environmentReference, makeEnv } from '../registry.js';
import {
  MESSAGE_BYTES,
  order,
  outcome,
  type VectorMemory,
  type VectorTask,
  vectorMemory,
  WORDS,
  waitWhile,
  word,
} from './vector-memory.js';

/** Longest time that one order may take. */
const PATIENCE_MS = 120_000;

export interface VectorOptions extends MakeOptions {
  readonly envId: string;
  /** Environments, N. */
  readonly count: number;
  /** Worker threads; at most N are started. */
  readonly workers: number;
  /** Draws this picture at every step. An environment that observes pictures gives those, and takes no camera. */
  readonly camera?: { readonly camera: string } & ImageSize;
}

/**
 * N environments of one kind on several threads, in the terms of Gymnasium's vector API. `reset` and `step` block this
 * thread until every environment has answered (`Atomics.wait`), and the answers lie in arrays in shared memory that are
 * written anew by each of them: copy what is to be kept.
 *
 * An episode that has ended starts again at the next step (Gymnasium's `AutoresetMode.NEXT_STEP`): that step ignores the
 * environment's action and shows the first observation, with reward 0. The new start goes on from the environment's
 * random stream, so that results equal those of single environments, whatever the number of workers.
 */
export class VectorEnv {
  readonly spec: EnvSpec;
  readonly count: number;
  /** Shape [N, observation entries]. */
  readonly observations: Float32Array;
  /** Shape [N]. */
  readonly rewards: Float32Array;
  /** Shape [N], 0 or 1. */
  readonly terminated: Uint8Array;
  /** Shape [N], 0 or 1. */
  readonly truncated: Uint8Array;
  /** RGB, shape [N, height, width, 3]; empty without pictures. */
  readonly pictures: Uint8Array;
  readonly #memory: VectorMemory;
  readonly #threads: readonly Worker[];
  /** Orders given so far. */
  #orders = 0;
  #gone: string | undefined;

  /**
   * Starts the threads and makes the environments.
   * @throws InputError when the environment or the camera is unknown, or a number is none
   */
  static async create(options: VectorOptions): Promise<VectorEnv> {
    const { envId, count, workers, camera } = options;
    for (const [name, value] of Object.entries({ count, workers })) {
      if (!Number.isInteger(value) || value < 1) throw new InputError(`${name} is ${value}; expected 1 or more`);
    }
    const make = makeOptions(options);
    const env = await makeEnv(envId, make);
    const { spec } = env;
    env.close();
    if (camera !== undefined) checkCamera(spec, camera);
    const threadCount = Math.min(workers, count);
    const memory = vectorMemory(spec, count, threadCount, camera ?? spec.pictureObservation);
    const threads = Array.from({ length: threadCount }, (_, worker) => {
      const workerData: VectorTask = {
        envId: environmentReference(envId),
        make,
        first: Math.floor((worker * count) / threadCount),
        end: Math.floor(((worker + 1) * count) / threadCount),
        worker,
        ...(camera !== undefined && { camera: camera.camera }),
        memory,
      };
      // Without the parent's flags: those of a test runner would send the worker to the TypeScript sources.
      return new Worker(new URL(compiledSibling(import.meta.url, 'vector-worker.js')), { workerData, execArgv: [] });
    });
    try {
      await Promise.all(threads.map(ready));
    } catch (error) {
      await Promise.all(threads.map((thread) => thread.terminate()));
      throw error;
    }
    return new VectorEnv(spec, count, memory, threads);
  }

  private constructor(spec: EnvSpec, count: number, memory: VectorMemory, threads: readonly Worker[]) {
    this.spec = spec;
    this.count = count;
    this.observations = memory.observations;
    this.rewards = memory.rewards;
    this.terminated = memory.terminated;
    this.truncated = memory.truncated;
    this.pictures = memory.pictures;
    this.#memory = memory;
    this.#threads = threads;
    // Environments that nobody closes must not keep the program alive.
    for (const thread of threads) thread.unref();
  }

  /**
   * Starts an episode in every environment.
   * @param seeds shape [N], whole numbers from 0
   * @throws InputError when there are not N seeds, or one is none
   * @throws UnavailableError when an environment fails or its thread has ended
   */
  reset(seeds: readonly number[]): void {
    if (seeds.length !== this.count) throw new InputError(`there are ${seeds.length} seeds; expected ${this.count}`);
    const wrong = seeds.find((seed) => !Number.isSafeInteger(seed) || seed < 0);
    if (wrong !== undefined) throw new InputError(`a seed is ${wrong}; expected a whole number from 0`);
    this.#memory.seeds.set(seeds);
    this.#order(order.reset);
  }

  /**
   * One control step of every environment.
   * @param actions shape [N, action entries]
   * @throws InputError when the actions have a wrong length or a value that is not finite, or before the first reset
   * @throws UnavailableError when an environment fails or its thread has ended. After a failure of an environment the
   *   others may be a step ahead: go on with `reset`
   */
  step(actions: Float32Array): void {
    const size = spaceSize(this.spec.actionSpace);
    if (actions.length !== this.count * size) {
      throw new InputError(`there are ${actions.length} values of actions; expected ${this.count} x ${size}`);
    }
    const wrong = actions.findIndex((value) => !Number.isFinite(value));
    if (wrong >= 0) {
      const index = Math.floor(wrong / size);
      checkVector(this.spec.actionSpace, actions.subarray(index * size, (index + 1) * size), `action ${index}`);
    }
    this.#memory.actions.set(actions);
    this.#order(order.step);
  }

  /** Closes the environments and ends the threads; calling it again does nothing. */
  async close(): Promise<void> {
    if (this.#gone === undefined) {
      this.#ask(order.close);
      this.#threads.forEach((_, worker) => {
        this.#await(worker);
      });
    }
    this.#gone ??= 'closed';
    for (const thread of this.#threads) thread.ref();
    await Promise.all(this.#threads.map((thread) => thread.terminate()));
  }

  #order(what: number): void {
    if (this.#gone !== undefined) throw new UnavailableError(`the environments of ${this.spec.id} are ${this.#gone}`);
    this.#ask(what);
    // Every thread is waited for before anything is said, so that the next order finds all of them idle.
    let first: RapportError | undefined;
    for (let worker = 0; worker < this.#threads.length; worker++) {
      const error = this.#await(worker);
      first ??= error;
    }
    if (first !== undefined) throw first;
  }

  #ask(what: number): void {
    const { words } = this.#memory;
    this.#orders += 1;
    for (let worker = 0; worker < this.#threads.length; worker++) {
      words[WORDS * worker + word.order] = what;
      Atomics.store(words, WORDS * worker + word.asked, this.#orders);
      Atomics.notify(words, WORDS * worker + word.asked);
    }
  }

  /** Waits until a worker has carried out the last order. */
  #await(worker: number): RapportError | undefined {
    const { words, messages } = this.#memory;
    const base = WORDS * worker;
    if (!waitWhile(words, base + word.done, this.#orders - 1, PATIENCE_MS)) {
      this.#gone = `gone: thread ${worker} gave no answer within ${PATIENCE_MS / 1000} s`;
    } else if (words[base + word.outcome] === outcome.ended) {
      this.#gone = `gone: thread ${worker} has ended`;
    } else if (words[base + word.outcome] !== outcome.fine) {
      const start = MESSAGE_BYTES * worker;
      const bytes = messages.slice(start, start + words[base + word.messageBytes]!);
      const text = new TextDecoder().decode(bytes);
      if (words[base + word.outcome] === outcome.refused) return new InputError(text);
      return new UnavailableError(`${this.spec.id} failed in thread ${worker}: ${text}`);
    } else return undefined;
    return new UnavailableError(`the environments of ${this.spec.id} are ${this.#gone}`, { fix: 'make them again' });
  }
}

function checkCamera(spec: EnvSpec, { camera, width, height }: { readonly camera: string } & ImageSize): void {
  if (spec.pictureObservation !== undefined) throw new InputError(`${spec.id} observes pictures; expected no camera`);
  if (!spec.cameras.includes(camera)) {
    throw new InputError(`${spec.id} has no camera "${camera}"; it has ${spec.cameras.join(', ')}`);
  }
  for (const side of [width, height]) {
    if (!Number.isInteger(side) || side < 1)
      throw new InputError(`a side of the picture is ${side}; expected 1 or more`);
  }
}

/** Resolves when a worker has made its environments. */
function ready(thread: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    thread.once('message', () => resolve());
    // Later than the start, errors are found by those who wait on the shared memory.
    thread.on('error', reject);
    thread.once('exit', (code) => reject(new UnavailableError(`a thread ended with code ${code} while it started`)));
  });
}
