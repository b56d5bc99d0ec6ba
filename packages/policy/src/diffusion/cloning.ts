import { InputError } from '@rapport/core';
import { z } from 'zod';
import {
  backbones,
  type DiffusionConfig,
  diffusionConfigSchema,
  diffusionShapes,
  usualDiffusionSettings,
} from './config.js';

const count = (largest: number) => z.int().min(1).max(largest);

/**
 * Settings of behaviour cloning with a diffusion policy. Sources: DP = Chi et al., "Diffusion Policy", arXiv 2303.04137,
 * tables 7 and 8 and the published configurations; LeRobot = defaults of `DiffusionConfig` (version 0.6.1); "ours" = chosen
 * here, for two cores.
 */
export const cloningConfigSchema = z.object({
  steps: count(10_000_000).default(10_000).describe('Gradient steps (ours; LeRobot: 100,000).'),
  batchSize: count(4096).default(64).describe('Windows in one step (LeRobot: 64 or 8; DP: 256 or 64).'),
  learningRate: z
    .number()
    .positive()
    .max(1)
    .default(5e-4)
    .describe('Highest rate of AdamW; it falls along a cosine to zero (ours, for few steps; LeRobot, DP: 1e-4).'),
  weightDecay: z.number().min(0).max(1).default(1e-6).describe('Weight decay of AdamW (LeRobot, DP: 1e-6).'),
  warmupSteps: z.int().min(0).default(500).describe('Steps in which the rate rises from zero (LeRobot, DP: 500).'),
  averageDecay: z
    .number()
    .min(0)
    .max(0.99999)
    .default(0.995)
    .describe('Share of the averaged weights that stays in one step; the averaged ones are saved (DP: up to 0.9999).'),
  backbone: z.enum(backbones).default('unet').describe('The denoiser: a U-Net, or a small transformer.'),
  downDims: z
    .array(count(8192))
    .min(1)
    .max(8)
    .default([32, 64, 128])
    .describe('Channels of the U-Net by level (ours; DP: 256,512,1024; LeRobot: 512,1024,2048).'),
  stepEmbedding: count(8192)
    .min(4)
    .default(64)
    .describe('Numbers that tell the U-Net the noise level (ours; LeRobot: 128; DP: 256).'),
  transformerWidth: count(8192).default(128).describe('Size of a token of the transformer (ours; DP: 256).'),
  transformerLayers: count(64).default(4).describe('Layers of the transformer (ours; DP: 8).'),
  transformerHeads: count(64).default(4).describe('Attention heads of the transformer (DP: 4).'),
  horizon: count(1024).default(16).describe('Actions in one chunk (LeRobot, DP: 16).'),
  actionSteps: count(1024).default(8).describe('Actions that are executed before the next chunk (LeRobot, DP: 8).'),
  observationSteps: count(32).default(2).describe('Observations that a chunk depends on (LeRobot, DP: 2).'),
  actionNormalization: z
    .enum(['MIN_MAX', 'MEAN_STD'])
    .default('MIN_MAX')
    .describe(
      'How actions are scaled: their range to [-1, 1] (LeRobot, DP), or each to deviation 1, so that noise does not hide ways that differ by small actions (ours).',
    ),
  firstPlanShare: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe(
      'Share of the windows that begin an episode, where the way is decided; the others begin anywhere (LeRobot, DP: 0).',
    ),
  noiseLevels: count(10_000).default(100).describe('Noise levels of training (LeRobot, DP: 100).'),
  sampler: z
    .enum(['DDIM', 'DDPM'])
    .default('DDIM')
    .describe('How the policy removes noise when it acts (DP on the robot: DDIM; LeRobot: DDPM).'),
  samplingSteps: count(10_000)
    .default(10)
    .describe('Denoising steps when it acts (DP on the robot: 16; LeRobot: 100).'),
  prediction: z
    .enum(['epsilon', 'sample'])
    .default('epsilon')
    .describe('What the denoiser predicts: the noise or the clean actions (LeRobot, DP: epsilon).'),
  state: z
    .int()
    .min(1)
    .optional()
    .describe(
      "How many of the observed numbers are the robot's own, the rest being its environment's, which matters to LeRobot alone; by default all of them with cameras, and all but the last without.",
    ),
  cameras: z
    .array(z.string().min(1))
    .default([])
    .describe('Cameras of the dataset that the policy looks at; none by default.'),
  crop: z
    .number()
    .min(0.2)
    .max(1)
    .default(0.875)
    .describe('Sides of the random crop as a share of the picture; the middle when acting (LeRobot, DP: 84 of 96).'),
  keypoints: count(512).default(32).describe('Keypoints per camera (LeRobot, DP: 32).'),
  encoder: z
    .enum(['resnet18', 'resnet34'])
    .default('resnet18')
    .describe('Encoder of pictures (LeRobot, DP: resnet18).'),
  ownEncoders: z
    .boolean()
    .default(false)
    .describe('Each camera has an encoder of its own; else they share one (LeRobot: shared; DP: own).'),
  evaluateEvery: count(10_000_000)
    .default(2_000)
    .describe('Gradient steps between checkpoints, each with the loss on held-out episodes and rollouts.'),
  evaluationEpisodes: z
    .int()
    .min(0)
    .max(100_000)
    .default(20)
    .describe('Rollouts at each checkpoint, from held-out starts; 0 for none.'),
});

