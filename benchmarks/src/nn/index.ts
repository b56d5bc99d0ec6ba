import { breathe } from '../breathe.js';
import type { Benchmark, BenchOptions, BenchReport } from '../report.js';
import { cpuNote, MEMORY_SETTINGS, measurePair, type Paired, pairedRow, TORCH, torchPython } from '../torch.js';
import { type WorkloadName, workloadNames, workloadTitles } from './workloads.js';

/** Steps measured per process; about a second each. */
const STEPS: Readonly<Record<WorkloadName, number>> = { W1: 400, W2: 120, W3: 24 };

/** Ratios to PyTorch that we aim at. */
const AIMS: Readonly<Record<WorkloadName, string>> = { W1: '<= 1.0', W2: '<= 1.0', W3: '<= 1.5' };

/** One line of the report while it is measured. */
interface Line extends Paired {
  readonly workload: WorkloadName;
  readonly threads: number;
}

/** Training steps of the engine, against PyTorch. */
export const nnBenchmark: Benchmark = {
  name: 'nn',
  summary: 'milliseconds per training step, against PyTorch',
  async run(options) {
    const python = await torchPython(options);
    const lines = workloadNames.flatMap((workload) =>
      [1, 2].map((threads): Line => ({ workload, threads, ours: [], peer: [] })),
    );
    const rounds = options.quick ? 1 : 3;
    // Rounds interleave all lines and both engines, so that a busy minute hits them alike.
    for (let round = 0; round < rounds; round++) {
      for (const [index, line] of lines.entries()) {
        const label = `${line.workload}, ${threadsText(line.threads)}, round ${round + 1}`;
        options.onProgress?.({ label, done: round * lines.length + index, total: rounds * lines.length });
        await breathe(options.signal);
        await measure(line, python, options);
      }
    }
    return report(lines, rounds, python !== undefined);
  },
};

async function measure(line: Line, python: string | undefined, options: BenchOptions): Promise<void> {
  const steps = Math.ceil(STEPS[line.workload] / (options.quick ? 3 : 1));
  const args = [line.workload, line.threads, steps].map(String);
  await measurePair(line, python, {
    worker: new URL('./worker.js', import.meta.url),
    script: 'torch_training.py',
    args,
  });
}

function report(lines: readonly Line[], rounds: number, withPeer: boolean): BenchReport {
  const notes = [
    `best of ${rounds} medians, each from a process of its own, interleaved; float32, one graph per step`,
    `with ${Object.entries(MEMORY_SETTINGS)
      .map(([name, value]) => `${name}=${value}`)
      .join(' ')}`,
  ];
  if (withPeer) notes.push(`${TORCH.requirements[0]}, eager, fused Adam, channels_last for W3`);
  const titles = lines.map(({ workload, threads }) => `${workloadTitles[workload]}, ${threadsText(threads)}`);
  const rows = lines.map((line, index) =>
    pairedRow(line, { name: titles[index]!, unit: 'ms/step', aim: AIMS[line.workload] }),
  );
  for (const [index, line] of lines.entries()) notes.push(cpuNote(line, titles[index]!));
  return { title: 'Training engine', rows, notes };
}

function threadsText(threads: number): string {
  return threads === 1 ? '1 thread' : `${threads} threads`;
}
