import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { CameraView, EnvSpec } from '@rapport/core';
import {
  type CreateDatasetOptions,
  checkDatasetOptions,
  createDataset,
  type DatasetWriter,
  type ImageStorage,
  openDatasetForAppend,
} from '@rapport/data';

/** What a dataset of an environment's episodes is made from. */
export interface RolloutDataset {
  /** Identity in the feedback ledger. */
  readonly id: string;
  readonly spec: EnvSpec;
  /** Pictures that are kept with every episode. */
  readonly cameras: readonly CameraView[];
  /** Absent: video where ffmpeg can encode it. */
  readonly storage?: ImageStorage;
}

/** Begins a dataset of an environment's episodes in a folder that does not exist yet. */
export function createRolloutDataset(directory: string, dataset: RolloutDataset): Promise<DatasetWriter> {
  return createDataset(directory, optionsOf(dataset));
}

/**
 * Tells of a dataset that could not be begun before a folder is made for it.
 * @throws InputError when nothing observed would be recorded
 */
export function checkRolloutDataset(dataset: RolloutDataset): void {
  checkDatasetOptions(optionsOf(dataset));
}

function optionsOf({ id, spec, cameras, storage }: RolloutDataset): CreateDatasetOptions {
  return {
    id,
    envId: spec.id,
    fps: spec.controlHz,
    observationSpace: spec.observationSpace,
    actionSpace: spec.actionSpace,
    cameras,
    robotType: spec.id.replaceAll(/[^A-Za-z0-9]+/g, '_').toLowerCase(),
    ...(storage !== undefined && { imageStorage: storage }),
  };
}

/** Goes on with the dataset in the folder, or begins it. */
export async function openRolloutDataset(directory: string, dataset: RolloutDataset): Promise<DatasetWriter> {
  return existsSync(directory) ? openDatasetForAppend(directory) : createRolloutDataset(directory, dataset);
}

/** Takes back the folder of a new run in which the dataset could not even be begun: nothing half-made stays behind. */
export async function removeUnlessBegun(runDirectory: string, dataset: string): Promise<void> {
  if (!existsSync(dataset)) await rm(runDirectory, { recursive: true, force: true });
}
