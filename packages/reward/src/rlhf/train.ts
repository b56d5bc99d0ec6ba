import { mean, onDecidingFrames, type RankedClips } from '@rapport/core';
import {
  adamW,
  compileFunction,
  compileTrainer,
  div,
  input,
  matmul,
  mean as meanOver,
  mul,
  type Parameter,
  parameter,
  reshape,
  sub,
  sum,
  type Tensor,
  zeros,
} from '@rapport/nn';
import { rankedPairs } from '../diagnostics/pairs.js';
import type { RewardTraining, TrainedReward } from '../model.js';
import { bradleyTerry, marginLabelled } from '../objectives/margin.js';
import { trainEpochs } from '../training/epochs.js';
import { ClipTable, requirePreferences, splitRankings } from '../training/split.js';
import { type Standardization, standardizationOf, writeStandardized } from '../training/standardization.js';
import { fitTemperature } from '../training/temperature.js';
import { spreadFrames } from '../videos.js';
import type { RlhfConfig } from './config.js';
import { RlhfModel } from './model.js';
import { type ComparedPair, comparedPairs } from './pairs.js';

export type RlhfTraining = RewardTraining<RlhfConfig>;

const HEAD = 'head';

/**
 * Learns the RLHF baseline from rankings: all pairs of every ranking, Bradley-Terry on the difference of the videos' mean
 * scalar outputs, and the epoch with the best held-back loss. Where an annotator marked the frames that decided, the pairs
 * are about these; where one stated a strength, the margin must exceed it (see `marginLabelled`).
 * @throws InputError when no ranking prefers one clip to another, or a clip has no features
 */
export async function trainRlhf(training: RlhfTraining): Promise<TrainedReward<RlhfModel>> {
  const { rankings, config, encoder, stream } = training;
  requirePreferences(rankings);
  const table = new ClipTable(rankings, training.videos, encoder.featureSize);
  const numberOf = (clip: RankedClips['items'][number]): number => table.numberOf(clip);
  const split = splitRankings(rankings, config.validationShare, stream.fork('split'));
  const standardization = standardizationOf(table.wholeVideos);
  const pairsOf = (some: readonly RankedClips[]) => comparedPairs(some.map(onDecidingFrames), numberOf);
  const hasStrengths = config.marginScale > 0 && rankings.some(({ strength }) => strength !== undefined);
  const graph = rlhfGraph(encoder.featureSize, config, hasStrengths);
  const trainer = await compileTrainer({
    groups: [
      {
        name: 'rlhf',
        parameters: graph.parameters,
        loss: graph.loss,
        optimizer: adamW({ learningRate: config.learningRate, weightDecay: config.weightDecay }),
      },
    ],
    metrics: { loss: graph.loss },
    stream: stream.fork('parameters'),
  });
  const judge = await compileFunction({ outputs: { loss: graph.loss }, parameters: trainer.parameters() });
  const feeds = new PairFeeds(table, standardization, config, hasStrengths);
  try {
    const best = await trainEpochs<ComparedPair>({
      ...training,
      label: 'training RLHF',
      epochs: config.epochs,
      batchSize: config.batchSize,
      training: pairsOf(split.training),
      validation: pairsOf(split.validation),
      stream: stream.fork('order'),
      step: async (batch) => (await trainer.step(feeds.of(batch))).loss,
      evaluate: async (examples) => {
        judge.setParameters(trainer.parameters());
        let total = 0;
        for (let start = 0; start < examples.length; start += config.batchSize) {
          const batch = examples.slice(start, start + config.batchSize);
          total += (await judge.run(feeds.of(batch))).loss[0]! * batch.length;
        }
        return total / examples.length;
      },
      parameters: () => trainer.parameters(),
    });
    const weight = best.parameters[HEAD]!.data;
    return {
      model: finish(training, table, standardization, weight),
      report: {
        trainingRankings: split.training.length,
        validationRankings: split.validation.length,
        parameters: weight.length,
        epochs: best.epochs,
        bestEpoch: best.bestEpoch,
      },
    };
  } finally {
    await Promise.all([trainer.close(), judge.close()]);
  }
}

