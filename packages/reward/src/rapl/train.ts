import { InputError, mean, onDecidingFrames, type RankedClips } from '@rapport/core';
import { adamW, compileFunction, compileTrainer, type ParameterValues } from '@rapport/nn';
import type { RewardTraining, TrainedReward } from '../model.js';
import { trainEpochs } from '../training/epochs.js';
import { ClipTable, requirePreferences, splitRankings } from '../training/split.js';
import { type Standardization, standardizationOf, writeStandardized } from '../training/standardization.js';
import { spreadFrames } from '../videos.js';
import type { RaplConfig } from './config.js';
import { VideoTransport } from './distance.js';
import { embedVideo, type Head } from './embedding.js';
import { raplGraph } from './graph.js';
import type { HeadShape } from './head.js';
import { RaplModel, type RewardScale } from './model.js';
import { chooseReferences, type ReferenceChoice } from './references.js';
import { referenceTriplets, type Triplet, tripletsOf } from './triplets.js';

export type RaplTraining = RewardTraining<RaplConfig>;

/**
 * Learns a RAPL reward from rankings: trains the head on triplets, keeps the epoch with the best held-back loss, chooses
 * references among the best-ranked clips, and scales the reward. Where an annotator marked the frames that decided, the
 * triplets are about these; references, which whole episodes are compared with, stay whole.
 * @throws InputError when no ranking holds three clips with a strict preference, or a clip has no features
 */
export async function trainRapl(training: RaplTraining): Promise<TrainedReward<RaplModel>> {
  const { rankings, config, encoder, stream } = training;
  requirePreferences(rankings);
  const table = new ClipTable(rankings, training.videos, encoder.featureSize);
  const numberOf = (clip: RankedClips['items'][number]): number => table.numberOf(clip);
  const split = splitRankings(rankings, config.validationShare, stream.fork('split'));
  const tripletsIn = (some: readonly RankedClips[]) => tripletsOf(some.map(onDecidingFrames), numberOf);
  const triplets = tripletsIn(split.training);
  if (triplets.every(({ target }) => target !== 1)) {
    throw new InputError('RAPL learns from rankings of three or more clips; none of the training rankings is one', {
      fix: 'ask queries of three clips, or train the RLHF reward, which learns from pairs',
    });
  }

  const standardization = standardizationOf(table.wholeVideos);
  const shape: HeadShape = {
    kind: config.head,
    featureSize: encoder.featureSize,
    embeddingSize: config.embeddingSize,
  };
  const graph = raplGraph({
    head: shape,
    frames: config.framesPerVideo,
    batch: config.batchSize,
    regularization: config.regularization,
    temperature: config.temperature,
    loss: config.loss,
  });
  const trainer = await compileTrainer({
    groups: [
      {
        name: 'rapl',
        parameters: graph.parameters,
        loss: graph.loss,
        optimizer: adamW({ learningRate: config.learningRate, weightDecay: config.weightDecay }),
      },
    ],
    metrics: { loss: graph.loss },
    stream: stream.fork('parameters'),
  });
  const judge = await compileFunction({ outputs: { loss: graph.loss }, parameters: trainer.parameters() });
  const feeds = new TripletFeeds(table, standardization, config);
  try {
    // Epochs of metrics count on from stage to stage.
    const run = (label: string, done: number, epochs: number, examples: readonly Triplet[], held: readonly Triplet[]) =>
      trainEpochs<Triplet>({
        ...training,
        onMetrics: (epoch, values) => training.onMetrics?.(done + epoch, values),
        label,
        epochs,
        batchSize: config.batchSize,
        training: examples,
        validation: held,
        stream: stream.fork(label),
        step: async (batch) => (await trainer.step(feeds.of(batch))).loss,
        evaluate: async (some) => {
          judge.setParameters(trainer.parameters());
          let total = 0;
          for (let start = 0; start < some.length; start += config.batchSize) {
            const batch = some.slice(start, start + config.batchSize);
            total += (await judge.run(feeds.of(batch))).loss[0]! * batch.length;
          }
          return total / some.length;
        },
        parameters: () => trainer.parameters(),
      });
    const headOf = (parameters: ParameterValues): Head => ({ shape, standardization, parameters });
    const heldTriplets = tripletsIn(split.validation);
    let best = await run('training RAPL', 0, config.epochs, triplets, heldTriplets);
    if (config.referenceEpochs > 0) {
      trainer.setParameters(best.parameters);
      const { clips } = references(training, table, headOf(best.parameters), numberOf);
      const anchored = (some: readonly RankedClips[]) => referenceTriplets(some, numberOf, clips);
      best = await run(
        'training RAPL on references',
        config.epochs,
        config.referenceEpochs,
        [...triplets, ...anchored(split.training)],
        [...heldTriplets, ...anchored(split.validation)],
      );
    }
    const head = headOf(best.parameters);
    return {
      model: finish(training, table, head, numberOf),
      report: {
        trainingRankings: split.training.length,
        validationRankings: split.validation.length,
        parameters: Object.values(head.parameters).reduce((sum, { data }) => sum + data.length, 0),
        epochs: best.epochs,
        bestEpoch: best.bestEpoch,
      },
    };
  } finally {
    await Promise.all([trainer.close(), judge.close()]);
  }
}

