import { breathe } from '../breathe.js';
import type { Benchmark, BenchOptions, BenchReport } from '../report.js';
import { cpuNote, measurePair, type Paired, pairedRow, TORCH, torchPython } from '../torch.js';
import { type WorkloadName, workloadNames, workloadTitles } from './workloads.js';

/** Runs measured per process. */
const RUNS: Readonly<Record<WorkloadName, number>> = {
  train: 20,
  sample1: 60,
  sample16: 15,
  'transformer-train': 30,
  'transformer-sample1': 60,
  'transformer-sample16': 15,
  'camera-train': 3,
  loader: 40,
  'loader-file': 40,
};

/** Ratios to PyTorch that we aim at; batches are to be there before a training step on pictures wants them. */
const AIMS: Readonly<Record<WorkloadName, string>> = {
  train: '<= 1.2',
  sample1: '<= 0.6',
  sample16: '<= 1.0',
  'transformer-train': '<= 1.2',
  'transformer-sample1': '<= 0.6',
  'transformer-sample16': '<= 1.0',
  'camera-train': '<= 1.2',
  loader: '<= 5 % of the step',
  'loader-file': '<= 5 % of the step',
};

interface Line extends Paired {
  readonly workload: WorkloadName;
}

/** Training and sampling of a small diffusion policy, against PyTorch. */
export const policyBenchmark: Benchmark = {
  name: 'policy',
  summary: 'milliseconds per training step and per sample of a diffusion policy, against PyTorch',
  async run(options) {
    const python = await torchPython(options);
    const lines = workloadNames.map((workload): Line => ({ workload, ours: [], peer: [] }));
    const rounds = options.quick ? 1 : 3;
    // Rounds interleave all lines and both engines, so that a busy minute hits them alike.
    for (let round = 0; round < rounds; round++) {
      for (const [index, line] of lines.entries()) {
        const label = `${workloadTitles[line.workload]}, round ${round + 1}`;
        options.onProgress?.({ label, done: round * lines.length + index, total: rounds * lines.length });
        await breathe(options.signal);
        await measure(line, python, options);
      }
    }
    return report(lines, rounds, python !== undefined);
  },
};

async function measure(line: Line, python: string | undefined, options: BenchOptions): Promise<void> {
  const runs = Math.ceil(RUNS[line.workload] / (options.quick ? 3 : 1));
  const args = [line.workload, String(runs)];
  const hasPeer = !line.workload.startsWith('loader');
  await measurePair(line, hasPeer ? python : undefined, {
    worker: new URL('./worker.js', import.meta.url),
    script: 'torch_diffusion.py',
    args,
  });
}

function report(lines: readonly Line[], rounds: number, withPeer: boolean): BenchReport {
  const notes = [
    `best of ${rounds} medians, each from a process of its own, interleaved; float32, 1 thread`,
    'U-Net 64/128/256, transformer of 4 layers and 128 channels, 16 actions of 7 numbers, condition 40; a training step has ' +
      'AdamW and the average of the weights; the camera is 96x96, cropped to 84x84, and seen by a ResNet-18 in 2 steps',
  ];
  if (withPeer) notes.push(`${TORCH.requirements[0]}, eager, fused AdamW`);
  const rows = lines.map((line) =>
    pairedRow(line, { name: workloadTitles[line.workload], unit: 'ms', aim: AIMS[line.workload] }),
  );
  for (const line of lines) notes.push(cpuNote(line, workloadTitles[line.workload]));
  return { title: 'Diffusion policy', rows, notes };
}
