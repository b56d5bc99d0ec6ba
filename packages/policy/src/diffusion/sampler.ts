import { add, clip, compileFunction, input, mul, type ParameterValues, slice, squeeze, type Tensor } from '@rapport/nn';
import type { DiffusionNetwork } from './network.js';
import { denoisingSteps } from './schedule.js';

export interface SamplerOptions {
  /** Chunks that are sampled at once. */
  readonly batch: number;
  /** Default: the configuration's. */
  readonly scheduler?: 'DDPM' | 'DDIM';
  /** Denoising steps; default: the configuration's, or all training timesteps. */
  readonly steps?: number;
  /** `fed` weights can be replaced; `baked` ones are fixed and run faster. */
  readonly weights?: 'fed' | 'baked';
}

/** Draws action chunks. */
export interface Sampler {
  readonly batch: number;
  readonly steps: number;
  /** How many standard normal numbers `stepNoise` holds; 0 for DDIM. */
  readonly stepNoiseSize: number;
  /**
   * Denoises a start into normalised action chunks.
   * @param condition [batch, condition]
   * @param start standard normal numbers [batch, horizon, action]
   * @param stepNoise for DDPM: one block of the start's size per step but the last, in the order of the steps
   * @returns [batch, horizon, action]
   */
  sample(condition: Float32Array, start: Float32Array, stepNoise?: Float32Array): Promise<Float32Array>;
  setParameters(values: ParameterValues): void;
  close(): Promise<void>;
}

/** At most this many denoising steps become one graph; longer runs pass through it several times. */
const MAX_STEPS_PER_GRAPH = 10;

/**
 * Compiles the sampling loop: a graph of several denoising steps, whose coefficients are fed.
 * @param parameters values of the denoiser's parameters by name
 */
export async function compileSampler(
  network: DiffusionNetwork,
  parameters: ParameterValues,
  options: SamplerOptions,
): Promise<Sampler> {
  const { config, shapes } = network;
  const { batch, scheduler = config.noiseSchedulerType, weights = 'fed' } = options;
  const steps = options.steps ?? config.numInferenceSteps ?? config.numTrainTimesteps;
  const plan = denoisingSteps({ ...config, noiseSchedulerType: scheduler, steps });
  const perGraph = largestDivisor(steps, MAX_STEPS_PER_GRAPH);
  const isNoisy = scheduler === 'DDPM';
  const chunk = [batch, config.horizon, shapes.actionSize] as const;
  const chunkSize = batch * config.horizon * shapes.actionSize;

  const condition = input('condition', [batch, shapes.conditionSize]);
  const numbers = input('steps', [perGraph, 7]);
  const noise = isNoisy ? input('noise', [perGraph, ...chunk]) : undefined;
  let noisy: Tensor = input('noisy', chunk);
  for (let index = 0; index < perGraph; index++) {
    const row = slice(numbers, 0, index, index + 1);
    const number = (column: number) => slice(row, 1, column, column + 1);
    const predicted = network.denoiser.apply(noisy, number(0), condition);
    const estimate = add(mul(noisy, number(1)), mul(predicted, number(2)));
    const clean = config.clipSample ? clip(estimate, -config.clipSampleRange, config.clipSampleRange) : estimate;
    const next = add(add(mul(clean, number(3)), mul(noisy, number(4))), mul(predicted, number(5)));
    noisy = noise === undefined ? next : add(next, mul(squeeze(slice(noise, 0, index, index + 1), 0), number(6)));
  }
  const compiled = await compileFunction({ outputs: { next: noisy }, parameters, weights });

  const rows = plan.map((step) => [
    step.timestep,
    step.cleanFromNoisy,
    step.cleanFromModel,
    step.fromClean,
    step.fromNoisy,
    step.fromModel,
    step.fromNoise,
  ]);
  const passes = Array.from({ length: steps / perGraph }, (_, pass) =>
    Float32Array.from(rows.slice(pass * perGraph, (pass + 1) * perGraph).flat()),
  );
  const blockSize = perGraph * chunkSize;
  const block = new Float32Array(isNoisy ? blockSize : 0);
  return {
    batch,
    steps,
    stepNoiseSize: isNoisy ? (steps - 1) * chunkSize : 0,
    async sample(conditionValues, start, stepNoise = new Float32Array(0)) {
      let current = start;
      for (const [pass, stepValues] of passes.entries()) {
        block.fill(0);
        if (isNoisy) block.set(stepNoise.subarray(pass * blockSize, (pass + 1) * blockSize));
        const feeds = { condition: conditionValues, steps: stepValues, noisy: current };
        ({ next: current } = await compiled.run(isNoisy ? { ...feeds, noise: block } : feeds));
      }
      return current;
    },
    setParameters: (values) => compiled.setParameters(values),
    close: () => compiled.close(),
  };
}

function largestDivisor(value: number, limit: number): number {
  for (let divisor = Math.min(value, limit); divisor > 1; divisor--) if (value % divisor === 0) return divisor;
  return 1;
}
