import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { throwIfAborted } from '@rapport/core';
import { ensurePeer, runPeerScript } from '../peer.js';
import type { Benchmark, BenchOptions, BenchReport, BenchRow } from '../report.js';
import { type WorkloadName, workloadNames, workloadTitles } from './workloads.js';

const TORCH = { name: 'torch', requirements: ['torch==2.11.0', 'numpy==2.4.6'] };

/** Runs measured per process. */
const RUNS: Readonly<Record<WorkloadName, number>> = { train: 20, sample1: 60, sample16: 15 };

/** Ratios to PyTorch that we aim at. */
const AIMS: Readonly<Record<WorkloadName, string>> = { train: '<= 1.2', sample1: '<= 0.6', sample16: '<= 1.0' };

/** Both sides keep large buffers, as the command line does too. */
const MEMORY_SETTINGS = { MALLOC_MMAP_THRESHOLD_: '1000000000', MALLOC_TRIM_THRESHOLD_: '2000000000' };

/** Medians per run of one process. */
interface Measurement {
  readonly milliseconds: number;
  readonly cpuMilliseconds: number;
}

interface Line {
  readonly workload: WorkloadName;
  readonly ours: Measurement[];
  readonly peer: Measurement[];
}

/** Training and sampling of a small diffusion policy, against PyTorch. */
export const policyBenchmark: Benchmark = {
  name: 'policy',
  summary: 'milliseconds per training step and per sample of a diffusion policy, against PyTorch',
  async run(options) {
    const python = options.peer ? await ensurePeer(TORCH, options) : undefined;
    const lines = workloadNames.map((workload): Line => ({ workload, ours: [], peer: [] }));
    const rounds = options.quick ? 1 : 3;
    // Rounds interleave all lines and both engines, so that a busy minute hits them alike.
    for (let round = 0; round < rounds; round++) {
      for (const [index, line] of lines.entries()) {
        throwIfAborted(options.signal);
        const label = `${workloadTitles[line.workload]}, round ${round + 1}`;
        options.onProgress?.({ label, done: round * lines.length + index, total: rounds * lines.length });
        await measure(line, python, options);
      }
    }
    return report(lines, rounds, python !== undefined);
  },
};

async function measure(line: Line, python: string | undefined, options: BenchOptions): Promise<void> {
  const runs = Math.ceil(RUNS[line.workload] / (options.quick ? 3 : 1));
  const args = [line.workload, String(runs)];
  const worker = fileURLToPath(new URL('./worker.js', import.meta.url));
  const env = { ...process.env, ...MEMORY_SETTINGS };
  const { stdout } = await promisify(execFile)(process.execPath, [worker, ...args], { env });
  line.ours.push(readMeasurement(JSON.parse(stdout)));
  if (python === undefined) return;
  const script = fileURLToPath(new URL('../../peers/torch_diffusion.py', import.meta.url));
  line.peer.push(readMeasurement(await runPeerScript(python, script, args, MEMORY_SETTINGS)));
}

function report(lines: readonly Line[], rounds: number, withPeer: boolean): BenchReport {
  const notes = [
    `best of ${rounds} medians, each from a process of its own, interleaved; float32, 1 thread`,
    'U-Net 64/128/256, 16 actions of 7 numbers, condition 40; a training step has AdamW and the average of the weights',
  ];
  if (withPeer) notes.push(`${TORCH.requirements[0]}, eager, fused AdamW`);
  return { title: 'Diffusion policy', rows: lines.map(row), notes: [...notes, ...lines.map(cpuNote)] };
}

function row({ workload, ours, peer }: Line): BenchRow {
  const best = fastest(ours);
  return {
    name: workloadTitles[workload],
    unit: 'ms',
    ours: best,
    ...(peer.length > 0 ? { peer: fastest(peer), ratio: best / fastest(peer) } : {}),
    better: 'lower',
    aim: AIMS[workload],
  };
}

/** On a busy machine CPU time says more than the clock. */
function cpuNote({ workload, ours, peer }: Line): string {
  const least = (list: readonly Measurement[]) => Math.min(...list.map((one) => one.cpuMilliseconds));
  const own = `CPU time, ${workloadTitles[workload]}: ${least(ours).toFixed(2)} ms`;
  if (peer.length === 0) return own;
  return `${own}, PyTorch ${least(peer).toFixed(2)} ms (ratio ${(least(ours) / least(peer)).toFixed(2)})`;
}

function fastest(list: readonly Measurement[]): number {
  return Math.min(...list.map(({ milliseconds }) => milliseconds));
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
