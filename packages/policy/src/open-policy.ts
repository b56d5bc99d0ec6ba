import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError, type Policy } from '@rapport/core';
import { loadDiffusionPolicy } from './diffusion/files.js';
import { DiffusionPolicy } from './diffusion/policy.js';
import { openOnnxPolicy } from './onnx/files.js';
import { loadPolicy } from './sac/files.js';

/** A policy of any kind, ready to act. */
export interface OpenPolicy {
  readonly policy: Policy & { close(): Promise<void> };
  /** Environment that it was trained in; undefined when that is not known, as of imported ones. */
  readonly envId: string | undefined;
}

/**
 * Opens a policy that a training run or an import left.
 * @throws InputError when the folder holds none; CorruptDataError when a file is damaged or does not fit the others
 */
export async function openPolicy(directory: string): Promise<OpenPolicy> {
  const kind = await kindOf(join(directory, 'policy.json'));
  if (kind === 'diffusion') {
    const { name, envId, cameras, checkpoint } = await loadDiffusionPolicy(directory);
    return { policy: await DiffusionPolicy.create(checkpoint, { name, ...(cameras && { cameras }) }), envId };
  }
  if (kind === 'onnx') {
    const { policy, card } = await openOnnxPolicy(directory);
    return { policy, envId: card.envId };
  }
  if (typeof kind === 'string' && kind !== 'sac') {
    throw new InputError(`${join(directory, 'policy.json')} is of kind "${kind}"; expected sac, diffusion or onnx`);
  }
  const policy = await loadPolicy(directory);
  return { policy, envId: policy.description.envId };
}

/** What kind a card says it is of; a card that is missing or damaged is for the reader of policies to complain about. */
async function kindOf(path: string): Promise<unknown> {
  try {
    const card: unknown = JSON.parse(await readFile(path, 'utf8'));
    return typeof card === 'object' && card !== null && 'kind' in card ? card.kind : undefined;
  } catch {
    return undefined;
  }
}
