import { InputError, type PolicySignature, RandomStream } from '@rapport/core';
import { type CompiledFunction, compileFunction, concat, input, reshape } from '@rapport/nn';
import type { ChunkPolicy, ChunkShape, ObservedStep } from '../chunk-policy.js';
import type { DiffusionCheckpoint } from './checkpoint.js';
import { ACTION_FEATURE, type DiffusionConfig, diffusionShapes, ENVIRONMENT_FEATURE, STATE_FEATURE } from './config.js';
import { type DiffusionNetwork, diffusionNetwork, normalizedPictures } from './network.js';
import { type Affine, denormalize, featureAffine, normalize } from './normalization.js';
import { compileSampler, type Sampler } from './sampler.js';

/** What one control step observes, by feature name: vectors, and pictures [3, H, W] with values in [0, 1]. */
export type Observation = Readonly<Record<string, Float32Array>>;

/** Names that cameras have in environments and datasets, by the policy's feature, for example `observation.image`. */
export type CameraNames = Readonly<Record<string, string>>;

/** How a policy samples; by default as its settings say. */
export interface DiffusionPolicyOptions {
  readonly name: string;
  /** Names of cameras by feature, where they are not those that the features say. */
  readonly cameras?: CameraNames;
  readonly scheduler?: 'DDPM' | 'DDIM';
  readonly steps?: number;
}

/** Random numbers of one plan: `start` [horizon, action], `steps` as `Sampler.sample` takes them. */
export interface PlanNoise {
  readonly start: Float32Array;
  readonly steps: Float32Array;
}

/** What an observation becomes: its part of the condition, [state, cameras, environment]. */
type StepFeatures = Float32Array;

/**
 * A diffusion policy that acts by receding horizon (Chi et al. 2023, arXiv 2303.04137, section II.C): from the last
 * `nObsSteps` observations it samples `horizon` actions, executes `nActionSteps` of them from the present on, and samples
 * again. At the start the first observation fills the past.
 */
export class DiffusionPolicy implements ChunkPolicy {
  readonly checkpoint: DiffusionCheckpoint;
  readonly name: string;
  readonly signature: PolicySignature;
  readonly chunk: ChunkShape;
  readonly #network: DiffusionNetwork;
  readonly #sampler: Sampler;
  readonly #encoder: CompiledFunction<'features'> | undefined;
  readonly #affine: (feature: string) => Affine | undefined;
  #stream = new RandomStream(0, 'diffusion');
  #past: StepFeatures[] = [];
  #actions: Float32Array[] = [];

  private constructor(
    checkpoint: DiffusionCheckpoint,
    name: string,
    signature: PolicySignature,
    network: DiffusionNetwork,
    compiled: { sampler: Sampler; encoder: CompiledFunction<'features'> | undefined },
  ) {
    this.checkpoint = checkpoint;
    this.name = name;
    this.#network = network;
    this.signature = signature;
    const { nObsSteps, nActionSteps, horizon } = checkpoint.config;
    this.chunk = { historySteps: nObsSteps, executed: nActionSteps, steps: horizon - nObsSteps + 1 };
    this.#sampler = compiled.sampler;
    this.#encoder = compiled.encoder;
    this.#affine = (feature) => affineOf(checkpoint, feature);
  }

  static async create(checkpoint: DiffusionCheckpoint, options: DiffusionPolicyOptions): Promise<DiffusionPolicy> {
    const { name, cameras, ...sampling } = options;
    const signature = diffusionSignature(checkpoint.config, cameras);
    const network = diffusionNetwork(checkpoint.config);
    const { parameters } = checkpoint;
    const sampler = await compileSampler(network, parameters, { ...sampling, batch: 1, weights: 'baked' });
    const encoder = await compileEncoder(checkpoint, network);
    return new DiffusionPolicy(checkpoint, name, signature, network, { sampler, encoder });
  }

  reset(seed: number): void {
    this.#stream = new RandomStream(seed, 'diffusion');
    this.#past = [];
    this.#actions = [];
  }

