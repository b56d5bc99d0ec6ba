import type { PrivilegedTrack, Scene } from '@rapport/core';
import { readTrack } from './privileged-tracks.js';
import { type Dataset, openDataset } from './reader.js';

/** A dataset together with what only annotators, evaluation and the viewer may know. */
export interface PrivilegedDataset {
  readonly dataset: Dataset;
  /**
   * Scores, success, scene and poses of an episode.
   * @throws CorruptDataError when its files are missing or damaged; InputError when there is no such episode
   */
  readPrivileged(index: number): Promise<PrivilegedTrack>;
}

/**
 * Opens a dataset with its privileged half. Never hand this object to a learner.
 * @throws CorruptDataError as `openDataset` does
 */
export async function openPrivilegedDataset(directory: string): Promise<PrivilegedDataset> {
  const dataset = await openDataset(directory);
  const scenes = new Map<string, Scene>();
  return {
    dataset,
    readPrivileged: async (index) => readTrack(directory, index, dataset.episode(index).length, scenes),
  };
}
