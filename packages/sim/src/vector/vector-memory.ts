import type { EnvSpec, ImageSize } from '@rapport/core';
import { spaceSize } from '@rapport/core';
import type { MakeOptions } from '../entry.js';

/** What a vector worker is started with: its environments are `first` (included) to `end` (excluded). */
export interface VectorTask {
  readonly envId: string;
  readonly make: MakeOptions;
  readonly first: number;
  readonly end: number;
  readonly worker: number;
  /** Draws pictures by this camera; absent where none are wanted, or where the environment observes them itself. */
  readonly camera?: string;
  readonly memory: VectorMemory;
}

/** What the caller and the workers share, by environment. All of it lies in shared memory. */
export interface VectorMemory {
  /** Seeds of the next reset, shape [N]. */
  readonly seeds: Float64Array;
  /** Shape [N, action entries]. */
  readonly actions: Float32Array;
  /** Shape [N, observation entries]. */
  readonly observations: Float32Array;
  readonly rewards: Float32Array;
  readonly terminated: Uint8Array;
  readonly truncated: Uint8Array;
  readonly picture: ImageSize | undefined;
  /** RGB, shape [N, height, width, 3]; empty without pictures. */
  readonly pictures: Uint8Array;
  /** `WORDS` words for each worker; see `word`. */
  readonly words: Int32Array;
  /** `MESSAGE_BYTES` bytes for each worker: the message of its last error, UTF-8. */
  readonly messages: Uint8Array;
}

/** One cache line for each worker, so that they do not take it from each other. */
export const WORDS = 16;
export const MESSAGE_BYTES = 2048;

/** A worker's words: the caller counts orders in `asked`, and the worker writes the same count to `done`. */
export const word = { asked: 0, order: 1, done: 2, outcome: 3, messageBytes: 4 } as const;

export const order = { reset: 1, step: 2, close: 3 } as const;

/** How an order went: an error of the environment's, or the thread ended in the middle of it. */
export const outcome = { fine: 0, refused: 1, failed: 2, ended: 3 } as const;

/** Shared memory for `count` environments and their workers. */
export function vectorMemory(
  spec: EnvSpec,
  count: number,
  workers: number,
  picture: ImageSize | undefined,
): VectorMemory {
  const floats = (length: number) => new Float32Array(new SharedArrayBuffer(4 * length));
  const bytes = (length: number) => new Uint8Array(new SharedArrayBuffer(length));
  return {
    seeds: new Float64Array(new SharedArrayBuffer(8 * count)),
    actions: floats(count * spaceSize(spec.actionSpace)),
    observations: floats(count * spaceSize(spec.observationSpace)),
    rewards: floats(count),
    terminated: bytes(count),
    truncated: bytes(count),
    picture,
    pictures: bytes(picture === undefined ? 0 : count * 3 * picture.width * picture.height),
    words: new Int32Array(new SharedArrayBuffer(4 * WORDS * workers)),
    messages: bytes(MESSAGE_BYTES * workers),
  };
}

/**
 * Blocks this thread while a word has a value. It looks again after waking: the notice of an earlier change can come when
 * the waiting thread has seen that change already.
 * @returns false when the time is over
 */
export function waitWhile(
  words: Int32Array,
  at: number,
  value: number,
  patienceMs = Number.POSITIVE_INFINITY,
): boolean {
  while (Atomics.load(words, at) === value) {
    if (Atomics.wait(words, at, value, patienceMs) === 'timed-out') return false;
  }
  return true;
}

/** Looks at a word, without sleeping, until it has another value or the time is over. */
export function watch(words: Int32Array, at: number, value: number, milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (Atomics.load(words, at) === value && performance.now() < end);
}
