import { Worker } from 'node:worker_threads';

/** How long work may take, and what is said when it takes longer. */
export interface Bound {
  readonly patienceMs: number;
  readonly line: string;
}

/**
 * Does work of native code that may wait for ever. When it does, the process ends with one line and SIGKILL: no timer and no
 * handler of a signal would run in a thread that hangs.
 */
export function bounded<T>(work: () => T, bound: Bound): T {
  const watch = new Worker(watchEntry(), { workerData: bound, execArgv: [] });
  watch.unref();
  try {
    return work();
  } finally {
    void watch.terminate();
  }
}

function watchEntry(): URL {
  const onSources = import.meta.url.endsWith('.ts');
  return new URL(onSources ? '../../dist/graph/bounded-watch.js' : './bounded-watch.js', import.meta.url);
}