function references(
  { rankings, config }: RaplTraining,
  table: ClipTable,
  head: Head,
  numberOf: (clip: RankedClips['items'][number]) => number,
): ReferenceChoice {
  const thin = table.wholeVideos.map((video) =>
    embedVideo(head, video, spreadFrames(video.frames, config.framesPerVideo)),
  );
  const transport = new VideoTransport(config.embeddingSize, config.regularization);
  return chooseReferences(rankings, numberOf, thin, transport, config.references);
}

/** References, scale and temperature for a trained head. */
function finish(
  training: RaplTraining,
  table: ClipTable,
  head: Head,
  numberOf: (clip: RankedClips['items'][number]) => number,
): RaplModel {
  const { config, encoder } = training;
  const choice = references(training, table, head, numberOf);
  const chosen = choice.clips.map((clip) => {
    const video = table.videos[clip]!;
    return { clip: table.clips[clip]!, video: embedVideo(head, video, spreadFrames(video.frames, video.frames)) };
  });
  const parts = { config, encoder, head, references: chosen };
  const unscaled = new RaplModel({ ...parts, scale: { offset: 0, scale: 1 }, temperature: 1 });
  const costs = table.wholeVideos.flatMap((video) => Array.from(unscaled.rewards(video), (reward) => -reward));
  const scale = scaleOf(costs);
  return new RaplModel({ ...parts, scale, temperature: choice.temperature * scale.scale });
}

/** Mean 0 and deviation 1 over the frames of the training clips. */
function scaleOf(costs: readonly number[]): RewardScale {
  const offset = mean(costs);
  const deviation = Math.sqrt(mean(costs.map((cost) => (cost - offset) ** 2)));
  return { offset, scale: deviation > 0 ? 1 / deviation : 1 };
}

/** Fills batches of triplets; one set of buffers serves every batch. */
class TripletFeeds {
  readonly #buffers: Readonly<Record<'anchor' | 'near' | 'far' | 'target' | 'weight', Float32Array>>;
  readonly #stride: number;

  constructor(
    readonly table: ClipTable,
    readonly standardization: Standardization,
    readonly config: RaplConfig,
  ) {
    const { batchSize, framesPerVideo } = config;
    this.#stride = framesPerVideo * standardization.mean.length;
    const videos = (): Float32Array => new Float32Array(batchSize * this.#stride);
    this.#buffers = {
      anchor: videos(),
      near: videos(),
      far: videos(),
      target: new Float32Array(batchSize),
      weight: new Float32Array(batchSize),
    };
  }

  /** Places beyond the batch keep the videos of an earlier one and get weight 0. */
  of(batch: readonly Triplet[]): Record<string, Float32Array> {
    const { anchor, near, far, target, weight } = this.#buffers;
    weight.fill(0);
    batch.forEach((triplet, place) => {
      this.#write(triplet.anchor, anchor, place);
      this.#write(triplet.near, near, place);
      this.#write(triplet.far, far, place);
      target[place] = triplet.target;
      weight[place] = 1;
    });
    return { anchor, near, far, target, weight };
  }

  #write(clip: number, out: Float32Array, place: number): void {
    const video = this.table.videos[clip]!;
    const frames = spreadFrames(video.frames, this.config.framesPerVideo);
    writeStandardized(video, frames, this.standardization, out, place * this.#stride);
  }
}
