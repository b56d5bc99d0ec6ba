import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RandomStream } from '@rapport/core';
import { compileFunction, input } from '@rapport/nn';
import { exactTransport, raplConfig, Sinkhorn, sinkhornTransport } from '@rapport/reward';
import { ensurePeer, runPeerScript } from '../peer.js';
import type { Benchmark, BenchOptions, BenchReport, BenchRow } from '../report.js';
import { type Problems, walkProblems } from './problems.js';

const PAIRS = 200;
const FRAMES = 45;
const TOLERANCE = 1e-6;

/** Ways of POT that a row is compared with, as the script names them. */
type PeerMethod = 'plain' | 'log' | 'batch' | 'exact';

interface PeerTimes {
  readonly version: string;
  /** Milliseconds of each round. */
  readonly milliseconds: Readonly<Record<PeerMethod, readonly number[]>>;
  readonly costs: Readonly<Record<PeerMethod, readonly number[]>>;
}

/** Optimal transport: 200 plans of 45 x 45, against POT. Times are CPU milliseconds for the whole batch, one thread. */
export const otBenchmark: Benchmark = {
  name: 'ot',
  summary: 'optimal transport plans of 45 x 45 frames, against POT',
  async run(options) {
    const problems = walkProblems(PAIRS, FRAMES, new RandomStream(0, 'bench/ot'));
    const rounds = options.quick ? 2 : 5;
    const rows: BenchRow[] = [];
    const notes = [`${PAIRS} problems of ${FRAMES} x ${FRAMES}, cosine costs of smooth walks in 32 dimensions`];
    for (const regularization of [...new Set([raplConfig().regularization, 0.1, 0.05])]) {
      options.onProgress?.({ label: `transport at regularization ${regularization}`, done: rows.length, total: 9 });
      await compare(problems, regularization, rounds, options, rows, notes);
    }
    notes.push(`both stop at a marginal error of ${TOLERANCE} or after 1000 iterations; POT looks every 10 iterations`);
    return { title: 'Optimal transport', rows, notes } satisfies BenchReport;
  },
};

async function compare(
  problems: Problems,
  regularization: number,
  rounds: number,
  options: BenchOptions,
  rows: BenchRow[],
  notes: string[],
): Promise<void> {
  const solver = new Sinkhorn(FRAMES, FRAMES, { regularization, tolerance: TOLERANCE, maxIterations: 1000 });
  const costs = new Float64Array(PAIRS);
  let iterations = 0;
  const solveAll = (): void => {
    iterations = 0;
    for (let pair = 0; pair < PAIRS; pair++) {
      const result = solver.solve(problems.costs, pair * FRAMES * FRAMES);
      costs[pair] = result.cost;
      iterations += result.iterations;
    }
  };
  // Ours runs before and after the peer, so that both see the same machine.
  const ours = await timed(rounds, solveAll);
  const peer = options.peer ? await timePot(problems, regularization, rounds, options) : undefined;
  ours.push(...(await timed(rounds, solveAll)));

  const name = `sinkhorn, regularization ${regularization}`;
  const best = Math.min(...ours);
  const aim = '<= 0.1';
  rows.push(row(`${name}, POT's batch solver`, best, peer?.milliseconds.batch, aim));
  rows.push(row(`${name}, POT's plain loop`, best, peer?.milliseconds.plain, aim));
  notes.push(`regularization ${regularization}: ${(iterations / PAIRS).toFixed(1)} iterations a problem`);
  if (peer !== undefined) {
    const difference = costs.reduce((worst, cost, pair) => Math.max(worst, Math.abs(cost - peer.costs.log[pair]!)), 0);
    notes.push(`POT ${peer.version}: largest difference of a cost ${difference.toExponential(1)}`);
  }
  if (regularization !== raplConfig().regularization) return;
  rows.push(row('the same as a differentiable graph, forward', await timeGraph(problems, regularization, rounds)));
  const exact = await timed(1, () => {
    const uniform = new Float64Array(FRAMES).fill(1 / FRAMES);
    for (let pair = 0; pair < PAIRS; pair++) {
      exactTransport(problems.costs.subarray(pair * FRAMES ** 2, (pair + 1) * FRAMES ** 2), uniform, uniform);
    }
  });
  rows.push(row("exact transport, POT's network simplex", Math.min(...exact), peer?.milliseconds.exact));
}

function row(name: string, ours: number, peer?: readonly number[], aim?: string): BenchRow {
  const best = peer === undefined ? undefined : Math.min(...peer);
  return {
    name,
    unit: `ms for ${PAIRS}`,
    ours,
    better: 'lower',
    ...(best === undefined ? {} : { peer: best, ratio: ours / best }),
    ...(aim === undefined ? {} : { aim }),
  };
}

/** CPU milliseconds of each round, after one round to warm up. */
async function timed(rounds: number, work: () => void | Promise<void>): Promise<number[]> {
  await work();
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const start = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(start);
    times.push((user + system) / 1000);
  }
  return times;
}

async function timeGraph(problems: Problems, regularization: number, rounds: number): Promise<number> {
  const cost = input('cost', [PAIRS, FRAMES, FRAMES]);
  const transport = sinkhornTransport(cost, { regularization, iterations: 20 });
  const compiled = await compileFunction({ outputs: { total: transport.cost } });
  const batch = { cost: Float32Array.from(problems.costs) };
  const times = await timed(rounds, async () => {
    await compiled.run(batch);
  });
  await compiled.close();
  return Math.min(...times);
}

async function timePot(
  problems: Problems,
  regularization: number,
  rounds: number,
  options: BenchOptions,
): Promise<PeerTimes> {
  const python = await ensurePeer(
    { name: 'pot', requirements: ['POT==0.9.7.post1', 'numpy==2.4.6', 'scipy==1.17.1'] },
    options,
  );
  const script = fileURLToPath(new URL('../../peers/pot_sinkhorn.py', import.meta.url));
  const folder = await mkdtemp(join(tmpdir(), 'rapport-ot-'));
  try {
    const file = join(folder, 'costs.f64');
    await writeFile(file, problems.costs);
    const args = [file, PAIRS, FRAMES, regularization, TOLERANCE, rounds].map(String);
    return readPeerTimes(await runPeerScript(python, script, args));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @throws Error when the script printed something else than it should */
function readPeerTimes(document: unknown): PeerTimes {
  const { POT, milliseconds, costs } = record(document);
  return {
    version: String(POT),
    milliseconds: byMethod(milliseconds),
    costs: byMethod(costs),
  };
}

function byMethod(value: unknown): Record<PeerMethod, readonly number[]> {
  const { plain, log, batch, exact } = record(value);
  return { plain: numbers(plain), log: numbers(log), batch: numbers(batch), exact: numbers(exact) };
}

function record(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw new Error('internal: the POT script printed no record');
  return { ...value };
}

function numbers(value: unknown): number[] {
  if (!Array.isArray(value)) throw new Error('internal: the POT script printed no list');
  return value.map(Number);
}