/** Margin = mean over frames of h(first) minus that of h(second), h linear without a bias. */
function rlhfGraph(
  featureSize: number,
  { batchSize, framesPerVideo, marginScale }: RlhfConfig,
  hasStrengths: boolean,
): { readonly parameters: readonly Parameter[]; readonly loss: Tensor } {
  const head = parameter(HEAD, [featureSize, 1], zeros);
  const score = (name: string): Tensor =>
    meanOver(
      reshape(matmul(input(name, [batchSize * framesPerVideo, featureSize]), head), [batchSize, framesPerVideo]),
      {
        axes: [1],
      },
    );
  const weight = input('weight', [batchSize]);
  const objective = hasStrengths ? marginLabelled(input('strength', [batchSize]), marginScale) : bradleyTerry;
  const losses = objective(sub(score('first'), score('second')), input('target', [batchSize]));
  return { parameters: [head], loss: div(sum(mul(losses, weight)), sum(weight)) };
}

/** Scale and temperature for a trained head. */
function finish(
  { rankings, config, encoder }: RlhfTraining,
  table: ClipTable,
  standardization: Standardization,
  weight: Float32Array,
): RlhfModel {
  const parts = { config, encoder, standardization, weight };
  const unscaled = new RlhfModel({ ...parts, offset: 0, scale: 1, temperature: 1 });
  const rewards = table.wholeVideos.map((video) => unscaled.rewards(video));
  const all = rewards.flatMap((values) => Array.from(values));
  const offset = mean(all);
  const deviation = Math.sqrt(mean(all.map((reward) => (reward - offset) ** 2)));
  const scale = deviation > 0 ? 1 / deviation : 1;
  const meanOf = (clip: RankedClips['items'][number]): number => mean(rewards[table.numberOf(clip)]!);
  const differences = rankedPairs(rankings).map(({ ranking, preferred, other }) => {
    const { items } = rankings[ranking]!;
    return meanOf(items[preferred]!) - meanOf(items[other]!);
  });
  return new RlhfModel({ ...parts, offset, scale, temperature: fitTemperature(differences) * scale });
}

/** Fills batches of pairs; one set of buffers serves every batch. */
class PairFeeds {
  readonly #buffers: Readonly<Record<'first' | 'second' | 'target' | 'strength' | 'weight', Float32Array>>;
  readonly #stride: number;

  constructor(
    readonly table: ClipTable,
    readonly standardization: Standardization,
    readonly config: RlhfConfig,
    readonly hasStrengths: boolean,
  ) {
    this.#stride = config.framesPerVideo * standardization.mean.length;
    this.#buffers = {
      first: new Float32Array(config.batchSize * this.#stride),
      second: new Float32Array(config.batchSize * this.#stride),
      target: new Float32Array(config.batchSize),
      strength: new Float32Array(config.batchSize),
      weight: new Float32Array(config.batchSize),
    };
  }

  /** Places beyond the batch keep the videos of an earlier one and get weight 0. */
  of(batch: readonly ComparedPair[]): Record<string, Float32Array> {
    const { first, second, target, strength, weight } = this.#buffers;
    weight.fill(0);
    batch.forEach((pair, place) => {
      this.#write(pair.first, first, place);
      this.#write(pair.second, second, place);
      target[place] = pair.target;
      strength[place] = pair.strength;
      weight[place] = 1;
    });
    return { first, second, target, weight, ...(this.hasStrengths && { strength }) };
  }

  #write(clip: number, out: Float32Array, place: number): void {
    const video = this.table.videos[clip]!;
    const frames = spreadFrames(video.frames, this.config.framesPerVideo);
    writeStandardized(video, frames, this.standardization, out, place * this.#stride);
  }
}
