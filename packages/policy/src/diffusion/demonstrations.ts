import { InputError, type RandomStream } from '@rapport/core';
import { ACTION_FEATURE, ENVIRONMENT_FEATURE, STATE_FEATURE } from './config.js';
import { type DiffusionNetwork, noiseScales } from './network.js';
import { featureAffine, normalize, type Statistics } from './normalization.js';

/** Pictures of one camera over an episode, in memory (a `Uint8Array`) or in a file. */
export interface PictureBytes {
  readonly length: number;
  /** Bytes `start` to `end` (excluded); those of a file are valid until the next call. */
  subarray(start: number, end: number): Uint8Array;
}

/** An episode to learn from, in the units of its dataset. */
export interface Demonstration {
  readonly length: number;
  /** By feature, shape [length, size]: state, environment state and action. */
  readonly vectors: Readonly<Record<string, Float32Array>>;
  /** By camera feature, bytes [length, height, width, 3]. */
  readonly pictures: Readonly<Record<string, PictureBytes>>;
}

/** Mean and deviation that networks trained on ImageNet expect of pictures in [0, 1]; LeRobot's default for cameras. */
const IMAGENET = { mean: Float32Array.of(0.485, 0.456, 0.406), std: Float32Array.of(0.229, 0.224, 0.225) };

/** Observed channels whose values lie closer together than this do not vary (diffusion_policy's `range_eps`). */
const SMALLEST_RANGE = 1e-4;

/**
 * Smallest, largest, mean and deviation per channel of every vector feature; ImageNet's for the cameras. Where an observed
 * channel does not vary, smallest and largest are one apart: normalised by the range itself, the first different value
 * would be a million times too large. An action that does not vary keeps its range, and comes out exactly.
 */
export function demonstrationStatistics(demonstrations: readonly Demonstration[]): Statistics {
  const first = demonstrations[0];
  if (first === undefined) throw new InputError('there are no demonstrations; expected at least one');
  const vectors = Object.keys(first.vectors).map((feature) => {
    const size = first.vectors[feature]!.length / first.length;
    const rows = demonstrations.map(({ vectors: one }) => one[feature]!);
    const measured = Array.from({ length: size }, (_, channel) => channelStatistics(rows, channel, size));
    const channels = feature === ACTION_FEATURE ? measured : measured.map(widened);
    const of = (key: keyof (typeof channels)[number]) => Float32Array.from(channels, (one) => one[key]);
    return [feature, { min: of('min'), max: of('max'), mean: of('mean'), std: of('std') }] as const;
  });
  return Object.fromEntries([...vectors, ...Object.keys(first.pictures).map((camera) => [camera, IMAGENET] as const)]);
}

type ChannelStatistics = ReturnType<typeof channelStatistics>;

function widened(channel: ChannelStatistics): ChannelStatistics {
  const { min, max } = channel;
  return max - min >= SMALLEST_RANGE ? channel : { ...channel, min: min - 0.5, max: max + 0.5 };
}

function channelStatistics(rows: readonly Float32Array[], channel: number, size: number) {
  let [min, max, sum, squares, count] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0, 0];
  for (const row of rows) {
    for (let index = channel; index < row.length; index += size) {
      const value = row[index]!;
      min = Math.min(min, value);
      max = Math.max(max, value);
      sum += value;
      squares += value * value;
      count += 1;
    }
  }
  const mean = sum / count;
  return { min, max, mean, std: Math.sqrt(Math.max(0, squares / count - mean * mean)) };
}

/** Draws training batches. */
export interface BatchSampler {
  /** What `compileDiffusionTrainer` feeds; the arrays are used again by the next call. */
  next(stream: RandomStream): Readonly<Record<string, Float32Array>>;
}

export interface BatchOptions {
  readonly statistics: Statistics;
  /** Windows in a batch. */
  readonly batchSize: number;
  /** Share of the windows that are around the first step of an episode, from 0 to 1; default 0. */
  readonly firstPlanShare?: number;
}

/**
 * Draws batches of windows around chosen steps: the observations of the last `nObsSteps` steps (the first one
 * repeated before the start), and `horizon` actions from the oldest of them on (the last one repeated behind the end, and
 * marked as padding). The steps are the first of an episode for `firstPlanShare` of the windows, and any for the others. The
 * last `dropNLastFrames` steps of an episode are not drawn. Each batch has one random crop per camera, as in LeRobot.
 */
