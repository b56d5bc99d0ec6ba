// The thread that watches the work of `bounded`.
import { readFileSync, writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import type { Bound } from './bounded.js';

const { patienceMs, line } = workerData as Bound;
const startedAt = performance.now() - waitedForProcessor();
const watch = setInterval(
  () => {
    if (performance.now() - waitedForProcessor() - startedAt < patienceMs) return;
    clearInterval(watch);
    writeSync(2, `rapport: ${line}\n`);
    process.kill(process.pid, 'SIGKILL');
  },
  Math.min(1000, patienceMs / 4),
);

/** How long this process's main thread has been ready to run while others had the processor, ms; 0 where Linux does not tell. */
function waitedForProcessor(): number {
  try {
    // Nanoseconds on a processor, nanoseconds in the queue for one, number of turns.
    return Number(readFileSync('/proc/self/schedstat', 'utf8').split(' ')[1]) / 1e6;
  } catch {
    return 0;
  }
}
