import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RandomStream } from '@rapport/core';
import type { ParameterValues } from '@rapport/nn';
import {
  batchSampler,
  compileDiffusionTrainer,
  compileSampler,
  type Demonstration,
  type DiffusionConfig,
  diffusionConfigSchema,
  diffusionNetwork,
  noiseScales,
  openPictureCache,
  usualDiffusionSettings,
} from '@rapport/policy';

export const workloadNames = [
  'train',
  'sample1',
  'sample16',
  'transformer-train',
  'transformer-sample1',
  'transformer-sample16',
  'camera-train',
  'loader',
  'loader-file',
] as const;
export type WorkloadName = (typeof workloadNames)[number];

export const workloadTitles: Readonly<Record<WorkloadName, string>> = {
  train: 'U-Net training step, batch 64',
  sample1: 'U-Net, 10 steps of DDIM, 1 chunk',
  sample16: 'U-Net, 10 steps of DDIM, 16 chunks',
  'transformer-train': 'transformer training step, batch 64',
  'transformer-sample1': 'transformer, 10 steps of DDIM, 1 chunk',
  'transformer-sample16': 'transformer, 10 steps of DDIM, 16 chunks',
  'camera-train': 'U-Net and camera, training step, batch 64',
  loader: 'batch of 64 with camera, out of memory',
  'loader-file': 'batch of 64 with camera, out of a file',
};

const CAMERA = 'observation.images.front';

/**
 * The small networks of the comparison: a U-Net of 64, 128 and 256 channels, a transformer of 4 layers and 128 channels; 16
 * actions of 7 numbers, 2 steps of 20 observed ones.
 */
const unet = diffusionConfigSchema.parse({
  ...usualDiffusionSettings,
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
  downDims: [64, 128, 256],
  diffusionStepEmbedDim: 128,
  noiseSchedulerType: 'DDIM',
  numTrainTimesteps: 100,
  numInferenceSteps: 10,
  optimizerLr: 1e-4,
  schedulerWarmupSteps: 500,
});

/** The U-Net with one camera of 96x96, of which a crop of 84x84 is seen, in place of what is observed of the environment. */
const withCamera: DiffusionConfig = {
  ...unet,
  inputFeatures: {
    'observation.state': { type: 'STATE', shape: [20] },
    [CAMERA]: { type: 'VISUAL', shape: [3, 96, 96] },
  },
  cropShape: [84, 84],
};

const BATCH = 64;

/** Something that is done again and again, and timed. */
export interface Workload {
  run(): Promise<void>;
  close(): Promise<void>;
}

/** Prepares a workload; compiling is not measured. */
export async function makeWorkload(name: WorkloadName): Promise<Workload> {
  if (name === 'loader' || name === 'loader-file') return loading(name === 'loader-file');
  if (name === 'camera-train') return training(withCamera);
  const isTransformer = name.startsWith('transformer-');
  const config: DiffusionConfig = isTransformer ? { ...unet, backbone: 'transformer' } : unet;
  if (name.endsWith('train')) return training(config);
  return sampling(config, name.endsWith('sample1') ? 1 : 16);
}

async function training(config: DiffusionConfig): Promise<Workload> {
  const stream = new RandomStream(0, 'bench/policy');
  const network = diffusionNetwork(config);
  const { trainer } = await compileDiffusionTrainer(network, {
    batchSize: BATCH,
    learningRate: config.optimizerLr,
    weightDecay: config.optimizerWeightDecay,
    maxGradientNorm: 10,
    averageDecay: 0.995,
    statistics: {},
    stream,
  });
  const timesteps = Float32Array.from({ length: BATCH }, () => stream.integer(config.numTrainTimesteps));
  const batch: Record<string, Float32Array> = { timesteps, ...noiseScales(config, timesteps) };
  const { shapes, encoders } = network;
  const sizes: [string, number][] = [
    ['actions', config.horizon * shapes.actionSize],
    ['noise', config.horizon * shapes.actionSize],
    ['observation.state', config.nObsSteps * shapes.stateSize],
    ['observation.environment_state', config.nObsSteps * shapes.environmentSize],
    ...shapes.cameras.map(({ feature }, index): [string, number] => {
      const [height, width] = encoders[index]!.cropSize;
      return [feature, config.nObsSteps * 3 * height * width];
    }),
  ];
  for (const [name, size] of sizes) {
    if (size > 0) batch[name] = stream.fillNormal(new Float32Array(BATCH * size));
  }
  return {
    run: async () => {
      await trainer.step(batch);
    },
    close: () => trainer.close(),
  };
}

/** Draws batches for `camera-train` from 20 episodes of 50 steps, whose pictures lie in memory or in a file. */
async function loading(fromFile: boolean): Promise<Workload> {
  const stream = new RandomStream(0, 'bench/policy');
  const folder = mkdtempSync(join(tmpdir(), 'rapport-bench-'));
  const length = 50;
  const size = 3 * 96 * 96;
  const file = { memoryBytes: 0, file: join(folder, 'pictures.bin'), fileBytes: 2 ** 30 };
  const cache = await openPictureCache(20 * length * size, fromFile ? file : undefined);
  const demonstrations: Demonstration[] = [];
  for (let episode = 0; episode < 20; episode++) {
    const bytes = Uint8Array.from({ length: length * size }, (_, index) => (index * 31 + episode) & 255);
    demonstrations.push({
      length,
      vectors: {
        'observation.state': stream.fillNormal(new Float32Array(length * 20)),
        action: stream.fillNormal(new Float32Array(length * 7)),
      },
      pictures: { [CAMERA]: await cache.next(bytes.length, async () => bytes) },
    });
  }
  cache.finish();
  const sampler = batchSampler(diffusionNetwork(withCamera), demonstrations, { statistics: {}, batchSize: BATCH });
  return {
    run: async () => {
      sampler.next(stream);
    },
    close: async () => {
      cache.close();
      rmSync(folder, { recursive: true });
    },
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
