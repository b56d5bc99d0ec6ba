import { mean } from '@rapport/core';
import type { ObjectiveConfig } from '@rapport/reward';
import { breathe } from '../breathe.js';
import type { Benchmark, BenchOptions, BenchReport, BenchRow } from '../report.js';
import { type CoverageResult, runCoverage } from './coverage.js';
import { judgeReference, type ModesResult, type Reference, type Tuning, trainReference, tune } from './modes.js';

/** Figures of one method over seeds. */
type Figures<Result> = Readonly<Record<keyof Result, readonly number[]>>;

/** What a method is, and the means that are expected of it (absent where none are known). */
interface CoverageMethod {
  readonly name: string;
  readonly settings: Partial<ObjectiveConfig>;
  readonly expected?: CoverageResult;
}

interface ModesMethod {
  readonly name: string;
  readonly tuning: Tuning;
  readonly expected?: Readonly<Record<'half' | 'rare', ModesResult>>;
}

const coverageMethods: readonly CoverageMethod[] = [
  { name: 'winners', settings: { pairs: 'winners' }, expected: { gain: 0.17, offSupport: 0.06 } },
  { name: 'dpo', settings: { pairs: 'dpo' }, expected: { gain: -1.07, offSupport: 0.98 } },
  { name: 'ipo', settings: { pairs: 'ipo' }, expected: { gain: -0.71, offSupport: 0.81 } },
  { name: 'rpo', settings: { pairs: 'rpo', anchorWeight: 0.1 }, expected: { gain: 0.2, offSupport: 0.11 } },
  { name: 'hypo', settings: { pairs: 'hypo', divergenceWeight: 0.03 }, expected: { gain: 0.2, offSupport: 0.12 } },
  { name: 'flex-dpo', settings: { pairs: 'flex-dpo' }, expected: { gain: 0.18, offSupport: 0.15 } },
];

/** More of the same world, for how much beta matters. */
const otherBetas: readonly CoverageMethod[] = [
  { name: 'dpo, beta 0.03', settings: { pairs: 'dpo', beta: 0.03 }, expected: { gain: -1.08, offSupport: 0.98 } },
  { name: 'dpo, beta 0.3', settings: { pairs: 'dpo', beta: 0.3 }, expected: { gain: -1.06, offSupport: 0.97 } },
  { name: 'dpo, beta 1', settings: { pairs: 'dpo', beta: 1 }, expected: { gain: -0.81, offSupport: 0.86 } },
  ...[0.03, 0.3, 1].map((beta, index) => ({
    name: `rpo, beta ${beta}`,
    settings: { pairs: 'rpo', beta, anchorWeight: beta } as const,
    expected: [
      { gain: 0.2, offSupport: 0.12 },
      { gain: 0.21, offSupport: 0.1 },
      { gain: 0.2, offSupport: 0.08 },
    ][index]!,
  })),
];

const modesMethods: readonly ModesMethod[] = [
  method('winners', { settings: { pairs: 'winners' }, steps: 600 }, [0.983, 0.009], [0.975, 0.017]),
  method('dpo, 600 steps', { settings: { pairs: 'dpo' }, steps: 600 }, [0.954, 0.045], [0.878, 0.115]),
  method('dpo', { settings: { pairs: 'dpo' }, steps: 2000 }, [0.641, 0.359], [0.718, 0.282]),
  method('rpo', { settings: { pairs: 'rpo' }, steps: 2000 }, [0.993, 0.006], [0.992, 0.008]),
  method('mapo', { settings: { pairs: 'mapo' }, steps: 2000 }, [0.995, 0.004], [0.995, 0.005]),
  method('dpo, flips', { settings: { pairs: 'dpo' }, steps: 600, flips: 0.3 }, [0.562, 0.01], [0.131, 0.011]),
  method(
    'robust-dpo, flips',
    { settings: { pairs: 'robust-dpo', flipRate: 0.3 }, steps: 600, flips: 0.3 },
    [0.822, 0.025],
    [0.564, 0.033],
  ),
];

