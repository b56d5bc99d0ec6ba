import { CorruptDataError } from '@rapport/core';
import type { ParameterValues } from '@rapport/nn';
import type { DiffusionConfig } from './config.js';
import { diffusionNetwork } from './network.js';
import { featureAffine, type Statistics } from './normalization.js';

/** A diffusion policy as data: settings, statistics for normalisation, and every tensor of the networks. */
export interface DiffusionCheckpoint {
  readonly config: DiffusionConfig;
  readonly statistics: Statistics;
  /** By LeRobot's names: trained parameters, running statistics, grids and counters. */
  readonly parameters: ParameterValues;
  /**
   * The settings and processor files as LeRobot wrote them, by name. They are written back byte for byte; without them
   * they are made from `config` and `statistics`.
   */
  readonly files?: Readonly<Record<string, Uint8Array>>;
}

/** Counters of batch normalisation: stored as whole numbers, and used by nothing at inference. */
export const COUNTER = '.num_batches_tracked';

/**
 * Holds tensors and statistics against the settings.
 * @param source the file that the tensors come from
 * @throws CorruptDataError naming the file, the tensor, what was found and what was expected
 */
export function checkCheckpoint({ config, statistics, parameters }: DiffusionCheckpoint, source: string): void {
  const { trained, fixed } = diffusionNetwork(config);
  const expected = new Map([...trained, ...fixed].map((one) => [one.attributes.name, one.shape]));
  const describe = (shape: readonly number[]) => `[${shape.join(', ')}]`;
  const fail = (what: string) =>
    new CorruptDataError(`${source}: ${what}`, { fix: 'use the config.json that was saved with these weights' });
  for (const [name, shape] of expected) {
    const found = parameters[name];
    if (found === undefined) throw fail(`tensor "${name}" is missing; expected shape ${describe(shape)}`);
    if (describe(found.shape) !== describe(shape)) {
      throw fail(`tensor "${name}" has shape ${describe(found.shape)}; expected ${describe(shape)}`);
    }
    if (!found.data.every(Number.isFinite)) throw fail(`tensor "${name}" holds a value that is not finite`);
  }
  for (const name of Object.keys(parameters)) {
    const isCounter = name.endsWith(COUNTER) && expected.has(`${name.slice(0, -COUNTER.length)}.running_mean`);
    if (!expected.has(name) && !isCounter) {
      throw fail(`tensor "${name}" is unknown to a policy with these settings; expected ${expected.size} others`);
    }
  }
  for (const [feature, { type, shape }] of Object.entries({ ...config.inputFeatures, ...config.outputFeatures })) {
    const affine = featureAffine(feature, type, config.normalizationMapping, statistics);
    const channels = shape[0]!;
    if (affine !== undefined && (affine.shift.length !== channels || affine.scale.length !== channels)) {
      throw fail(`the statistics of feature "${feature}" have ${affine.shift.length} channels; expected ${channels}`);
    }
  }
}
