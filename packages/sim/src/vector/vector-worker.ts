import { parentPort, workerData } from 'node:worker_threads';
import { InputError, type PrivilegedEnv, type ResetResult, spaceSize } from '@rapport/core';
import { makeEnv } from '../registry.js';
import { MESSAGE_BYTES, order, outcome, type VectorTask, WORDS, waitWhile, watch, word } from './vector-memory.js';

/**
 * How long the next order is watched for before the thread sleeps, ms. Orders mostly follow within that, and a thread that has
 * slept may be woken on the core on which another works: one order in ten took twice as long.
 */
const PATIENT_MS = 0.05;

// Entry of a worker of `VectorEnv`: waits on shared memory for an order, carries it out, and says so there.
const { envId, make, first, end, worker, camera, memory } = workerData as VectorTask;
const { words } = memory;
const base = WORDS * worker;
const envs: PrivilegedEnv[] = [];
/** Each environment's part of the actions. */
const actions: Float32Array[] = [];
/** Environments whose episode has ended: their next step is a reset. */
const ended: boolean[] = [];

for (let index = first; index < end; index++) {
  const env = await makeEnv(envId, make);
  const size = spaceSize(env.spec.actionSpace);
  envs.push(env);
  actions.push(memory.actions.subarray(index * size, (index + 1) * size));
}

// Environments may end the thread; the caller would wait for it.
process.on('exit', () => finish(outcome.ended));
parentPort!.postMessage('ready');

for (let count = 1; ; count++) {
  watch(words, base + word.asked, count - 1, PATIENT_MS);
  waitWhile(words, base + word.asked, count - 1);
  const asked = words[base + word.order];
  if (asked === order.close) break;
  try {
    for (let offset = 0; offset < envs.length; offset++) {
      const env = envs[offset]!;
      if (asked === order.reset) start(env, offset, memory.seeds[first + offset]);
      else if (ended[offset]) start(env, offset);
      else step(env, offset);
    }
    finish(outcome.fine);
  } catch (error) {
    explain(error);
    finish(error instanceof InputError ? outcome.refused : outcome.failed);
  }
}
process.removeAllListeners('exit');
for (const env of envs) env.close();
finish(outcome.fine);

function start(env: PrivilegedEnv, offset: number, seed?: number): void {
  ended[offset] = false;
  show(env, offset, env.reset(seed === undefined ? {} : { seed }), 0, false, false);
}

function step(env: PrivilegedEnv, offset: number): void {
  const result = env.step(actions[offset]!);
  ended[offset] = result.terminated || result.truncated;
  show(env, offset, result, result.reward, result.terminated, result.truncated);
}

function show(
  env: PrivilegedEnv,
  offset: number,
  seen: ResetResult,
  reward: number,
  terminated: boolean,
  truncated: boolean,
): void {
  const index = first + offset;
  memory.observations.set(seen.observation, index * seen.observation.length);
  memory.rewards[index] = reward;
  memory.terminated[index] = Number(terminated);
  memory.truncated[index] = Number(truncated);
  if (memory.picture === undefined) return;
  const size = 3 * memory.picture.width * memory.picture.height;
  const picture = memory.pictures.subarray(index * size, (index + 1) * size);
  if (camera !== undefined) env.render(camera, memory.picture, picture);
  else picture.set(seen.picture!);
}

function explain(error: unknown): void {
  const text = error instanceof Error ? error.message : String(error);
  const bytes = new TextEncoder().encode(text.split('\n')[0]).subarray(0, MESSAGE_BYTES);
  memory.messages.set(bytes, MESSAGE_BYTES * worker);
  words[base + word.messageBytes] = bytes.length;
}

function finish(how: number): void {
  words[base + word.outcome] = how;
  Atomics.store(words, base + word.done, Atomics.load(words, base + word.asked));
  Atomics.notify(words, base + word.done);
}
