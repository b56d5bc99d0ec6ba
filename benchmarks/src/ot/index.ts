import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RandomStream } from '@rapport/core';
import { compileFunction, input } from '@rapport/nn';
import { exactTransport, raplConfig, Sinkhorn, sinkhornTransport } from '@rapport/reward';
import { breathe } from '../breathe.js';
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
  /** Milliseconds for the whole batch. */
  readonly milliseconds: Readonly<Record<PeerMethod, number>>;
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
  // One round of ours, one of the peer, and so on, so that both see the same machine.
  const ours: number[] = [];
  const peers: PeerTimes[] = [];
  for (let round = 0; round < rounds; round++) {
    await breathe(options.signal);
    ours.push(await timed(solveAll));
    if (options.peer) peers.push(await timePot(problems, regularization, options));
  }

  const name = `sinkhorn, regularization ${regularization}`;
  rows.push(row(`${name}, POT's batch solver`, ours, peers, 'batch', '<= 0.1'));
  rows.push(row(`${name}, POT's plain loop`, ours, peers, 'plain', '<= 0.1'));
  notes.push(`regularization ${regularization}: ${(iterations / PAIRS).toFixed(1)} iterations a problem`);
  const [first] = peers;
  if (first !== undefined) {
    const difference = costs.reduce((worst, cost, pair) => Math.max(worst, Math.abs(cost - first.costs.log[pair]!)), 0);
    notes.push(`POT ${first.version}: largest difference of a cost ${difference.toExponential(1)}`);
  }
  if (regularization !== raplConfig().regularization) return;
  rows.push(row('the same as a differentiable graph, forward', await timeGraph(problems, regularization, rounds), []));
  const exact = await timed(() => {
    const uniform = new Float64Array(FRAMES).fill(1 / FRAMES);
    for (let pair = 0; pair < PAIRS; pair++) {
      exactTransport(problems.costs.subarray(pair * FRAMES ** 2, (pair + 1) * FRAMES ** 2), uniform, uniform);
    }
  });
  rows.push(row("exact transport, POT's network simplex", [exact], peers.slice(0, 1), 'exact'));
}

/** Best round of either side; the ratio is the median over rounds of ours / peer. */
function row(
  name: string,
  ours: readonly number[],
  peers: readonly PeerTimes[],
  method?: PeerMethod,
  aim?: string,
): BenchRow {
  const theirs = method === undefined ? [] : peers.map(({ milliseconds }) => milliseconds[method]);
  const ratios = theirs.map((time, round) => ours[round]! / time).sort((a, b) => a - b);
  const ratio = ratios[Math.floor(ratios.length / 2)];
  return {
    name,
    unit: `ms for ${PAIRS}`,
    ours: Math.min(...ours),
    better: 'lower',
    ...(ratio === undefined ? {} : { peer: Math.min(...theirs), ratio }),
    ...(aim === undefined ? {} : { aim }),
  };
}

/** CPU milliseconds of the work, run once more before to warm up. */
async function timed(work: () => void | Promise<void>): Promise<number> {
  await work();
  const start = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

async function timeGraph(problems: Problems, regularization: number, rounds: number): Promise<number[]> {
  const cost = input('cost', [PAIRS, FRAMES, FRAMES]);
  const transport = sinkhornTransport(cost, { regularization, iterations: 20 });
  const compiled = await compileFunction({ outputs: { total: transport.cost } });
  const batch = { cost: Float32Array.from(problems.costs) };
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    times.push(
      await timed(async () => {
        await compiled.run(batch);
      }),
    );
  }
  await compiled.close();
  return times;
}

async function timePot(problems: Problems, regularization: number, options: BenchOptions): Promise<PeerTimes> {
  const python = await ensurePeer(
    { name: 'pot', requirements: ['POT==0.9.7.post1', 'numpy==2.4.6', 'scipy==1.17.1'] },
    options,
  );
  const script = fileURLToPath(new URL('../../peers/pot_sinkhorn.py', import.meta.url));
  const folder = await mkdtemp(join(tmpdir(), 'rapport-ot-'));
  try {
    const file = join(folder, 'costs.f64');
    await writeFile(file, problems.costs);
    const args = [file, PAIRS, FRAMES, regularization, TOLERANCE].map(String);
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
    milliseconds: byMethod(record(milliseconds), Number),
    costs: byMethod(record(costs), numbers),
  };
}

function byMethod<Value>(values: Record<string, unknown>, read: (value: unknown) => Value): Record<PeerMethod, Value> {
  const { plain, log, batch, exact } = values;
  return { plain: read(plain), log: read(log), batch: read(batch), exact: read(exact) };
}

function record(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw new Error('internal: the POT script printed no record');
  return { ...value };
}

function numbers(value: unknown): number[] {
  if (!Array.isArray(value)) throw new Error('internal: the POT script printed no list');
  return value.map(Number);
}
