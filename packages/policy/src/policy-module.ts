import { resolve } from 'node:path';
import { compiledSibling, type Policy, RandomStream } from '@rapport/core';
import { openPolicy } from './open-policy.js';

/** What a worker thread makes a policy from. */
interface ModuleData {
  readonly directory: string;
  readonly variation: number;
}

/** What a policy's random numbers come from in one of several rollouts from the start of a seed; for 0 it is the seed. */
export function variationSeed(seed: number, variation: number): number {
  return variation === 0 ? seed : new RandomStream(seed, `variation-${variation}`).uint32();
}

/** Opens a policy by its folder; what worker threads import. */
export async function makePolicy(data: string): Promise<Policy> {
  const { directory, variation } = JSON.parse(data) as ModuleData;
  const { policy } = await openPolicy(directory);
  if (variation === 0) return policy;
  const { name, signature } = policy;
  return {
    name,
    ...(signature && { signature }),
    reset: (seed) => policy.reset(variationSeed(seed, variation)),
    act: (observation, pictures) => policy.act(observation, pictures),
  };
}

/**
 * How another thread opens the policy of a folder: a module that exports `makePolicy`, and its argument.
 * @param variation which of several rollouts from the same start: each has random numbers of its own, 0 those of the seed
 */
export function policyModule(directory: string, variation = 0): { readonly module: string; readonly data: string } {
  const module = compiledSibling(import.meta.url, 'policy-module.js');
  return { module, data: JSON.stringify({ directory: resolve(directory), variation } satisfies ModuleData) };
}
