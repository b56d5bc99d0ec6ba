import { Worker } from 'node:worker_threads';
import { compiledSibling } from '@rapport/core';

/** How long work may take, and what is said when it takes longer. */
export interface Bound {
  /** Time in which the process waits for a processor that others have does not count. */
  readonly patienceMs: number;
  readonly line: string;
}

/**
 * Does work of native code that may wait for ever. When it does, the process ends with one line and SIGKILL: no timer and no
 * handler of a signal would run in a thread that hangs.
 */
export function bounded<T>(work: () => T, bound: Bound): T {
  const watch = new Worker(new URL(compiledSibling(import.meta.url, 'bounded-watch.js')), {
    workerData: bound,
    execArgv: [],
  });
  watch.unref();
  try {
    return work();
  } finally {
    void watch.terminate();
  }
}
