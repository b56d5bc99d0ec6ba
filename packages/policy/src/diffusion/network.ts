import {
  add,
  concat,
  constant,
  div,
  mean,
  mul,
  type Parameter,
  reshape,
  square,
  sub,
  sum,
  type Tensor,
} from '@rapport/nn';
import { type DiffusionConfig, type DiffusionShapes, diffusionShapes } from './config.js';
import type { Denoiser } from './layers.js';
import { noiseSchedule } from './schedule.js';
import { conditionalTransformer } from './transformer.js';
import { conditionalUNet } from './unet.js';
import { type ImageEncoder, imageEncoder } from './vision.js';

/** A diffusion policy's networks as graphs. */
export interface DiffusionNetwork {
  readonly config: DiffusionConfig;
  readonly shapes: DiffusionShapes;
  readonly denoiser: Denoiser;
  /** One per camera, in the order of `shapes.cameras`; all the same one when the cameras share it. */
  readonly encoders: readonly ImageEncoder[];
  /** Parameters that are trained: of the denoiser and of the encoders. */
  readonly trained: readonly Parameter[];
  /** Parameters that are stored but not trained. */
  readonly fixed: readonly Parameter[];
}

/** Builds the networks of a configuration. @throws InputError when its fields contradict each other */
export function diffusionNetwork(config: DiffusionConfig): DiffusionNetwork {
  const shapes = diffusionShapes(config);
  const denoiser =
    config.backbone === 'transformer'
      ? conditionalTransformer('diffusion.transformer', config, shapes.actionSize, shapes.conditionSize)
      : conditionalUNet('diffusion.unet', config, shapes.actionSize, shapes.conditionSize);
  const made = (name: string, { height, width }: DiffusionShapes['cameras'][number]) =>
    imageEncoder(name, config, [height, width]);
  const { cameras } = shapes;
  const distinct = config.useSeparateRgbEncoderPerCamera
    ? cameras.map((camera, index) => made(`diffusion.rgb_encoder.${index}`, camera))
    : cameras.slice(0, 1).map((camera) => made('diffusion.rgb_encoder', camera));
  const fixed = distinct.flatMap(({ statistics }) => statistics);
  const all = [...denoiser.parameters, ...distinct.flatMap(({ parameters }) => parameters)];
  return {
    config,
    shapes,
    denoiser,
    encoders: cameras.map((_, index) => distinct[config.useSeparateRgbEncoderPerCamera ? index : 0]!),
    trained: all.filter((one) => !fixed.includes(one)),
    fixed,
  };
}

/**
 * The condition out of normalised observations: per step the state, the cameras' features in order and the environment
 * state; steps side by side, oldest first.
 * @param observations state [N, steps, s], features [N, steps, c] per camera, environment [N, steps, e] or undefined
 * @returns [N, condition]
 */
export function joinCondition(observations: {
  readonly state: Tensor;
  readonly features: readonly Tensor[];
  readonly environment: Tensor | undefined;
}): Tensor {
  const { state, features, environment } = observations;
  const parts = [state, ...features, ...(environment === undefined ? [] : [environment])];
  return reshape(concat(parts, 2), [state.shape[0]!, -1]);
}

/** What the denoising loss of a batch depends on. */
export interface DenoisingBatch {
  /** Normalised actions [N, horizon, action]. */
  readonly actions: Tensor;
  /** Standard normal numbers of the actions' shape. */
  readonly noise: Tensor;
  /** Timestep of each sample, float32 [N], whole numbers in [0, T). */
  readonly timesteps: Tensor;
  /** sqrt(abar_t) and sqrt(1 - abar_t) of each sample, float32 [N]; `noiseScales` gives them. */
  readonly signalScale: Tensor;
  readonly noiseScale: Tensor;
  /** [N, condition] */
  readonly condition: Tensor;
}

/**
 * Prediction minus target, [N, horizon, action]. The target is the noise, or the clean actions with `predictionType` sample.
 */
export function denoisingResiduals({ config, denoiser }: DiffusionNetwork, batch: DenoisingBatch): Tensor {
  const { actions, noise, timesteps, signalScale, noiseScale, condition } = batch;
  const perSample = (scale: Tensor) => reshape(scale, [-1, 1, 1]);
  const noisy = add(mul(actions, perSample(signalScale)), mul(noise, perSample(noiseScale)));
  const predicted = denoiser.apply(noisy, timesteps, condition);
  return sub(predicted, config.predictionType === 'epsilon' ? noise : actions);
}

/** Squared denoising errors (Ho et al. 2020, arXiv 2006.11239, eq. 14), element by element: [N, horizon, action]. */
export function denoisingErrors(network: DiffusionNetwork, batch: DenoisingBatch): Tensor {
  return square(denoisingResiduals(network, batch));
}

/** The mean denoising error per sample, [N]: what preference losses compare. */
export function samplewiseErrors(errors: Tensor): Tensor {
  return mean(errors, { axes: [1, 2] });
}

/**
 * The training loss: the mean error, over the steps that are no padding when a mask is given.
 * @param valid float32 [N, horizon], 1 where the action is of the episode, 0 where it is padding
 */
export function denoisingLoss(errors: Tensor, valid?: Tensor): Tensor {
  if (valid === undefined) return mean(errors);
  const [batch, horizon, actionSize] = errors.shape;
  const masked = sum(mul(errors, reshape(valid, [batch!, horizon!, 1])));
  return div(masked, mul(sum(valid), actionSize!));
}

/** sqrt(abar_t) and sqrt(1 - abar_t) for the timesteps of a batch. */
export function noiseScales(
  config: DiffusionConfig,
  timesteps: ArrayLike<number>,
): { readonly signalScale: Float32Array; readonly noiseScale: Float32Array } {
  const { alphasCumprod } = noiseSchedule(config);
  const signalScale = Float32Array.from(timesteps, (timestep) => Math.sqrt(alphasCumprod[timestep]!));
  const noiseScale = Float32Array.from(timesteps, (timestep) => Math.sqrt(1 - alphasCumprod[timestep]!));
  return { signalScale, noiseScale };
}

/** Normalises pictures [N, 3, H, W] with values in [0, 1] by (x - shift) * scale + bias per channel. */
export function normalizedPictures(
  pictures: Tensor,
  affine: { readonly shift: Float64Array; readonly scale: Float64Array; readonly bias: number } | undefined,
): Tensor {
  if (affine === undefined) return pictures;
  const perChannel = (values: Float64Array) => constant(Float32Array.from(values), [values.length, 1, 1]);
  return add(mul(sub(pictures, perChannel(affine.shift)), perChannel(affine.scale)), affine.bias);
}
