import { existsSync } from 'node:fs';
import type { CameraView, EnvSpec } from '@rapport/core';
import { createDataset, type DatasetWriter, type ImageStorage, openDatasetForAppend } from '@rapport/data';

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
export function createRolloutDataset(
  directory: string,
  { id, spec, cameras, storage }: RolloutDataset,
): Promise<DatasetWriter> {
  return createDataset(directory, {
    id,
    envId: spec.id,
    fps: spec.controlHz,
    observationSpace: spec.observationSpace,
    actionSpace: spec.actionSpace,
    cameras,
    robotType: spec.id.replaceAll(/[^A-Za-z0-9]+/g, '_').toLowerCase(),
    ...(storage !== undefined && { imageStorage: storage }),
  });
}

/** Goes on with the dataset in the folder, or begins it. */
export async function openRolloutDataset(directory: string, dataset: RolloutDataset): Promise<DatasetWriter> {
  return existsSync(directory) ? openDatasetForAppend(directory) : createRolloutDataset(directory, dataset);
}