/** Without expected figures for this world; full runs show them. */
const furtherModesMethods: readonly ModesMethod[] = [
  { name: 'rpo, flips', tuning: { settings: { pairs: 'rpo' }, steps: 2000, flips: 0.3 } },
  {
    name: 'robust-rpo, flips',
    tuning: { settings: { pairs: 'robust-rpo', flipRate: 0.3 }, steps: 2000, flips: 0.3 },
  },
  {
    name: 'robust-dpo at rate 0.3, no flips',
    tuning: { settings: { pairs: 'robust-dpo', flipRate: 0.3 }, steps: 600 },
  },
  {
    name: 'robust-rpo at rate 0.3, no flips',
    tuning: { settings: { pairs: 'robust-rpo', flipRate: 0.3 }, steps: 2000 },
  },
  { name: 'dpo, safeguard 0.5', tuning: { settings: { pairs: 'dpo' }, steps: 2000, safeguard: 0.5 } },
  { name: 'rpo, safeguard 0.5', tuning: { settings: { pairs: 'rpo' }, steps: 2000, safeguard: 0.5 } },
  { name: 'forward-kl', tuning: { settings: { pairs: 'forward-kl' }, steps: 2000 } },
  { name: 'kto, 600 steps', tuning: { settings: {}, steps: 600, rated: true } },
];

const masses = { half: 0.5, rare: 0.1 } as const;

/**
 * What preference objectives do in two small worlds: "coverage" (a log-linear policy whose pairs say nothing about bad chunks
 * far out) and "modes" (a diffusion policy with a preferred and a rejected mode). An effect passes at half of its
 * expected size; docs/objectives.md says where the expectations come from.
 */
export const objectivesBenchmark: Benchmark = {
  name: 'objectives',
  summary: 'preference objectives in two probe worlds: over-optimisation, and alignment of a diffusion policy',
  async run(options) {
    const notes: string[] = [];
    const effects = [...(await coverage(options, notes)), ...(await modes(options, notes))];
    for (const { name, ours, expected } of effects) {
      if (ours < expected / 2) notes.push(`missed: ${name} is ${ours.toFixed(3)}, expected ${expected.toFixed(3)}`);
    }
    return { title: 'Preference objectives in probe worlds', rows: effects.map(row), notes } satisfies BenchReport;
  },
};

/** A difference between two methods, and the difference that is expected. */
interface Effect {
  readonly name: string;
  readonly ours: number;
  readonly expected: number;
}

async function coverage(options: BenchOptions, notes: string[]): Promise<Effect[]> {
  const seeds = range(options.quick ? 4 : 10);
  const methods = options.quick ? coverageMethods : [...coverageMethods, ...otherBetas];
  const figures = new Map<string, Figures<CoverageResult>>();
  notes.push(`coverage: beta 0.1 unless given, seeds ${seeds.join(' ')}; mean +- standard error over seeds`);
  for (const { name, settings, expected } of methods) {
    options.onProgress?.({ label: `coverage: ${name}`, done: figures.size, total: methods.length });
    const results: CoverageResult[] = [];
    for (const seed of seeds) {
      await breathe(options.signal);
      results.push(await runCoverage(settings, seed));
    }
    const own = { gain: results.map(({ gain }) => gain), offSupport: results.map(({ offSupport }) => offSupport) };
    figures.set(name, own);
    notes.push(
      `coverage, ${name}: gain ${show(own.gain, expected?.gain)}, off-support ${show(own.offSupport, expected?.offSupport)}`,
    );
  }
  const of = (name: string): Figures<CoverageResult> => figures.get(name)!;
  const gainOf = (name: string): number => coverageMethods.find((one) => one.name === name)!.expected!.gain;
  return [
    ...['rpo', 'hypo', 'flex-dpo', 'winners'].map((name) => ({
      name: `coverage: gain of ${name} over dpo`,
      ours: difference(of(name).gain, of('dpo').gain),
      expected: gainOf(name) - gainOf('dpo'),
    })),
    {
      name: 'coverage: off-support mass, dpo over rpo',
      ours: difference(of('dpo').offSupport, of('rpo').offSupport),
      expected: 0.87,
    },
    { name: 'coverage: gain of rpo over the reference', ours: mean(of('rpo').gain), expected: gainOf('rpo') },
  ];
}

