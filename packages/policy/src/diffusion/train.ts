import { InputError, type RandomState, RandomStream, throwIfAborted, type WorkOptions } from '@rapport/core';
import { compileFunction, type ParameterValues, type TrainerState } from '@rapport/nn';
import type { DiffusionCheckpoint } from './checkpoint.js';
import type { DiffusionConfig } from './config.js';
import { type BatchOptions, batchSampler, type Demonstration, demonstrationStatistics } from './demonstrations.js';
import { type DiffusionNetwork, diffusionNetwork } from './network.js';
import type { Statistics } from './normalization.js';
import { compileDiffusionTrainer, trainingLoss } from './trainer.js';

/** Everything needed to go on with a training run. */
export interface DiffusionTrainingState {
  readonly trainer: TrainerState;
  readonly batches: RandomState;
}

export interface TrainDiffusionOptions extends WorkOptions {
  readonly config: DiffusionConfig;
  readonly demonstrations: readonly Demonstration[];
  /** Episodes that nothing is learned from; the loss on them is measured at every checkpoint. */
  readonly validation?: readonly Demonstration[];
  /** Default: those of the demonstrations. Give a policy's own to go on with it. */
  readonly statistics?: Statistics;
  readonly steps: number;
  readonly batchSize: number;
  /** As `batchSampler` takes it; default 0. */
  readonly firstPlanShare?: number;
  /** Default 0.995, a memory of 200 steps. */
  readonly averageDecay?: number;
  readonly seed: number;
  /** First weights, for example of an imported policy. */
  readonly initial?: ParameterValues;
  readonly resume?: DiffusionTrainingState;
  /** Called every `checkpointEvery` steps and at the end. */
  readonly checkpointEvery?: number;
  readonly onCheckpoint?: (
    step: number,
    /** With averaged weights. */
    policy: DiffusionCheckpoint,
    state: DiffusionTrainingState,
    validationLoss: number | undefined,
  ) => Promise<void>;
}

/** Batches that the loss on held-out episodes is the mean of. */
const VALIDATION_BATCHES = 4;

/** The gradient is scaled down to this length, as in LeRobot. */
const MAX_GRADIENT_NORM = 10;

/**
 * Behaviour cloning by denoising (Chi et al. 2023, arXiv 2303.04137): AdamW with the configuration's rate and decay, after
 * warm-up along a cosine to zero, on windows drawn by `batchSampler`. Metrics: at every step `train/loss` and
 * `train/learning_rate`, at every checkpoint `validation/loss`, by averaged weights on the same windows, noise and
 * timesteps each time.
 * @returns the policy with averaged weights
 * @throws InputError when a setting cannot be trained
 */
export async function trainDiffusion(options: TrainDiffusionOptions): Promise<DiffusionCheckpoint> {
  const { config, demonstrations, steps, batchSize, firstPlanShare = 0, averageDecay = 0.995, seed } = options;
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
  const learningRate = warmupCosine(config.optimizerLr, Math.min(config.schedulerWarmupSteps, steps >> 1), steps);
  const { trainer, averaged } = await compileDiffusionTrainer(network, {
    batchSize,
    learningRate,
    weightDecay: config.optimizerWeightDecay,
    maxGradientNorm: MAX_GRADIENT_NORM,
    averageDecay,
    statistics,
    stream: root.fork('weights'),
    ...(options.initial && { initial: options.initial }),
  });
  const sampler = batchSampler(network, demonstrations, { statistics, batchSize, firstPlanShare });
  if (options.resume !== undefined) {
    trainer.restore(options.resume.trainer);
    batches.restore(options.resume.batches);
  }
  const policy = (): DiffusionCheckpoint => ({ config, statistics, parameters: averaged() });
  const every = options.checkpointEvery ?? steps;
  const validation = await heldOutLoss(network, options.validation ?? [], {
    statistics,
    batchSize,
    firstPlanShare,
    root,
  });
  try {
    for (let step = trainer.state().step + 1; step <= steps; step++) {
      throwIfAborted(options.signal);
      const { loss } = await trainer.step(sampler.next(batches));
      options.onMetrics?.(step, { 'train/loss': loss, 'train/learning_rate': learningRate(step) });
      options.onProgress?.({ label: 'training the diffusion policy', done: step, total: steps, values: { loss } });
      if (options.onCheckpoint !== undefined && (step % every === 0 || step === steps)) {
        const current = policy();
        const validationLoss = await validation?.measure(current.parameters);
        if (validationLoss !== undefined) options.onMetrics?.(step, { 'validation/loss': validationLoss });
        const state = { trainer: trainer.state(), batches: batches.state() };
        await options.onCheckpoint(step, current, state, validationLoss);
      }
    }
    return policy();
  } finally {
    await trainer.close();
    await validation?.close();
  }
}

/** Measures the loss on episodes that nothing is learned from; undefined when there are none. */
async function heldOutLoss(
  network: DiffusionNetwork,
  demonstrations: readonly Demonstration[],
  options: Required<BatchOptions> & { readonly root: RandomStream },
): Promise<{ measure(parameters: ParameterValues): Promise<number>; close(): Promise<void> } | undefined> {
  if (demonstrations.length === 0) return undefined;
  const { statistics, batchSize, root } = options;
  const sampler = batchSampler(network, demonstrations, options);
  const parameters = Object.fromEntries(
    [...network.trained, ...network.fixed].map(({ attributes: { name }, shape }) => [
      name,
      { shape, data: new Float32Array(shape.reduce((product, size) => product * size, 1)) },
    ]),
  );
  const loss = trainingLoss(network, batchSize, statistics);
  const compiled = await compileFunction({ outputs: { loss }, parameters });
  return {
    async measure(values) {
      compiled.setParameters(values);
      const windows = root.fork('validation');
      let sum = 0;
      for (let batch = 0; batch < VALIDATION_BATCHES; batch++)
        sum += (await compiled.run(sampler.next(windows))).loss[0]!;
      return sum / VALIDATION_BATCHES;
    },
    close: () => compiled.close(),
  };
}

/** The rate at a step counted from 1: up along a line, then down along half a cosine. */
function warmupCosine(rate: number, warmup: number, steps: number): (step: number) => number {
  return (step) => {
    if (step <= warmup) return (rate * step) / warmup;
    return rate * 0.5 * (1 + Math.cos((Math.PI * (step - warmup)) / Math.max(1, steps - warmup + 1)));
  };
}
