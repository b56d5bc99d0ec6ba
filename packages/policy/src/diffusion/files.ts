import { join } from 'node:path';
import { InputError } from '@rapport/core';
import { writeFolder } from '@rapport/data';
import { z } from 'zod';
import { checkCheckpoint, type DiffusionCheckpoint } from './checkpoint.js';
import { parseJson, parseWith, readBytes } from './json.js';
import { diffusionFiles, readDiffusionCheckpoint } from './lerobot.js';

const POLICY_FILE = 'policy.json';

const cardSchema = z.object({
  format: z.literal(1),
  kind: z.literal('diffusion'),
  /** For labels and reports. */
  name: z.string().min(1),
  envId: z.string().min(1).optional(),
  cameras: z.record(z.string(), z.string().min(1)).optional(),
  reference: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
});

/** A policy's folder: LeRobot's checkpoint with Rapport's card beside it. */
export interface StoredDiffusionPolicy {
  readonly name: string;
  /** Environment that it was trained in; absent when that is not known, as of imported ones. */
  readonly envId?: string;
  /** Names of cameras by feature, where they are not those that the features say. */
  readonly cameras?: Readonly<Record<string, string>>;
  /** Of an aligned policy: `policyHash` of the one that it was aligned from. */
  readonly reference?: string;
  readonly checkpoint: DiffusionCheckpoint;
}

/**
 * Writes a policy as a folder: a checkpoint as LeRobot loads it (unless it has a transformer), and `policy.json` with the
 * name. The folder appears whole or not at all.
 * @throws CorruptDataError when tensors and settings do not fit each other
 */
export async function saveDiffusionPolicy(
  directory: string,
  { checkpoint, ...card }: StoredDiffusionPolicy,
): Promise<void> {
  checkCheckpoint(checkpoint, directory);
  const document: z.input<typeof cardSchema> = { format: 1, kind: 'diffusion', ...card };
  await writeFolder(directory, {
    [POLICY_FILE]: `${JSON.stringify(document, null, 2)}\n`,
    ...diffusionFiles(checkpoint),
  });
}

/**
 * Reads a policy that `saveDiffusionPolicy` wrote.
 * @throws InputError when the folder holds a policy of another kind
 * @throws CorruptDataError when a file is missing, damaged or does not fit the others
 */
export async function loadDiffusionPolicy(directory: string): Promise<StoredDiffusionPolicy> {
  const path = join(directory, POLICY_FILE);
  const document = parseJson((await readBytes(path)).toString('utf8'), path);
  const { kind } = parseWith(z.object({ kind: z.string() }), document, path);
  if (kind !== 'diffusion') {
    throw new InputError(`${path} is of a policy of kind "${kind}"; expected "diffusion"`, {
      fix: 'give the folder of a diffusion policy, for example one that rapport policy import made',
    });
  }
  const { name, envId, cameras, reference } = parseWith(cardSchema, document, path);
  return {
    name,
    checkpoint: await readDiffusionCheckpoint(directory),
    ...(envId !== undefined && { envId }),
    ...(cameras !== undefined && { cameras }),
    ...(reference !== undefined && { reference }),
  };
}