async function modes(options: BenchOptions, notes: string[]): Promise<Effect[]> {
  const seeds = range(options.quick ? 4 : 6);
  const effects: Effect[] = [];
  const methods = options.quick ? modesMethods : [...modesMethods, ...furtherModesMethods];
  notes.push(`modes: beta 5, 2000 steps unless given, flips 0.3, seeds ${seeds.join(' ')}`);
  for (const kind of options.quick ? (['half'] as const) : (['half', 'rare'] as const)) {
    const label = `modes, preferred mass ${masses[kind]}`;
    const references: Reference[] = [];
    for (const seed of seeds) {
      await breathe(options.signal);
      references.push(await trainReference(masses[kind], seed));
    }
    const figures = new Map<string, Figures<ModesResult>>();
    const note = async (name: string, judge: (start: Reference) => Promise<ModesResult>, expected?: ModesResult) => {
      options.onProgress?.({ label: `${label}: ${name}`, done: figures.size, total: methods.length + 1 });
      const results: ModesResult[] = [];
      for (const reference of references) {
        await breathe(options.signal);
        results.push(await judge(reference));
      }
      const own = {
        preferred: results.map(({ preferred }) => preferred),
        offManifold: results.map(({ offManifold }) => offManifold),
      };
      figures.set(name, own);
      notes.push(
        `${label}, ${name}: preferred ${show(own.preferred, expected?.preferred)}, ` +
          `off-manifold ${show(own.offManifold, expected?.offManifold)}`,
      );
    };
    await note('reference', judgeReference);
    for (const { name, tuning, expected } of methods) {
      await note(name, (reference) => tune(reference, tuning), expected?.[kind]);
    }
    effects.push(...modesEffects(label, kind, (name) => figures.get(name)!));
  }
  return effects;
}

function modesEffects(label: string, kind: keyof typeof masses, of: (name: string) => Figures<ModesResult>): Effect[] {
  const expected = (name: string): ModesResult => modesMethods.find((one) => one.name === name)!.expected![kind];
  const preferredInReference = { half: 0.474, rare: 0.091 }[kind];
  return [
    ...['rpo', 'mapo'].flatMap((name) => [
      {
        name: `${label}: off-manifold share, dpo over ${name}`,
        ours: difference(of('dpo').offManifold, of(name).offManifold),
        expected: expected('dpo').offManifold - expected(name).offManifold,
      },
      {
        name: `${label}: preferred share, ${name} over the reference`,
        ours: difference(of(name).preferred, of('reference').preferred),
        expected: expected(name).preferred - preferredInReference,
      },
    ]),
    {
      name: `${label}: preferred share, robust-dpo over dpo at 30 % flips`,
      ours: difference(of('robust-dpo, flips').preferred, of('dpo, flips').preferred),
      expected: expected('robust-dpo, flips').preferred - expected('dpo, flips').preferred,
    },
  ];
}

/** A row that wants half of the expected effect. */
function row({ name, ours, expected }: Effect): BenchRow {
  const aim = `>= ${(expected / 2).toFixed(2)} (half of ${expected.toFixed(2)})`;
  return { name, unit: 'difference', ours, better: 'higher', aim };
}

function method(name: string, tuning: Tuning, half: readonly [number, number], rare: readonly [number, number]) {
  const result = ([preferred, offManifold]: readonly [number, number]): ModesResult => ({ preferred, offManifold });
  return { name, tuning, expected: { half: result(half), rare: result(rare) } };
}

function difference(a: readonly number[], b: readonly number[]): number {
  return mean(a) - mean(b);
}

/** Mean +- standard error over seeds, and what is expected. */
function show(values: readonly number[], expected?: number): string {
  const center = mean(values);
  const variance = values.reduce((total, value) => total + (value - center) ** 2, 0) / (values.length - 1);
  const error = Math.sqrt(variance / values.length);
  return `${center.toFixed(3)} +- ${error.toFixed(3)}${expected === undefined ? '' : ` (expected ${expected})`}`;
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