export type CloningConfig = z.infer<typeof cloningConfigSchema>;

/** Levels of the U-Net's normalisation are groups of this many channels or more. */
const GROUPS = 8;

/**
 * The policy's settings, from those of training and the features of the demonstrations. States are brought to [-1, 1]
 * by their smallest and largest value, actions too unless `actionNormalization` says otherwise, pictures are normalised as
 * ImageNet's.
 * @throws InputError when settings contradict each other or the features
 */
export function cloningDiffusionConfig(
  config: CloningConfig,
  features: Pick<DiffusionConfig, 'inputFeatures' | 'outputFeatures'>,
): DiffusionConfig {
  const picture = Object.values(features.inputFeatures).find(({ type }) => type === 'VISUAL')?.shape;
  const diffusion = diffusionConfigSchema.parse({
    ...usualDiffusionSettings,
    ...features,
    nObsSteps: config.observationSteps,
    normalizationMapping: {
      STATE: 'MIN_MAX',
      ENV: 'MIN_MAX',
      ACTION: config.actionNormalization,
      VISUAL: 'MEAN_STD',
    },
    // Without a range there is nothing that samples could be limited to.
    clipSample: config.actionNormalization === 'MIN_MAX',
    horizon: config.horizon,
    nActionSteps: config.actionSteps,
    dropNLastFrames: Math.max(0, config.horizon - config.actionSteps - config.observationSteps + 1),
    visionBackbone: config.encoder,
    cropShape: picture === undefined ? null : picture.slice(1).map((side) => Math.round(config.crop * side)),
    spatialSoftmaxNumKeypoints: config.keypoints,
    useSeparateRgbEncoderPerCamera: config.ownEncoders,
    backbone: config.backbone,
    downDims: config.downDims,
    nGroups: GROUPS,
    diffusionStepEmbedDim: config.stepEmbedding,
    transformerWidth: config.transformerWidth,
    transformerLayers: config.transformerLayers,
    transformerHeads: config.transformerHeads,
    noiseSchedulerType: config.sampler,
    numTrainTimesteps: config.noiseLevels,
    predictionType: config.prediction,
    numInferenceSteps: config.samplingSteps,
    optimizerLr: config.learningRate,
    optimizerWeightDecay: config.weightDecay,
    schedulerWarmupSteps: config.warmupSteps,
  });
  try {
    diffusionShapes(diffusion);
  } catch (error) {
    throw error instanceof InputError ? new InputError(withOptionNames(error.message), { cause: error }) : error;
  }
  return diffusion;
}

/** Messages about settings speak of the fields of LeRobot's file; here they are options. */
function withOptionNames(message: string): string {
  const options = {
    n_action_steps: 'actionSteps',
    n_obs_steps: 'observationSteps',
    down_dims: 'downDims',
    num_inference_steps: 'samplingSteps',
    num_train_timesteps: 'noiseLevels',
    transformer_width: 'transformerWidth',
  };
  return Object.entries(options).reduce((text, [field, option]) => text.replaceAll(field, option), message);
}
