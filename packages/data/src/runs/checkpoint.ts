import { readdir, readlink, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '@rapport/core';
import { publish } from '../durable.js';
import { writeFolder } from './folder.js';

/** A saved state of training: the folder `checkpoints/000123` of a run. */
export interface Checkpoint {
  readonly step: number;
  readonly directory: string;
}

/**
 * Saves files as `runDirectory/checkpoints/000123/…` and points the relative link `checkpoints/last` at it: LeRobot's
 * layout. The folder appears whole or not at all; one of the same step, left by a run that was resumed from an earlier
 * step, is replaced.
 * @param files content by path inside the checkpoint, for example `training_state/optimizer_state.safetensors`
 */
export async function saveCheckpoint(
  runDirectory: string,
  step: number,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<Checkpoint> {
  if (!Number.isInteger(step) || step < 0) throw new InputError(`checkpoint step is ${step}; expected a whole number`);
  const folder = join(runDirectory, 'checkpoints');
  const stepName = String(step).padStart(6, '0');
  const directory = join(folder, stepName);
  await writeFolder(directory, files);
  await pointLast(folder, stepName);
  return { step, directory };
}

/** The checkpoint to resume from: the one `last` points at, else that of the greatest step; undefined when none. */
export async function latestCheckpoint(runDirectory: string): Promise<Checkpoint | undefined> {
  const folder = join(runDirectory, 'checkpoints');
  const target = await readlink(join(folder, 'last')).catch(() => '');
  const steps = (await readdir(folder).catch(() => [])).filter((entry) => /^\d{6,}$/.test(entry));
  steps.sort((a, b) => Number(a) - Number(b));
  const stepName = steps.includes(target) ? target : steps.at(-1);
  return stepName === undefined ? undefined : { step: Number(stepName), directory: join(folder, stepName) };
}

async function pointLast(folder: string, stepName: string): Promise<void> {
  const draft = join(folder, 'last.partial');
  await rm(draft, { force: true });
  await symlink(stepName, draft);
  await publish(draft, join(folder, 'last'));
}
