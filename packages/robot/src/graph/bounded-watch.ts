// The thread that watches the work of `bounded`.
import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import type { Bound } from './bounded.js';

const { patienceMs, line } = workerData as Bound;
setTimeout(() => {
  writeSync(2, `rapport: ${line}\n`);
  process.kill(process.pid, 'SIGKILL');
}, patienceMs);
