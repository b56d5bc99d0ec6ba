import { InputError } from '@rapport/core';
import { z } from 'zod';

const count = z.int().min(1);

export const featureTypes = ['STATE', 'ENV', 'VISUAL', 'ACTION'] as const;
export type FeatureType = (typeof featureTypes)[number];

export const normalizationModes = ['IDENTITY', 'MIN_MAX', 'MEAN_STD', 'QUANTILES', 'QUANTILE10'] as const;
export type NormalizationMode = (typeof normalizationModes)[number];

const featuresSchema = z.record(
  z.string(),
  z.object({ type: z.enum(featureTypes), shape: z.array(count).min(1).max(3) }),
);

/** Depth of the residual networks that can be the image encoder: blocks per stage, all of two 3x3 convolutions. */
export const resnetStages = { resnet18: [2, 2, 2, 2], resnet34: [3, 4, 6, 3] } as const;

/** Networks that can be the denoiser: LeRobot's U-Net, and a transformer, which LeRobot does not know. */
export const backbones = ['unet', 'transformer'] as const;

/**
 * A diffusion policy's settings: the fields of LeRobot's `DiffusionConfig` (version 0.6.1) that change what it computes,
 * in camel case, and what Rapport adds, `backbone` and the sizes of the transformer. Fields that came late have the default
 * that means "as before"; the others must be given, because LeRobot's own defaults differ between versions.
 */
export const diffusionConfigSchema = z.object({
  nObsSteps: count.max(32),
  /** In the order of the file: cameras are encoded in this order. */
  inputFeatures: featuresSchema,
  outputFeatures: featuresSchema,
  normalizationMapping: z.partialRecord(z.enum(featureTypes), z.enum(normalizationModes)),
  horizon: count.max(1024),
  nActionSteps: count.max(1024),
  dropNLastFrames: z.int().min(0),
  visionBackbone: z.enum(['resnet18', 'resnet34']),
  resizeShape: z.tuple([count, count]).nullable().default(null),
  cropRatio: z.number().positive().max(1).default(1),
  cropShape: z.tuple([count, count]).nullable(),
  cropIsRandom: z.boolean(),
  useGroupNorm: z.boolean(),
  spatialSoftmaxNumKeypoints: count.max(4096),
  useSeparateRgbEncoderPerCamera: z.boolean(),
  downDims: z.array(count.max(8192)).min(1).max(8),
  kernelSize: count.max(31).refine((size) => size % 2 === 1, 'expected an odd number'),
  nGroups: count,
  diffusionStepEmbedDim: count
    .min(4)
    .max(8192)
    .refine((size) => size % 2 === 0, 'expected an even number'),
  useFilmScaleModulation: z.boolean(),
  /** With `transformer`, the fields of the U-Net from `downDims` on are not used. */
  backbone: z.enum(backbones).default('unet'),
  /** Size of a token. */
  transformerWidth: count
    .max(8192)
    .refine((size) => size % 2 === 0, 'expected an even number')
    .default(128),
  transformerLayers: count.max(64).default(4),
  transformerHeads: count.max(64).default(4),
  noiseSchedulerType: z.enum(['DDPM', 'DDIM']),
  numTrainTimesteps: count.max(10_000),
  betaSchedule: z.enum(['squaredcos_cap_v2', 'linear', 'scaled_linear', 'sigmoid']),
  betaStart: z.number().positive().max(1),
  betaEnd: z.number().positive().max(1),
  predictionType: z.enum(['epsilon', 'sample']),
  clipSample: z.boolean(),
  clipSampleRange: z.number().positive(),
  numInferenceSteps: count.nullable(),
  doMaskLossForPadding: z.boolean(),
  optimizerLr: z.number().positive(),
  optimizerBetas: z.tuple([z.number().min(0).max(1), z.number().min(0).max(1)]),
  optimizerEps: z.number().positive(),
  optimizerWeightDecay: z.number().min(0),
  schedulerName: z.string(),
  schedulerWarmupSteps: z.int().min(0),
});

export type DiffusionConfig = z.infer<typeof diffusionConfigSchema>;

/** What policies usually have where nothing else is asked for, LeRobot's among them. */
export const usualDiffusionSettings = {
  visionBackbone: 'resnet18',
  cropShape: null,
  cropIsRandom: true,
  useGroupNorm: true,
  spatialSoftmaxNumKeypoints: 32,
  useSeparateRgbEncoderPerCamera: false,
  kernelSize: 5,
  nGroups: 8,
  useFilmScaleModulation: true,
  betaSchedule: 'squaredcos_cap_v2',
  betaStart: 1e-4,
  betaEnd: 0.02,
  predictionType: 'epsilon',
  clipSample: true,
  clipSampleRange: 1,
  doMaskLossForPadding: false,
  optimizerBetas: [0.95, 0.999],
  optimizerEps: 1e-8,
  optimizerWeightDecay: 1e-6,
  schedulerName: 'cosine',
} satisfies Partial<DiffusionConfig>;