export function batchSampler(
  network: DiffusionNetwork,
  demonstrations: readonly Demonstration[],
  { statistics, batchSize, firstPlanShare = 0 }: BatchOptions,
): BatchSampler {
  const { config, shapes, encoders } = network;
  const { nObsSteps, horizon, dropNLastFrames, inputFeatures, outputFeatures } = config;
  const starts = demonstrations.flatMap(({ length }, episode) =>
    Array.from({ length: Math.max(1, length - dropNLastFrames) }, (_, step) => ({ episode, step })),
  );
  const sizes: Record<string, number> = { [STATE_FEATURE]: shapes.stateSize, [ACTION_FEATURE]: shapes.actionSize };
  if (shapes.environmentSize > 0) sizes[ENVIRONMENT_FEATURE] = shapes.environmentSize;
  const normal = demonstrations.map(({ vectors }) =>
    Object.fromEntries(
      Object.keys(sizes).map((feature) => {
        const { type } = (inputFeatures[feature] ?? outputFeatures[feature])!;
        const affine = featureAffine(feature, type, config.normalizationMapping, statistics);
        return [feature, normalize(affine, vectors[feature]!)] as const;
      }),
    ),
  );
  const chunkSize = batchSize * horizon * shapes.actionSize;
  const observed = Object.keys(sizes).filter((feature) => feature !== ACTION_FEATURE);
  const batch: Record<string, Float32Array> = {
    actions: new Float32Array(chunkSize),
    noise: new Float32Array(chunkSize),
    timesteps: new Float32Array(batchSize),
    valid: new Float32Array(batchSize * horizon),
  };
  for (const feature of observed) batch[feature] = new Float32Array(batchSize * nObsSteps * sizes[feature]!);
  shapes.cameras.forEach(({ feature }, index) => {
    const [height, width] = encoders[index]!.cropSize;
    batch[feature] = new Float32Array(batchSize * nObsSteps * 3 * height * width);
  });

  return {
    next(stream) {
      const offsets = shapes.cameras.map(({ height, width }, index) => {
        const [cropHeight, cropWidth] = encoders[index]!.cropSize;
        return { top: stream.integer(height - cropHeight + 1), left: stream.integer(width - cropWidth + 1) };
      });
      for (let sample = 0; sample < batchSize; sample++) {
        const drawn = starts[stream.integer(starts.length)]!;
        const { episode } = drawn;
        const step = firstPlanShare > 0 && stream.uniform() < firstPlanShare ? 0 : drawn.step;
        const last = demonstrations[episode]!.length - 1;
        const row = (feature: string, at: number) => {
          const size = sizes[feature]!;
          const index = Math.min(Math.max(at, 0), last);
          return normal[episode]![feature]!.subarray(index * size, (index + 1) * size);
        };
        for (let past = 0; past < nObsSteps; past++) {
          const at = step - nObsSteps + 1 + past;
          const place = sample * nObsSteps + past;
          for (const feature of observed) batch[feature]!.set(row(feature, at), place * sizes[feature]!);
          shapes.cameras.forEach(({ feature, height, width }, index) => {
            const frameSize = height * width * 3;
            const frame = Math.max(at, 0);
            const bytes = demonstrations[episode]!.pictures[feature]!.subarray(
              frame * frameSize,
              (frame + 1) * frameSize,
            );
            copyCrop(bytes, width, { ...offsets[index]!, size: encoders[index]!.cropSize }, batch[feature]!, place);
          });
        }
        for (let ahead = 0; ahead < horizon; ahead++) {
          const at = step - nObsSteps + 1 + ahead;
          const place = sample * horizon + ahead;
          batch.actions!.set(row(ACTION_FEATURE, at), place * shapes.actionSize);
          batch.valid![place] = at >= 0 && at <= last ? 1 : 0;
        }
        batch.timesteps![sample] = stream.integer(config.numTrainTimesteps);
      }
      stream.fillNormal(batch.noise!);
      return { ...batch, ...noiseScales(config, batch.timesteps!) };
    },
  };
}

/** Copies a part of a picture [H, W, 3] as planes [3, h, w] with values in [0, 1] to position `place` of `out`. */
function copyCrop(
  bytes: Uint8Array,
  width: number,
  crop: { readonly top: number; readonly left: number; readonly size: readonly [number, number] },
  out: Float32Array,
  place: number,
): void {
  const [cropHeight, cropWidth] = crop.size;
  const pixels = cropHeight * cropWidth;
  let target = place * 3 * pixels;
  for (let row = 0; row < cropHeight; row++) {
    let source = ((crop.top + row) * width + crop.left) * 3;
    for (let column = 0; column < cropWidth; column++, target++, source += 3) {
      out[target] = bytes[source]! / 255;
      out[target + pixels] = bytes[source + 1]! / 255;
      out[target + 2 * pixels] = bytes[source + 2]! / 255;
    }
  }
}
