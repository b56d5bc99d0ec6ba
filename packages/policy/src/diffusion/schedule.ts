import type { DiffusionConfig } from './config.js';

/** How much of a clean sample is left at each training timestep. */
export interface NoiseSchedule {
  /** Variance added at a timestep, rounded to float32; shape [T]. */
  readonly betas: Float32Array;
  /** Product of (1 - beta) up to a timestep, shape [T]; each entry rounded to float32. */
  readonly alphasCumprod: Float32Array;
}

/** The part of a configuration that a schedule follows from. */
export type ScheduleConfig = Pick<DiffusionConfig, 'numTrainTimesteps' | 'betaSchedule' | 'betaStart' | 'betaEnd'>;

/** Sampling: which scheduler in how many steps, what the network predicts, and how clean samples are limited. */
export type SamplingConfig = ScheduleConfig &
  Pick<DiffusionConfig, 'predictionType' | 'clipSample' | 'clipSampleRange'> & {
    readonly noiseSchedulerType: 'DDPM' | 'DDIM';
    readonly steps: number;
  };

/**
 * Betas as in the `diffusers` schedulers: `squaredcos_cap_v2` is the cosine schedule of Nichol and Dhariwal 2021
 * (arXiv 2102.09672, eq. 17) with betas limited to 0.999, `scaled_linear` is linear in the square root.
 */
export function noiseSchedule({
  numTrainTimesteps: count,
  betaSchedule,
  betaStart,
  betaEnd,
}: ScheduleConfig): NoiseSchedule {
  const between = (low: number, high: number, index: number) => low + ((high - low) * index) / Math.max(1, count - 1);
  const cosine = (time: number) => Math.cos(((time + 0.008) / 1.008) * (Math.PI / 2)) ** 2;
  const beta: Record<DiffusionConfig['betaSchedule'], (index: number) => number> = {
    linear: (index) => between(betaStart, betaEnd, index),
    scaled_linear: (index) => between(Math.sqrt(betaStart), Math.sqrt(betaEnd), index) ** 2,
    squaredcos_cap_v2: (index) => Math.min(1 - cosine((index + 1) / count) / cosine(index / count), 0.999),
    sigmoid: (index) => (betaEnd - betaStart) / (1 + Math.exp(-between(-6, 6, index))) + betaStart,
  };
  const betas = Float32Array.from({ length: count }, (_, index) => beta[betaSchedule](index));
  let product = 1;
  const alphasCumprod = betas.map((value) => {
    product *= Math.fround(1 - value);
    return product;
  });
  return { betas, alphasCumprod };
}

/** Timesteps of a sampling run, largest first: multiples of floor(T / steps) (`diffusers`' spacing "leading"). */
export function samplingTimesteps(numTrainTimesteps: number, steps: number): number[] {
  const stride = Math.floor(numTrainTimesteps / steps);
  return Array.from({ length: steps }, (_, index) => (steps - 1 - index) * stride);
}

/**
 * One denoising step as numbers. With x the noisy sample, m the network's output and z standard normal noise:
 * clean = clip(cleanFromNoisy x + cleanFromModel m), next = fromClean clean + fromNoisy x + fromModel m + fromNoise z.
 */
export interface DenoisingStep {
  readonly timestep: number;
  readonly cleanFromNoisy: number;
  readonly cleanFromModel: number;
  readonly fromClean: number;
  readonly fromNoisy: number;
  readonly fromModel: number;
  readonly fromNoise: number;
}

/**
 * The steps of a sampling run.
 *
 * DDPM: the posterior of Ho et al. 2020 (arXiv 2006.11239, eqs. 6 and 7) between the timesteps visited, with the smaller
 * of its two variances; no noise in the last step. DDIM: Song et al. 2021 (arXiv 2010.02502, eq. 12) with eta 0; the
 * direction is not recomputed after the clean sample was limited.
 */
export function denoisingSteps(config: SamplingConfig): DenoisingStep[] {
  const { noiseSchedulerType, predictionType, numTrainTimesteps, steps } = config;
  const { alphasCumprod } = noiseSchedule(config);
  const timesteps = samplingTimesteps(numTrainTimesteps, steps);
  return timesteps.map((timestep, index) => {
    const left = alphasCumprod[timestep]!;
    const leftNext = index + 1 < timesteps.length ? alphasCumprod[timesteps[index + 1]!]! : 1;
    const clean =
      predictionType === 'epsilon'
        ? { cleanFromNoisy: 1 / Math.sqrt(left), cleanFromModel: -Math.sqrt(1 - left) / Math.sqrt(left) }
        : { cleanFromNoisy: 0, cleanFromModel: 1 };
    if (noiseSchedulerType === 'DDPM') {
      const alpha = left / leftNext;
      const variance = Math.max(((1 - leftNext) / (1 - left)) * (1 - alpha), 1e-20);
      return {
        timestep,
        ...clean,
        fromClean: (Math.sqrt(leftNext) * (1 - alpha)) / (1 - left),
        fromNoisy: (Math.sqrt(alpha) * (1 - leftNext)) / (1 - left),
        fromModel: 0,
        fromNoise: timestep > 0 ? Math.sqrt(variance) : 0,
      };
    }
    const direction = Math.sqrt(1 - leftNext);
    const scale = direction / Math.sqrt(1 - left);
    return {
      timestep,
      ...clean,
      fromClean: Math.sqrt(leftNext),
      fromNoisy: predictionType === 'epsilon' ? 0 : scale,
      fromModel: predictionType === 'epsilon' ? direction : -scale * Math.sqrt(left),
      fromNoise: 0,
    };
  });
}