/** The parts of a configuration that the networks are built from. */
export interface DiffusionShapes {
  /** Length of one action. */
  readonly actionSize: number;
  /** Length of `observation.state`. */
  readonly stateSize: number;
  /** Length of `observation.environment_state`; 0 without one. */
  readonly environmentSize: number;
  /** Cameras in the order in which they are encoded, and the size of their pictures. */
  readonly cameras: readonly { readonly feature: string; readonly height: number; readonly width: number }[];
  /** Features of one camera. */
  readonly cameraSize: number;
  /** Length of the condition: all observation steps, oldest first. */
  readonly conditionSize: number;
}

export const STATE_FEATURE = 'observation.state';
export const ENVIRONMENT_FEATURE = 'observation.environment_state';
export const ACTION_FEATURE = 'action';

/** Channels per group of the final convolution's normalisation are set by 8 groups, whatever `nGroups` says. */
export const FINAL_GROUPS = 8;

/**
 * Sizes that follow from a configuration.
 * @throws InputError naming the field that contradicts another
 */
export function diffusionShapes(config: DiffusionConfig): DiffusionShapes {
  const { inputFeatures, outputFeatures, downDims, nObsSteps, horizon, nActionSteps } = config;
  const vector = (features: DiffusionConfig['inputFeatures'], name: string, type: FeatureType): number => {
    const feature = features[name];
    if (feature === undefined || feature.type !== type || feature.shape.length !== 1) {
      const found = feature === undefined ? 'nothing' : `${feature.type} [${feature.shape}]`;
      throw new InputError(`feature "${name}" is ${found}; expected ${type} with one axis`);
    }
    return feature.shape[0]!;
  };
  const types = Object.entries(inputFeatures);
  const environment = types.find(([, { type }]) => type === 'ENV');
  if (environment !== undefined && environment[0] !== ENVIRONMENT_FEATURE) {
    throw new InputError(`feature "${environment[0]}" of type ENV: the policy reads "${ENVIRONMENT_FEATURE}" only`);
  }
  const cameras = types
    .filter(([, { type }]) => type === 'VISUAL')
    .map(([feature, { shape }]) => {
      if (shape.length !== 3 || shape[0] !== 3) {
        throw new InputError(`camera "${feature}" has shape [${shape}]; expected [3, height, width]`);
      }
      return { feature, height: shape[1]!, width: shape[2]! };
    });
  const [first] = cameras;
  const odd = cameras.find(({ height, width }) => height !== first!.height || width !== first!.width);
  if (odd !== undefined) {
    throw new InputError(
      `cameras "${first!.feature}" and "${odd.feature}" have pictures of different size; expected one`,
    );
  }
  if (cameras.length === 0 && environment === undefined) {
    throw new InputError('input_features has neither a camera nor an environment state; expected at least one');
  }
  if (config.backbone === 'transformer') {
    requireMultiple('transformer_width', config.transformerWidth, config.transformerHeads);
  } else {
    requireMultiple('horizon', horizon, 2 ** downDims.length);
    for (const [index, channels] of downDims.entries()) {
      requireMultiple(`down_dims[${index}]`, channels, config.nGroups);
    }
    requireMultiple('down_dims[0]', downDims[0]!, FINAL_GROUPS);
  }
  const room = horizon - nObsSteps + 1;
  if (nActionSteps > room) {
    throw new InputError(`n_action_steps is ${nActionSteps}; expected at most ${room} (horizon - n_obs_steps + 1)`);
  }
  if ((config.numInferenceSteps ?? 1) > config.numTrainTimesteps) {
    throw new InputError(
      `num_inference_steps is ${config.numInferenceSteps}; expected at most num_train_timesteps, ${config.numTrainTimesteps}`,
    );
  }
  const stateSize = vector(inputFeatures, STATE_FEATURE, 'STATE');
  const environmentSize = environment === undefined ? 0 : vector(inputFeatures, ENVIRONMENT_FEATURE, 'ENV');
  const cameraSize = 2 * config.spatialSoftmaxNumKeypoints;
  return {
    actionSize: vector(outputFeatures, ACTION_FEATURE, 'ACTION'),
    stateSize,
    environmentSize,
    cameras,
    cameraSize,
    conditionSize: nObsSteps * (stateSize + cameras.length * cameraSize + environmentSize),
  };
}

function requireMultiple(name: string, value: number, of: number): void {
  if (value % of !== 0) throw new InputError(`${name} is ${value}; expected a multiple of ${of}`);
}
