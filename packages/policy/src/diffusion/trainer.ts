import type { RandomStream } from '@rapport/core';
import {
  adamW,
  compileTrainer,
  input,
  type Parameter,
  type ParameterValues,
  parameter,
  reshape,
  type Tensor,
  type Trainer,
} from '@rapport/nn';
import { ENVIRONMENT_FEATURE, STATE_FEATURE } from './config.js';
import { type DiffusionNetwork, denoisingErrors, denoisingLoss, joinCondition, normalizedPictures } from './network.js';
import { type Affine, featureAffine, type Statistics } from './normalization.js';

/** How the denoiser is trained. */
export interface DiffusionTrainerOptions {
  readonly batchSize: number;
  /** A number, or the rate at a step counted from 1. */
  readonly learningRate: number | ((step: number) => number);
  readonly weightDecay: number;
  /** The gradient is scaled down to this length. */
  readonly maxGradientNorm: number;
  /** Share of the averaged weights that stays in one step; the averaged ones are what is evaluated and saved. */
  readonly averageDecay: number;
  readonly statistics: Statistics;
  /** First weights are drawn from it. */
  readonly stream: RandomStream;
  /** First weights that replace drawn ones, for example of an imported policy. */
  readonly initial?: ParameterValues;
}

/**
 * One training step as a graph; its inputs are those of `trainingLoss`.
 */
export interface DiffusionTrainer {
  readonly trainer: Trainer<'loss'>;
  /** The averaged weights, and those that are not trained, by LeRobot's names. */
  averaged(): ParameterValues;
}

/** Averaged weights lie beside the trained ones under names with this in front. */
const AVERAGE = 'average/';

/**
 * The denoising loss of a batch. Inputs, all float32, with N = batchSize: `actions` and `noise` [N, horizon, action]
 * (actions normalised), `timesteps`, `signalScale`, `noiseScale` [N], `valid` [N, horizon], per vector feature
 * [N, nObsSteps, size] (normalised), and per camera its crops [N nObsSteps, 3, h, w] with values in [0, 1].
 */
export function trainingLoss(network: DiffusionNetwork, batchSize: number, statistics: Statistics): Tensor {
  const { config, shapes, encoders } = network;
  const chunk = [batchSize, config.horizon, shapes.actionSize];
  const steps = config.nObsSteps;
  const features = shapes.cameras.map(({ feature }, index): Tensor => {
    const [height, width] = encoders[index]!.cropSize;
    const crops = input(feature, [batchSize * steps, 3, height, width]);
    const encoded = encoders[index]!.encode(normalizedPictures(crops, pictureAffine(network, feature, statistics)));
    return reshape(encoded, [batchSize, steps, shapes.cameraSize]);
  });
  const condition = joinCondition({
    state: input(STATE_FEATURE, [batchSize, steps, shapes.stateSize]),
    features,
    environment:
      shapes.environmentSize === 0 ? undefined : input(ENVIRONMENT_FEATURE, [batchSize, steps, shapes.environmentSize]),
  });
  const errors = denoisingErrors(network, {
    actions: input('actions', chunk),
    noise: input('noise', chunk),
    timesteps: input('timesteps', [batchSize]),
    signalScale: input('signalScale', [batchSize]),
    noiseScale: input('noiseScale', [batchSize]),
    condition,
  });
  if (!config.doMaskLossForPadding) return denoisingLoss(errors);
  return denoisingLoss(errors, input('valid', [batchSize, config.horizon]));
}

/**
 * Compiles training by behaviour cloning: the denoising loss, its gradient, AdamW and the moving average of the weights
 * (Chi et al. 2023, section IV.A and appendix).
 */
export async function compileDiffusionTrainer(
  network: DiffusionNetwork,
  options: DiffusionTrainerOptions,
): Promise<DiffusionTrainer> {
  const { config, trained, fixed } = network;
  const { batchSize, learningRate, weightDecay, maxGradientNorm, averageDecay, statistics, stream } = options;
  const loss = trainingLoss(network, batchSize, statistics);
  const averages = trained.map(
    ({ attributes: { name, shape, initializer } }): Parameter => parameter(`${AVERAGE}${name}`, shape, initializer),
  );
  const [beta1, beta2] = config.optimizerBetas;
  const optimizer = adamW({
    learningRate,
    beta1,
    beta2,
    epsilon: config.optimizerEps,
    weightDecay,
    maxGradientNorm,
  });
  const trainer = await compileTrainer({
    groups: [{ name: 'denoiser', parameters: trained, loss, optimizer }],
    averages: [{ target: averages, source: trained, rate: 1 - averageDecay }],
    metrics: { loss },
    stream,
    ...(options.initial && { initial: options.initial }),
  });
  return {
    trainer,
    averaged: () => {
      const all = trainer.parameters();
      const pairs = trained.map(({ attributes: { name } }) => [name, all[`${AVERAGE}${name}`]!] as const);
      const kept = fixed.map(({ attributes: { name } }) => [name, all[name]!] as const);
      return Object.fromEntries([...pairs, ...kept]);
    },
  };
}

function pictureAffine({ config }: DiffusionNetwork, feature: string, statistics: Statistics): Affine | undefined {
  return featureAffine(feature, 'VISUAL', config.normalizationMapping, statistics);
}
