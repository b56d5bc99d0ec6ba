import { UnavailableError } from '@rapport/core';
import { type Encoder, type EncoderKind, loadEncoder } from '@rapport/reward';
import type { Benchmark, BenchOptions, BenchReport, BenchRow } from '../report.js';
import { type Pool, recordPool } from './pool.js';
import { type Learner, type StudyFigures, study } from './study.js';

const ENVIRONMENT = 'xmagical/avoid-longstick';
const RANKINGS = 100;
const LABEL_COUNTS = [10, 25, 50];

const encoderKinds: readonly EncoderKind[] = ['lite0', 'mobilenetv2', 'objectron', 'random', 'pixels16'];

/** Changes of RAPL's settings, each against the defaults. */
const variants: readonly { readonly name: string; readonly learner: Learner }[] = [
  { name: 'regularization 0.1', learner: { kind: 'rapl', config: { regularization: 0.1 } } },
  { name: 'loss 1 - p', learner: { kind: 'rapl', config: { loss: 'probability-error' } } },
  { name: 'temperature 1', learner: { kind: 'rapl', config: { temperature: 1 } } },
  { name: 'no reference anchors', learner: { kind: 'rapl', config: { referenceEpochs: 0 } } },
  { name: 'one reference', learner: { kind: 'rapl', config: { references: 1 } } },
  { name: 'squared costs', learner: { kind: 'rapl', config: { rewardPower: 2 } } },
];

/**
 * RAPL and RLHF on X-Magical Avoid: encoder kinds, fewer labels, and RAPL's open choices one at a time. The tables of
 * docs/rapl.md come from here.
 */
export const raplBenchmark: Benchmark = {
  name: 'rapl',
  summary: 'learned rewards on held-out rollouts: encoders, number of labels, settings',
  async run(options) {
    const notes: string[] = [];
    const encoders = await openEncoders(options, notes);
    const episodes = options.quick ? 60 : 160;
    const seeds = options.quick ? [0] : [0, 1, 2];
    const pool = await recordPool(ENVIRONMENT, episodes, encoders, options);
    await Promise.all(encoders.map((encoder) => encoder.close()));

    const rows: BenchRow[] = [];
    const measure = async (
      name: string,
      encoderIndex: number,
      learner: Learner,
      rankings = RANKINGS,
    ): Promise<void> => {
      options.onProgress?.({ label: name, done: rows.length, total: 2 * encoders.length + 2 * LABEL_COUNTS.length });
      const encoder = encoders[encoderIndex]!;
      const figures = await study({ ...options, pool, encoder, encoderIndex, learner, rankings, seeds });
      rows.push(row(name, figures));
      notes.push(`${name}: ${describe(figures)}`);
    };
    const learners: readonly Learner[] = [
      { kind: 'rapl', config: {} },
      { kind: 'rlhf', config: {} },
    ];
    for (const [index, encoder] of encoders.entries()) {
      for (const learner of learners) await measure(`${encoder.kind}, ${learner.kind}`, index, learner);
    }
    for (const count of LABEL_COUNTS) {
      for (const learner of learners) {
        await measure(`${encoders[0]!.kind}, ${learner.kind}, ${count} rankings`, 0, learner, count);
      }
    }
    for (const { name, learner } of options.quick ? [] : variants) {
      await measure(`${encoders[0]!.kind}, ${learner.kind}, ${name}`, 0, learner);
    }
    return {
      title: `Learned rewards on ${ENVIRONMENT}`,
      rows,
      notes: [...notes, setting(pool, seeds)],
    } satisfies BenchReport;
  },
};

async function openEncoders(options: BenchOptions, notes: string[]): Promise<Encoder[]> {
  const encoders: Encoder[] = [];
  for (const kind of options.quick ? encoderKinds.slice(-2) : encoderKinds) {
    try {
      encoders.push(await loadEncoder(kind));
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
      notes.push(`${kind} could not be had: ${error.message}`);
    }
  }
  return encoders;
}

function row(name: string, { mean: figures }: StudyFigures): BenchRow {
  return { name, unit: 'pair accuracy', ours: figures.pairAccuracy, better: 'higher', aim: '>= 0.85' };
}

function describe({ mean: figures, seeds }: StudyFigures): string {
  const show = (value: number): string => value.toFixed(3);
  return (
    `pair accuracy ${seeds.map((seed) => show(seed.pairAccuracy)).join(' ')}, across ${show(figures.acrossVideos)}, ` +
    `within ${show(figures.withinVideo)}, calibration error ${show(figures.calibrationError)}, ` +
    `${figures.seconds.toFixed(1)} CPU s`
  );
}

function setting(pool: Pool, seeds: readonly number[]): string {
  return (
    `${pool.clips.length} rollouts of the mixed scripted policy, 70 % learned from; ${RANKINGS} rankings of three clips ` +
    `unless another number is given; seeds ${seeds.join(', ')}; 100 held-out rankings a seed`
  );
}