  /**
   * Acts on what an environment observes: the state, followed by the environment state when the policy has one, and the
   * pictures of its cameras.
   * @throws InputError when the vector or a picture has another size, or pictures are missing
   */
  act(observation: Float32Array, pictures: readonly Uint8Array[] = []): Promise<Float32Array> {
    return this.selectAction(this.#asFeatures({ observation, pictures }));
  }

  async sampleChunk(history: readonly ObservedStep[]): Promise<Float32Array[]> {
    const { nObsSteps } = this.checkpoint.config;
    const seen: StepFeatures[] = [];
    for (const step of history.slice(-nObsSteps)) seen.push(await this.#stepFeatures(this.#asFeatures(step)));
    if (seen.length === 0)
      throw new InputError(`policy "${this.name}" was given no observation; expected at least one`);
    const before = Array.from({ length: nObsSteps - seen.length }, () => seen[0]!);
    return this.#sampleActions([...before, ...seen], this.#drawNoise());
  }

  /**
   * One control step.
   * @param noise random numbers for a plan, should this step make one; by default drawn from the seed of `reset`
   * @returns the action, in the units that the policy was trained with
   */
  async selectAction(observation: Observation, noise?: () => PlanNoise): Promise<Float32Array> {
    const { nObsSteps } = this.checkpoint.config;
    const features = await this.#stepFeatures(observation);
    if (this.#past.length === 0) this.#past = Array.from({ length: nObsSteps - 1 }, () => features);
    this.#past.push(features);
    this.#past = this.#past.slice(-nObsSteps);
    if (this.#actions.length === 0) {
      const planned = await this.#sampleActions(this.#past, noise?.() ?? this.#drawNoise());
      this.#actions = planned.slice(0, this.chunk.executed);
    }
    return this.#actions.shift()!;
  }

  /** Frees native memory. */
  async close(): Promise<void> {
    await this.#sampler.close();
    await this.#encoder?.close();
  }

  /** What an environment observes, by the names of the policy's features. */
  #asFeatures({ observation, pictures }: ObservedStep): Observation {
    const { cameras, stateSize, environmentSize } = this.#network.shapes;
    if (observation.length !== stateSize + environmentSize) {
      throw new InputError(
        `policy "${this.name}" was given ${observation.length} observed numbers; expected ${stateSize} of the state and ${environmentSize} of the environment`,
      );
    }
    if (pictures.length !== cameras.length) {
      throw new InputError(
        `policy "${this.name}" was given pictures of ${pictures.length} cameras; expected ${cameras.length}`,
      );
    }
    const views = cameras.map(({ feature, height, width }, index) => {
      const bytes = pictures[index]!;
      if (bytes.length === 3 * height * width) return [feature, pictureAsPlanes(bytes, height * width)] as const;
      throw new InputError(
        `policy "${this.name}" was given a picture of ${bytes.length} bytes as "${feature}"; expected 3 x ${height} x ${width}`,
      );
    });
    return {
      [STATE_FEATURE]: observation.subarray(0, stateSize),
      ...(environmentSize > 0 && { [ENVIRONMENT_FEATURE]: observation.subarray(stateSize) }),
      ...Object.fromEntries(views),
    };
  }

  async #stepFeatures(observation: Observation): Promise<StepFeatures> {
    const { shapes } = this.#network;
    const vector = (feature: string, size: number) => {
      const found = observation[feature];
      if (found?.length === size) return found;
      throw new InputError(
        `observation "${feature}" has ${found?.length ?? 'no'} numbers; policy "${this.name}" expects ${size}`,
      );
    };
    const normal = (feature: string, size: number) => normalize(this.#affine(feature), vector(feature, size));
    const state = normal(STATE_FEATURE, shapes.stateSize);
    const environment =
      shapes.environmentSize === 0 ? new Float32Array(0) : normal(ENVIRONMENT_FEATURE, shapes.environmentSize);
    const pictures = Object.fromEntries(
      shapes.cameras.map(({ feature, height, width }) => [feature, vector(feature, 3 * height * width)]),
    );
    const features = (await this.#encoder?.run(pictures))?.features ?? new Float32Array(0);
    return Float32Array.from([...state, ...features, ...environment]);
  }

  /** All actions from the present to the end of the horizon. */
  async #sampleActions(past: readonly StepFeatures[], { start, steps }: PlanNoise): Promise<Float32Array[]> {
    const { nObsSteps } = this.checkpoint.config;
    const { actionSize } = this.#network.shapes;
    const condition = Float32Array.from(past.flatMap((features) => [...features]));
    const sampled = denormalize(this.#affine(ACTION_FEATURE), await this.#sampler.sample(condition, start, steps));
    return Array.from({ length: this.chunk.steps }, (_, index) => {
      const first = (nObsSteps - 1 + index) * actionSize;
      return sampled.slice(first, first + actionSize);
    });
  }

  #drawNoise(): PlanNoise {
    const size = this.checkpoint.config.horizon * this.#network.shapes.actionSize;
    const start = this.#stream.fillNormal(new Float32Array(size));
    return { start, steps: this.#stream.fillNormal(new Float32Array(this.#sampler.stepNoiseSize)) };
  }
}

/**
 * What a policy with these settings must be given, and what it gives.
 * @throws InputError when a name is given to a camera that the policy does not have
 */
export function diffusionSignature(config: DiffusionConfig, names: CameraNames = {}): PolicySignature {
  const { stateSize, environmentSize, actionSize, cameras } = diffusionShapes(config);
  const unknown = Object.keys(names).find((name) => !cameras.some(({ feature }) => feature === name));
  if (unknown !== undefined) {
    const known = cameras.map(({ feature }) => `"${feature}"`).join(', ') || 'no camera';
    throw new InputError(`"${unknown}" is not a camera of the policy; it has ${known}`);
  }
  return {
    observationSize: stateSize + environmentSize,
    actionSize,
    cameras: cameras.map(({ feature, width, height }) => ({
      camera: names[feature] ?? cameraOf(feature),
      width,
      height,
    })),
  };
}

/** The name of a camera in environments and datasets, from that of its feature. */
function cameraOf(feature: string): string {
  const prefix = 'observation.images.';
  return feature.startsWith(prefix) ? feature.slice(prefix.length) : feature;
}

/** RGB bytes [H, W, 3] as planes [3, H, W] with values in [0, 1]. */
function pictureAsPlanes(bytes: Uint8Array, pixels: number): Float32Array {
  const planes = new Float32Array(3 * pixels);
  for (let pixel = 0; pixel < pixels; pixel++) {
    for (let channel = 0; channel < 3; channel++) planes[channel * pixels + pixel] = bytes[3 * pixel + channel]! / 255;
  }
  return planes;
}

function affineOf({ config, statistics }: DiffusionCheckpoint, feature: string): Affine | undefined {
  const { inputFeatures, outputFeatures, normalizationMapping } = config;
  const { type } = (inputFeatures[feature] ?? outputFeatures[feature])!;
  return featureAffine(feature, type, normalizationMapping, statistics);
}

/** The features of all cameras side by side, from one picture of each; undefined without cameras. */
async function compileEncoder(
  checkpoint: DiffusionCheckpoint,
  { shapes, encoders }: DiffusionNetwork,
): Promise<CompiledFunction<'features'> | undefined> {
  if (encoders.length === 0) return undefined;
  const features = shapes.cameras.map(({ feature, height, width }, index) => {
    const pictures = input(feature, [1, 3, height, width]);
    return encoders[index]!.apply(normalizedPictures(pictures, affineOf(checkpoint, feature)));
  });
  const outputs = { features: reshape(concat(features, 1), [-1]) };
  return compileFunction({ outputs, parameters: checkpoint.parameters, weights: 'baked' });
}
