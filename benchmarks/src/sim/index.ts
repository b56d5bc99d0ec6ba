import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type PrivilegedEnv, RandomStream, spaceSize } from '@rapport/core';
import { collectEpisodes, makeEnv } from '@rapport/sim';
import { breathe } from '../breathe.js';
import { frankaRows } from '../franka/speed.js';
import { ensurePeer, runPeerScript } from '../peer.js';
import type { Benchmark, BenchOptions, BenchReport, BenchRow } from '../report.js';
import { measureRendering } from './render3d.js';
import { measureVector } from './vector.js';

const embodiments = ['Gripper', 'Shortstick', 'Mediumstick', 'Longstick'] as const;

/** A workload of one process: steps on TestLayout with random actions, and a picture after each when `pixels` > 0. */
interface Workload {
  readonly name: string;
  readonly pixels: number;
  /** What the original does for the same result, with the ratio that we want. */
  readonly peers: readonly { readonly name: string; readonly aim: string }[];
}

const workloads: readonly Workload[] = [
  {
    name: 'state',
    pixels: 0,
    peers: [
      { name: 'as shipped', aim: '>= 20' },
      { name: 'state', aim: '>= 1.5' },
    ],
  },
  { name: 'pixels 96', pixels: 96, peers: [{ name: 'pixels 96', aim: '>= 10' }] },
  { name: 'pixels 384', pixels: 384, peers: [{ name: 'pixels 384', aim: 'not set' }] },
];

const originalPackages = {
  name: 'x-magical',
  requirements: ['x-magical==0.0.4', 'pymunk==5.6.0', 'gym==0.26.2', 'pygame==2.6.1', 'numpy==2.4.6'],
  python: 'python3.11',
};

/** Environment steps per second of X-Magical, against the original. */
export const simBenchmark: Benchmark = {
  name: 'sim',
  summary: 'environment steps per second of X-Magical and of the arms (peers: x-magical 0.0.4, native MuJoCo)',
  run: runSim,
};

async function runSim(options: BenchOptions): Promise<BenchReport> {
  const rounds = options.quick ? 1 : 3;
  const seconds = options.quick ? 0.3 : 1.5;
  const python = options.peer ? await ensurePeer(originalPackages, options) : undefined;
  const notes = [
    'one process, one thread: uniform random actions on TestLayout, resets included in the time; 1 step = 10 substeps',
    `${availableParallelism()} cores; median of ${rounds} rounds of ${seconds} s per workload, ours and the peer in turn`,
  ];

  const ours = new Map<string, number[]>();
  const theirs = new Map<string, number[]>();
  for (let round = 0; round < rounds; round++) {
    options.onProgress?.({ label: 'measuring environment steps', done: round, total: rounds });
    for (const embodiment of embodiments) {
      for (const workload of workloads) {
        await breathe(options.signal);
        append(
          ours,
          `${embodiment.toLowerCase()}/${workload.name}`,
          await stepsPerSecond(embodiment, workload, seconds),
        );
      }
    }
    await breathe(options.signal);
    append(ours, 'longstick/two workers', await workerStepsPerSecond(2, seconds));
    append(ours, 'longstick/one worker', await workerStepsPerSecond(1, seconds));
    if (python !== undefined) {
      const { rates, versions } = await measureOriginal(python, seconds);
      for (const [name, rate] of Object.entries(rates)) append(theirs, name, rate);
      if (round === 0)
        notes.push(
          `peer: ${Object.entries(versions)
            .map((entry) => entry.join(' '))
            .join(', ')}`,
        );
    }
  }

  const rows: BenchRow[] = [];
  for (const embodiment of embodiments) {
    for (const workload of workloads) rows.push(...workloadRows(embodiment.toLowerCase(), workload, ours, theirs));
  }
  for (const name of ['longstick/one worker', 'longstick/two workers']) {
    rows.push({ name: `${name}, scripted rollouts with 96x96 pictures`, ...rateOf(ours.get(name)!) });
  }
  rows.push(...(await frankaRows(rounds, seconds, options)));
  notes.push(
    'manipulation: rates per CPU second, best round; their peer is native MuJoCo 3.9.0 in Python, or the build alone',
  );
  const vector = await measureVector(options);
  rows.push(...vector.rows);
  notes.push(...vector.notes);
  const rendering = await measureRendering(options);
  rows.push(...rendering.rows);
  notes.push(...rendering.notes);
  return { title: 'Environments: steps per second', rows, notes };
}

