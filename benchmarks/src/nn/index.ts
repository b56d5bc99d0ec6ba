import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { throwIfAborted } from '@rapport/core';
import { ensurePeer, runPeerScript } from '../peer.js';
import type { Benchmark, BenchOptions, BenchReport, BenchRow } from '../report.js';
import { type WorkloadName, workloadNames, workloadTitles } from './workloads.js';

const TORCH = { name: 'torch', requirements: ['torch==2.11.0', 'numpy==2.4.6'] };

/** Steps measured per process; about a second each. */
const STEPS: Readonly<Record<WorkloadName, number>> = { W1: 400, W2: 120, W3: 24 };

/** Ratios to PyTorch that we aim at. */
const AIMS: Readonly<Record<WorkloadName, string>> = { W1: '<= 1.0', W2: '<= 1.0', W3: '<= 1.5' };

/**
 * With glibc's default settings, large buffers are mapped and unmapped on every step, and page faults dominate. The
 * variables are read when a process starts. Both sides get them.
 */
const MEMORY_SETTINGS = { MALLOC_MMAP_THRESHOLD_: '1000000000', MALLOC_TRIM_THRESHOLD_: '2000000000' };

/** Medians per step of one process. */
interface Measurement {
  readonly milliseconds: number;
  readonly cpuMilliseconds: number;
}

/** One line of the report while it is measured. */
interface Line {
  readonly workload: WorkloadName;
  readonly threads: number;
  readonly ours: Measurement[];
  readonly peer: Measurement[];
}

/** Training steps of the engine, against PyTorch. */
export const nnBenchmark: Benchmark = {
  name: 'nn',
  summary: 'milliseconds per training step, against PyTorch',
  async run(options) {
    const python = options.peer ? await ensurePeer(TORCH, options) : undefined;
    const lines = workloadNames.flatMap((workload) =>
      [1, 2].map((threads): Line => ({ workload, threads, ours: [], peer: [] })),
    );
    const rounds = options.quick ? 1 : 3;
    // Rounds interleave all lines and both engines, so that a busy minute hits them alike.
    for (let round = 0; round < rounds; round++) {
      for (const [index, line] of lines.entries()) {
        throwIfAborted(options.signal);
        const label = `${line.workload}, ${threadsText(line.threads)}, round ${round + 1}`;
        options.onProgress?.({ label, done: round * lines.length + index, total: rounds * lines.length });
        await measure(line, python, options);
      }
    }
    return report(lines, rounds, python !== undefined);
  },
};

async function measure(line: Line, python: string | undefined, options: BenchOptions): Promise<void> {
  const steps = Math.ceil(STEPS[line.workload] / (options.quick ? 3 : 1));
  const args = [line.workload, line.threads, steps].map(String);
  const worker = fileURLToPath(new URL('./worker.js', import.meta.url));
  const env = { ...process.env, ...MEMORY_SETTINGS };
  const { stdout } = await promisify(execFile)(process.execPath, [worker, ...args], { env });
  line.ours.push(readMeasurement(JSON.parse(stdout)));
  if (python === undefined) return;
  const script = fileURLToPath(new URL('../../peers/torch_training.py', import.meta.url));
  line.peer.push(readMeasurement(await runPeerScript(python, script, args, MEMORY_SETTINGS)));
}

function report(lines: readonly Line[], rounds: number, withPeer: boolean): BenchReport {
  const notes = [
    `best of ${rounds} medians, each from a process of its own, interleaved; float32, one graph per step`,
    `with ${Object.entries(MEMORY_SETTINGS)
      .map(([name, value]) => `${name}=${value}`)
      .join(' ')}`,
  ];
  if (withPeer) notes.push(`${TORCH.requirements[0]}, eager, fused Adam, channels_last for W3`);
  for (const line of lines) notes.push(cpuNote(line));
  return { title: 'Training engine', rows: lines.map(row), notes };
}

function row({ workload, threads, ours, peer }: Line): BenchRow {
  const best = fastest(ours);
  return {
    name: `${workloadTitles[workload]}, ${threadsText(threads)}`,
    unit: 'ms/step',
    ours: best,
    ...(peer.length > 0 ? { peer: fastest(peer), ratio: best / fastest(peer) } : {}),
    better: 'lower',
    aim: AIMS[workload],
  };
}

/** On a busy machine CPU time says more than the clock. */
function cpuNote({ workload, threads, ours, peer }: Line): string {
  const least = (list: readonly Measurement[]) => Math.min(...list.map((one) => one.cpuMilliseconds));
  const own = `CPU time a step, ${workload}, ${threadsText(threads)}: ${least(ours).toFixed(2)} ms`;
  if (peer.length === 0) return own;
  const paired = ours.map((one, round) => one.milliseconds / peer[round]!.milliseconds);
  const range = `${Math.min(...paired).toFixed(2)}-${Math.max(...paired).toFixed(2)}`;
  return `${own}, PyTorch ${least(peer).toFixed(2)} ms (ratio ${(least(ours) / least(peer)).toFixed(2)}); ratio of ms/step per round ${range}`;
}

function fastest(list: readonly Measurement[]): number {
  return Math.min(...list.map(({ milliseconds }) => milliseconds));
}

function threadsText(threads: number): string {
  return threads === 1 ? '1 thread' : `${threads} threads`;
}

/** @throws Error when a measured process printed something else than it should */
function readMeasurement(document: unknown): Measurement {
  if (
    typeof document === 'object' &&
    document !== null &&
    'milliseconds' in document &&
    'cpuMilliseconds' in document
  ) {
    const { milliseconds, cpuMilliseconds } = document;
    if (typeof milliseconds === 'number' && typeof cpuMilliseconds === 'number') {
      return { milliseconds, cpuMilliseconds };
    }
  }
  throw new Error(`a measured process printed ${JSON.stringify(document)}`);
}
