import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ensurePeer, runPeerScript } from './peer.js';
import type { BenchOptions, BenchRow } from './report.js';

/** The PyTorch that training and sampling are compared with. */
export const TORCH = { name: 'torch', requirements: ['torch==2.11.0', 'numpy==2.4.6'] };

/**
 * With glibc's default settings, large buffers are mapped and unmapped on every step, and page faults dominate. The
 * variables are read when a process starts. Both sides get them.
 */
export const MEMORY_SETTINGS = { MALLOC_MMAP_THRESHOLD_: '1000000000', MALLOC_TRIM_THRESHOLD_: '2000000000' };

/** Medians per step or call of one process. */
export interface Measurement {
  readonly milliseconds: number;
  readonly cpuMilliseconds: number;
}

/** What was measured of one workload, a measurement a round. */
export interface Paired {
  readonly ours: Measurement[];
  readonly peer: Measurement[];
}

/** PyTorch's interpreter when the comparison is asked for. */
export async function torchPython(options: BenchOptions): Promise<string | undefined> {
  return options.peer ? ensurePeer(TORCH, options) : undefined;
}

/**
 * Measures a workload once in a process of its own, and in PyTorch when there is an interpreter.
 * @param worker compiled module that prints one measurement as JSON
 * @param script the peer's, by its name in `benchmarks/peers`
 */
export async function measurePair(
  { ours, peer }: Paired,
  python: string | undefined,
  run: { readonly worker: URL; readonly script: string; readonly args: readonly string[] },
): Promise<void> {
  const env = { ...process.env, ...MEMORY_SETTINGS };
  const { stdout } = await promisify(execFile)(process.execPath, [fileURLToPath(run.worker), ...run.args], { env });
  ours.push(readMeasurement(JSON.parse(stdout)));
  if (python === undefined) return;
  const script = fileURLToPath(new URL(`../peers/${run.script}`, import.meta.url));
  peer.push(readMeasurement(await runPeerScript(python, script, run.args, MEMORY_SETTINGS)));
}

/** The line of a report: the fastest median of either side. */
export function pairedRow({ ours, peer }: Paired, text: Pick<BenchRow, 'name' | 'unit' | 'aim'>): BenchRow {
  const fastest = (list: readonly Measurement[]) => Math.min(...list.map(({ milliseconds }) => milliseconds));
  const best = fastest(ours);
  const comparison = peer.length > 0 ? { peer: fastest(peer), ratio: best / fastest(peer) } : {};
  return { ...text, ours: best, ...comparison, better: 'lower' };
}

/** On a busy machine CPU time says more than the clock. @param what what the time is of */
export function cpuNote({ ours, peer }: Paired, what: string): string {
  const least = (list: readonly Measurement[]) => Math.min(...list.map(({ cpuMilliseconds }) => cpuMilliseconds));
  const own = `CPU time, ${what}: ${least(ours).toFixed(2)} ms`;
  if (peer.length === 0) return own;
  const paired = ours.map((one, round) => one.milliseconds / peer[round]!.milliseconds);
  const range = `${Math.min(...paired).toFixed(2)}-${Math.max(...paired).toFixed(2)}`;
  const ratio = (least(ours) / least(peer)).toFixed(2);
  return `${own}, PyTorch ${least(peer).toFixed(2)} ms (ratio ${ratio}); ratio by the clock per round ${range}`;
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
  throw new Error('a measured process did not print its medians');
}
