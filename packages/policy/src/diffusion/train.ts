import { InputError, type RandomState, RandomStream, throwIfAborted, type WorkOptions } from '@rapport/core';
import type { ParameterValues, TrainerState } from '@rapport/nn';
import type { DiffusionCheckpoint } from './checkpoint.js';
import type { DiffusionConfig } from './config.js';
import { batchSampler, type Demonstration, demonstrationStatistics } from './demonstrations.js';
import { diffusionNetwork } from './network.js';
import type { Statistics } from './normalization.js';
import { compileDiffusionTrainer } from './trainer.js';

/** Everything needed to go on with a training run. */
export interface DiffusionTrainingState {
  readonly trainer: TrainerState;
  readonly batches: RandomState;
}

export interface TrainDiffusionOptions extends WorkOptions {
  readonly config: DiffusionConfig;
  readonly demonstrations: readonly Demonstration[];
  /** Default: those of the demonstrations. Give a policy's own to go on with it. */
  readonly statistics?: Statistics;
  readonly steps: number;
  readonly batchSize: number;
  /** Default 0.995, a memory of 200 steps. */
  readonly averageDecay?: number;
  readonly seed: number;
  /** First weights, for example of an imported policy. */
  readonly initial?: ParameterValues;
  readonly resume?: DiffusionTrainingState;
  /** Called every `checkpointEvery` steps and at the end, with the averaged policy. */
  readonly checkpointEvery?: number;
  readonly onCheckpoint?: (step: number, policy: DiffusionCheckpoint, state: DiffusionTrainingState) => Promise<void>;
}

/** The gradient is scaled down to this length, as in LeRobot. */
const MAX_GRADIENT_NORM = 10;

/**
 * Behaviour cloning by denoising (Chi et al. 2023, arXiv 2303.04137): AdamW with the configuration's rate and decay, after
 * warm-up along a cosine to zero, on windows drawn by `batchSampler`.
 * @returns the policy with averaged weights
 * @throws InputError when a setting cannot be trained
 */
export async function trainDiffusion(options: TrainDiffusionOptions): Promise<DiffusionCheckpoint> {
  const { config, demonstrations, steps, batchSize, averageDecay = 0.995, seed } = options;
  if (config.resizeShape !== null) {
    throw new InputError('resize_shape is set; training expects pictures in the size that they are recorded in', {
      fix: 'leave resize_shape out and set crop_shape',
    });
  }
  if (Object.values(config.inputFeatures).some(({ type }) => type === 'VISUAL') && !config.useGroupNorm) {
    throw new InputError(
      'use_group_norm is false; training expects true, because averaged weights and batch statistics do not fit together',
      {
        fix: 'set use_group_norm',
      },
    );
  }
  const network = diffusionNetwork(config);
  const statistics = options.statistics ?? demonstrationStatistics(demonstrations);
  const root = new RandomStream(seed, 'diffusion-training');
  const batches = root.fork('batches');
  const { trainer, averaged } = await compileDiffusionTrainer(network, {
    batchSize,
    learningRate: warmupCosine(config.optimizerLr, Math.min(config.schedulerWarmupSteps, steps >> 1), steps),
    weightDecay: config.optimizerWeightDecay,
    maxGradientNorm: MAX_GRADIENT_NORM,
    averageDecay,
    statistics,
    stream: root.fork('weights'),
    ...(options.initial && { initial: options.initial }),
  });
  const sampler = batchSampler(network, demonstrations, statistics, batchSize);
  if (options.resume !== undefined) {
    trainer.restore(options.resume.trainer);
    batches.restore(options.resume.batches);
  }
  const policy = (): DiffusionCheckpoint => ({ config, statistics, parameters: averaged() });
  const every = options.checkpointEvery ?? steps;
  try {
    for (let step = trainer.state().step + 1; step <= steps; step++) {
      throwIfAborted(options.signal);
      const { loss } = await trainer.step(sampler.next(batches));
      options.onMetrics?.(step, { 'train/loss': loss });
      options.onProgress?.({ label: 'training the diffusion policy', done: step, total: steps, values: { loss } });
      if (options.onCheckpoint !== undefined && (step % every === 0 || step === steps)) {
        await options.onCheckpoint(step, policy(), { trainer: trainer.state(), batches: batches.state() });
      }
    }
    return policy();
  } finally {
    await trainer.close();
  }
}

/** The rate at a step counted from 1: up along a line, then down along half a cosine. */
function warmupCosine(rate: number, warmup: number, steps: number): (step: number) => number {
  return (step) => {
    if (step <= warmup) return (rate * step) / warmup;
    return rate * 0.5 * (1 + Math.cos((Math.PI * (step - warmup)) / Math.max(1, steps - warmup + 1)));
  };
}
