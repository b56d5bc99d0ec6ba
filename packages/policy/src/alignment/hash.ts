import { createHash } from 'node:crypto';
import { InputError } from '@rapport/core';
import type { DiffusionCheckpoint } from '../diffusion/checkpoint.js';
import { diffusionShapes } from '../diffusion/config.js';

/** Identity of a policy: SHA-256 over settings, statistics and tensors, in hexadecimal. */
export function policyHash({ config, statistics, parameters }: DiffusionCheckpoint): string {
  const hash = createHash('sha256').update(JSON.stringify(config));
  for (const feature of Object.keys(statistics).sort()) {
    for (const [name, values] of Object.entries(statistics[feature]!).sort(byKey)) {
      hash.update(`${feature}/${name}`).update(values);
    }
  }
  for (const [name, { shape, data }] of Object.entries(parameters).sort(byKey)) {
    hash.update(`${name} ${shape.join('x')}`).update(data);
  }
  return hash.digest('hex');
}

/**
 * Holds a policy against the reference that it is compared with: features, horizon and normalisation must be the same, or
 * their denoising losses mean different things.
 * @throws InputError naming what differs
 */
export function checkSameKind(policy: DiffusionCheckpoint, reference: DiffusionCheckpoint): void {
  const [own, other] = [diffusionShapes(policy.config), diffusionShapes(reference.config)];
  const sizes = ['stateSize', 'environmentSize', 'actionSize', 'conditionSize'] as const;
  for (const size of sizes) requireSame(size, own[size], other[size]);
  const fields = [
    'horizon',
    'nObsSteps',
    'nActionSteps',
    'predictionType',
    'numTrainTimesteps',
    'betaSchedule',
  ] as const;
  for (const field of fields) requireSame(field, policy.config[field], reference.config[field]);
  const features = { ...policy.config.inputFeatures, ...policy.config.outputFeatures };
  for (const [feature, { type }] of Object.entries(features)) {
    requireSame(
      `normalisation of "${feature}"`,
      policy.config.normalizationMapping[type] ?? 'IDENTITY',
      reference.config.normalizationMapping[type] ?? 'IDENTITY',
    );
    const describe = ({ statistics }: DiffusionCheckpoint) =>
      createHash('sha256')
        .update(JSON.stringify(Object.entries(statistics[feature] ?? {}).map(([name, values]) => [name, [...values]])))
        .digest('hex')
        .slice(0, 12);
    requireSame(`statistics of "${feature}"`, describe(policy), describe(reference));
  }
}

function requireSame(what: string, found: string | number, expected: string | number): void {
  if (found === expected) return;
  throw new InputError(`the policy's ${what} is ${found}; that of its reference is ${expected}`, {
    fix: 'give the policy that this one was made from as the reference',
  });
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