function workloadRows(
  embodiment: string,
  workload: Workload,
  ours: ReadonlyMap<string, number[]>,
  theirs: ReadonlyMap<string, number[]>,
): BenchRow[] {
  const name = `${embodiment}/${workload.name}`;
  const mine = ours.get(name)!;
  const compared = workload.peers.flatMap((peer): BenchRow[] => {
    const other = theirs.get(`${embodiment}/${peer.name}`);
    if (other === undefined) return [];
    const ratios = mine.map((rate, round) => rate / other[round]!);
    const label = peer.name === workload.name ? name : `${name}, original ${peer.name}`;
    return [{ name: label, ...rateOf(mine), peer: median(other), ratio: median(ratios), aim: peer.aim }];
  });
  return compared.length > 0 ? compared : [{ name, ...rateOf(mine) }];
}

function rateOf(rates: readonly number[]): Pick<BenchRow, 'unit' | 'ours' | 'better'> {
  return { unit: 'steps/s', ours: median(rates), better: 'higher' };
}

async function stepsPerSecond(embodiment: string, { pixels }: Workload, seconds: number): Promise<number> {
  const env = await makeEnv(`SweepToTop-${embodiment}-State-Allo-TestLayout-v0`);
  const actions = drawActions(env);
  const size = { width: pixels, height: pixels };
  const picture = new Uint8Array(3 * pixels * pixels);
  const camera = env.spec.cameras[0]!;
  env.reset({ seed: 0 });
  const advance = (steps: number, first: number) => {
    for (let step = 0; step < steps; step++) {
      const { truncated } = env.step(actions[(first + step) % actions.length]!);
      if (pixels > 0) env.render(camera, size, picture);
      if (truncated) env.reset();
    }
  };
  // The first steps compile the hot paths.
  advance(500, 0);
  let steps = 0;
  const start = performance.now();
  while (performance.now() - start < 1000 * seconds) {
    advance(100, steps);
    steps += 100;
  }
  const rate = steps / ((performance.now() - start) / 1000);
  env.close();
  return rate;
}

function drawActions(env: PrivilegedEnv): Float32Array[] {
  const random = new RandomStream(1, 'bench/actions');
  const size = spaceSize(env.spec.actionSpace);
  return Array.from({ length: 4096 }, () => Float32Array.from({ length: size }, () => random.uniformBetween(-1, 1)));
}

/** Whole rollouts through worker threads; their start, a tenth of a second, is included. */
async function workerStepsPerSecond(workers: number, seconds: number): Promise<number> {
  const envId = 'xmagical/avoid-longstick';
  const episodes = Math.ceil(200 * seconds);
  const seeds = Array.from({ length: episodes }, (_, seed) => seed);
  const cameras = [{ camera: 'above', width: 96, height: 96 }];
  const start = performance.now();
  const recorded = await collectEpisodes({ envId, policy: 'mixed', seeds, cameras, workers });
  const steps = recorded.reduce((sum, { episode }) => sum + episode.length, 0);
  return steps / ((performance.now() - start) / 1000);
}

/** What `peers/xmagical_speed.py` prints. */
interface OriginalRates {
  readonly versions: Readonly<Record<string, string>>;
  readonly rates: Readonly<Record<string, number>>;
}

async function measureOriginal(python: string, seconds: number): Promise<OriginalRates> {
  const script = fileURLToPath(new URL('../../peers/xmagical_speed.py', import.meta.url));
  return (await runPeerScript(python, script, [String(seconds)])) as OriginalRates;
}

function append(table: Map<string, number[]>, name: string, value: number): void {
  const values = table.get(name);
  if (values === undefined) table.set(name, [value]);
  else values.push(value);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
