import { RandomStream } from '@rapport/core';
import type { ParameterValues } from '@rapport/nn';
import {
  compileDiffusionTrainer,
  compileSampler,
  type DiffusionConfig,
  diffusionConfigSchema,
  diffusionNetwork,
  noiseScales,
} from '@rapport/policy';

export const workloadNames = [
  'train',
  'sample1',
  'sample16',
  'transformer-train',
  'transformer-sample1',
  'transformer-sample16',
] as const;
export type WorkloadName = (typeof workloadNames)[number];

export const workloadTitles: Readonly<Record<WorkloadName, string>> = {
  train: 'U-Net training step, batch 64',
  sample1: 'U-Net, 10 steps of DDIM, 1 chunk',
  sample16: 'U-Net, 10 steps of DDIM, 16 chunks',
  'transformer-train': 'transformer training step, batch 64',
  'transformer-sample1': 'transformer, 10 steps of DDIM, 1 chunk',
  'transformer-sample16': 'transformer, 10 steps of DDIM, 16 chunks',
};

/**
 * The small networks of the comparison: a U-Net of 64, 128 and 256 channels, a transformer of 4 layers and 128 channels; 16
 * actions of 7 numbers, 2 steps of 20 observed ones.
 */
const unet = diffusionConfigSchema.parse({
  nObsSteps: 2,
  inputFeatures: {
    'observation.state': { type: 'STATE', shape: [14] },
    'observation.environment_state': { type: 'ENV', shape: [6] },
  },
  outputFeatures: { action: { type: 'ACTION', shape: [7] } },
  normalizationMapping: {},
  horizon: 16,
  nActionSteps: 8,
  dropNLastFrames: 7,
  visionBackbone: 'resnet18',
  cropShape: null,
  cropIsRandom: true,
  useGroupNorm: true,
  spatialSoftmaxNumKeypoints: 32,
  useSeparateRgbEncoderPerCamera: false,
  downDims: [64, 128, 256],
  kernelSize: 5,
  nGroups: 8,
  diffusionStepEmbedDim: 128,
  useFilmScaleModulation: true,
  noiseSchedulerType: 'DDIM',
  numTrainTimesteps: 100,
  betaSchedule: 'squaredcos_cap_v2',
  betaStart: 1e-4,
  betaEnd: 0.02,
  predictionType: 'epsilon',
  clipSample: true,
  clipSampleRange: 1,
  numInferenceSteps: 10,
  doMaskLossForPadding: false,
  optimizerLr: 1e-4,
  optimizerBetas: [0.95, 0.999],
  optimizerEps: 1e-8,
  optimizerWeightDecay: 1e-6,
  schedulerName: 'cosine',
  schedulerWarmupSteps: 500,
});

/** Something that is done again and again, and timed. */
export interface Workload {
  run(): Promise<void>;
  close(): Promise<void>;
}

/** Prepares a workload; compiling is not measured. */
export async function makeWorkload(name: WorkloadName): Promise<Workload> {
  const isTransformer = name.startsWith('transformer-');
  const config: DiffusionConfig = isTransformer ? { ...unet, backbone: 'transformer' } : unet;
  if (name.endsWith('train')) return training(config);
  return sampling(config, name.endsWith('sample1') ? 1 : 16);
}

async function training(config: DiffusionConfig): Promise<Workload> {
  const stream = new RandomStream(0, 'bench/policy');
  const network = diffusionNetwork(config);
  const batchSize = 64;
  const { trainer } = await compileDiffusionTrainer(network, {
    batchSize,
    learningRate: config.optimizerLr,
    weightDecay: config.optimizerWeightDecay,
    maxGradientNorm: 10,
    averageDecay: 0.995,
    statistics: {},
    stream,
  });
  const normals = (size: number) => stream.fillNormal(new Float32Array(size));
  const timesteps = Float32Array.from({ length: batchSize }, () => stream.integer(config.numTrainTimesteps));
  const batch = {
    'observation.state': normals(batchSize * 2 * 14),
    'observation.environment_state': normals(batchSize * 2 * 6),
    actions: normals(batchSize * 16 * 7),
    noise: normals(batchSize * 16 * 7),
    timesteps,
    ...noiseScales(config, timesteps),
  };
  return {
    run: async () => {
      await trainer.step(batch);
    },
    close: () => trainer.close(),
  };
}

async function sampling(config: DiffusionConfig, batch: number): Promise<Workload> {
  const stream = new RandomStream(0, 'bench/policy');
  const network = diffusionNetwork(config);
  const parameters: ParameterValues = Object.fromEntries(
    network.trained.map(({ attributes: { name, shape, initializer } }) => [
      name,
      { shape, data: initializer(shape, stream.fork(name)) },
    ]),
  );
  const sampler = await compileSampler(network, parameters, { batch, weights: 'baked' });
  const condition = stream.fillNormal(new Float32Array(batch * network.shapes.conditionSize));
  const start = stream.fillNormal(new Float32Array(batch * 16 * 7));
  return {
    run: async () => {
      await sampler.sample(condition, start);
    },
    close: () => sampler.close(),
  };
}
