import { Worker } from 'node:worker_threads';
import { compiledSibling, InterruptedError, type Progress, RapportError, type WorkOptions } from '@rapport/core';
import { type CurvePoint, type PolicyJob, runPolicyJob } from './policy-job.js';

/** What a worker thread is started with. */
export interface PolicyWorkerData {
  readonly job: PolicyJob;
  /** One shared integer, 1 when the work should stop. */
  readonly stop: SharedArrayBuffer;
}

/** What a worker thread says. */
export type PolicyWorkerMessage =
  | { readonly kind: 'progress'; readonly progress: Progress }
  | { readonly kind: 'done'; readonly curve: CurvePoint[] }
  | {
      readonly kind: 'failed';
      /** Errors lose their class on the way between threads. */
      readonly class: 'interrupted' | 'rapport' | 'unexpected';
      readonly message: string;
      readonly fix: string | undefined;
      readonly stack: string;
    };

/**
 * Runs policy jobs, `workers` at a time, each in a thread of its own (training blocks its thread).
 * @returns the curves, in the order of the jobs
 */
export async function runPolicyJobs(
  jobs: readonly PolicyJob[],
  workers: number,
  work: WorkOptions,
): Promise<CurvePoint[][]> {
  if (workers === 1) {
    const curves: CurvePoint[][] = [];
    for (const job of jobs) curves.push(await runPolicyJob(job, work));
    return curves;
  }
  const progress = new JointProgress(jobs, work);
  const curves = new Array<CurvePoint[]>(jobs.length);
  const stop = new SharedArrayBuffer(4);
  const stopFlag = new Int32Array(stop);
  const watch = setInterval(() => {
    if (work.signal?.aborted) Atomics.store(stopFlag, 0, 1);
  }, 100);
  let next = 0;
  const runner = async () => {
    while (next < jobs.length && stopFlag[0] === 0) {
      const index = next++;
      curves[index] = await runInThread(jobs[index]!, stop, (report) => progress.report(index, report));
    }
  };
  try {
    const runs = await Promise.allSettled(Array.from({ length: Math.min(workers, jobs.length) }, runner));
    const reasons = runs.flatMap((run) => (run.status === 'rejected' ? [run.reason] : []));
    // The job that failed has stopped the others: its reason comes first.
    const reason = reasons.find((candidate) => !(candidate instanceof InterruptedError)) ?? reasons[0];
    if (reason !== undefined) throw reason;
  } finally {
    clearInterval(watch);
  }
  if (work.signal?.aborted) throw new InterruptedError('interrupted');
  return curves;
}

function runInThread(
  job: PolicyJob,
  stop: SharedArrayBuffer,
  onProgress: (progress: Progress) => void,
): Promise<CurvePoint[]> {
  return new Promise((resolve, reject) => {
    const workerData: PolicyWorkerData = { job, stop };
    const worker = new Worker(new URL(compiledSibling(import.meta.url, 'policy-worker.js')), { workerData });
    worker.on('message', (message: PolicyWorkerMessage) => {
      switch (message.kind) {
        case 'progress':
          onProgress(message.progress);
          break;
        case 'done':
          resolve(message.curve);
          break;
        case 'failed':
          // A failed job stops the others: the run cannot be completed.
          Atomics.store(new Int32Array(stop), 0, 1);
          reject(workerError(message));
          break;
      }
    });
    worker.on('error', reject);
    worker.on('exit', (code) => reject(new Error(`the thread training ${job.directory} ended with code ${code}`)));
  });
}

function workerError(failure: Extract<PolicyWorkerMessage, { kind: 'failed' }>): Error {
  const { message, fix, stack } = failure;
  const error = {
    interrupted: () => new InterruptedError(message),
    rapport: () => new RapportError(message, fix === undefined ? {} : { fix }),
    unexpected: () => new Error(message),
  }[failure.class]();
  error.stack = stack;
  return error;
}

/** One line of progress out of several jobs'. */
class JointProgress {
  readonly #done: number[];
  readonly #total: number;

  constructor(
    jobs: readonly PolicyJob[],
    private readonly work: WorkOptions,
  ) {
    this.#done = jobs.map(() => 0);
    this.#total = jobs.reduce((sum, { config }) => sum + config.steps, 0);
  }

  report(index: number, progress: Progress): void {
    this.#done[index] = progress.done;
    this.work.onProgress?.({
      label: 'training policies',
      done: this.#done.reduce((sum, done) => sum + done, 0),
      total: this.#total,
    });
  }
}
