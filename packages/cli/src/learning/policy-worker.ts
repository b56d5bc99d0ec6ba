import { parentPort, workerData } from 'node:worker_threads';
import { InterruptedError, RapportError } from '@rapport/core';
import { runPolicyJob } from './policy-job.js';
import type { PolicyWorkerData, PolicyWorkerMessage } from './policy-pool.js';

// The entry of a worker thread that trains one policy.
const { job, stop } = workerData as PolicyWorkerData;
const stopFlag = new Int32Array(stop);
const send = (message: PolicyWorkerMessage) => parentPort?.postMessage(message);

try {
  const curve = await runPolicyJob(job, {
    onProgress: (progress) => send({ kind: 'progress', progress }),
    signal: {
      get aborted() {
        return Atomics.load(stopFlag, 0) === 1;
      },
    },
  });
  send({ kind: 'done', curve });
} catch (error) {
  const { message, stack = '' } = error instanceof Error ? error : new Error(String(error));
  const known = error instanceof RapportError;
  send({
    kind: 'failed',
    class: error instanceof InterruptedError ? 'interrupted' : known ? 'rapport' : 'unexpected',
    message,
    fix: known ? error.fix : undefined,
    stack,
  });
}
