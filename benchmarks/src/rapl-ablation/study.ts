import {
  type ClipReference,
  mean,
  RandomStream,
  type RankedClips,
  randomQueries,
  standingRankings,
  throwIfAborted,
  type WorkOptions,
} from '@rapport/core';
import {
  clipKey,
  type EncoderIdentity,
  evaluateReward,
  lookupIn,
  ordinaryAnnotator,
  perfectAnnotator,
  type RaplConfig,
  type RlhfConfig,
  raplConfig,
  rlhfConfig,
  simulateAnswers,
  trainRapl,
  trainRlhf,
} from '@rapport/reward';
import type { Pool } from './pool.js';

/** A reward learner with changed settings. */
export type Learner =
  | { readonly kind: 'rapl'; readonly config: Partial<RaplConfig> }
  | { readonly kind: 'rlhf'; readonly config: Partial<RlhfConfig> };

export interface StudyOptions extends WorkOptions {
  readonly pool: Pool;
  /** Which of the pool's encoders. */
  readonly encoder: EncoderIdentity;
  readonly encoderIndex: number;
  readonly learner: Learner;
  /** Rankings of three clips to learn from. */
  readonly rankings: number;
  /** Every seed splits the pool, asks other queries and starts from other parameters. */
  readonly seeds: readonly number[];
}

/** Figures of one seed on clips that were not trained on. */
export interface SeedFigures {
  readonly pairAccuracy: number;
  readonly acrossVideos: number;
  readonly withinVideo: number;
  readonly calibrationError: number;
  /** CPU seconds of the training. */
  readonly seconds: number;
}

/** Means over seeds, and the seeds. */
export interface StudyFigures {
  readonly mean: SeedFigures;
  readonly seeds: readonly SeedFigures[];
}

/** Share of the pool that is learned from; the rest is held out. */
const LEARNED_SHARE = 0.7;
const HELD_OUT_RANKINGS = 100;

/**
 * Trains a learner on the rankings of an ordinary simulated annotator, and judges it on held-out clips by rankings without
 * mistakes in which near-equal clips are tied.
 */
export async function study(options: StudyOptions): Promise<StudyFigures> {
  const seeds: SeedFigures[] = [];
  for (const seed of options.seeds) {
    throwIfAborted(options.signal);
    seeds.push(await studySeed(options, seed));
  }
  const meanOf = (figure: keyof SeedFigures): number => mean(seeds.map((one) => one[figure]));
  return {
    seeds,
    mean: {
      pairAccuracy: meanOf('pairAccuracy'),
      acrossVideos: meanOf('acrossVideos'),
      withinVideo: meanOf('withinVideo'),
      calibrationError: meanOf('calibrationError'),
      seconds: meanOf('seconds'),
    },
  };
}

async function studySeed({ pool, encoder, encoderIndex, learner, rankings, signal }: StudyOptions, seed: number) {
  const stream = new RandomStream(seed, 'rapl-ablation');
  const shuffled = stream.fork('split').shuffled(pool.clips);
  const learned = shuffled.slice(0, Math.round(LEARNED_SHARE * shuffled.length));
  const heldOut = shuffled.slice(learned.length);
  const videos = lookupIn(pool.features[encoderIndex]!);
  const faultless = { ...perfectAnnotator, tieMargin: ordinaryAnnotator.tieMargin };
  const ask = (clips: readonly ClipReference[], count: number, model: typeof faultless, name: string): RankedClips[] =>
    standingRankings(
      simulateAnswers({
        queries: randomQueries({ clips, count, random: stream.fork(`${name}/ask`) }),
        scoreOf: (query, item) => pool.scores.get(clipKey(query.items[item]!))!,
        model,
        stream: stream.fork(`${name}/answer`),
        annotator: `simulated/${name}`,
        startMs: 0,
      }),
    );

  const common = {
    rankings: ask(learned, rankings, ordinaryAnnotator, 'training'),
    videos,
    encoder,
    stream: stream.fork('training'),
    ...(signal === undefined ? {} : { signal }),
  };
  const start = process.cpuUsage();
  const { model } =
    learner.kind === 'rapl'
      ? await trainRapl({ ...common, config: raplConfig(learner.config) })
      : await trainRlhf({ ...common, config: rlhfConfig(learner.config) });
  const { user, system } = process.cpuUsage(start);
  const evaluation = evaluateReward(model, {
    rankings: ask(heldOut, HELD_OUT_RANKINGS, faultless, 'held-out'),
    clips: heldOut,
    videos,
    stepScores: (clip) => pool.stepScores.get(clipKey(clip))!,
  });
  return {
    pairAccuracy: evaluation.pairAccuracy?.mean ?? Number.NaN,
    acrossVideos: evaluation.acrossVideos.mean,
    withinVideo: evaluation.withinVideo?.mean ?? Number.NaN,
    calibrationError: evaluation.calibration.expectedError,
    seconds: (user + system) / 1e6,
  };
}
