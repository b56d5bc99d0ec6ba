import { InputError, spaceSize, throwIfAborted, type WorkOptions } from '@rapport/core';
import type { Dataset } from '@rapport/data';
import { ACTION_FEATURE, type DiffusionConfig, ENVIRONMENT_FEATURE, STATE_FEATURE } from './config.js';
import type { Demonstration } from './demonstrations.js';

/** Which part of a dataset a policy is to see. */
export interface DemonstrationOptions extends WorkOptions {
  /** How many of the observed numbers are the robot's state; the others become the state of the environment. */
  readonly stateSize: number;
  /** Cameras by name; their pictures are decoded once and kept in memory. */
  readonly cameras: readonly string[];
  /** Episodes to read; all by default. */
  readonly episodes?: readonly number[];
}

/** Demonstrations and the features that they have, as a configuration wants them. */
export interface Demonstrations extends Pick<DiffusionConfig, 'inputFeatures' | 'outputFeatures'> {
  readonly demonstrations: readonly Demonstration[];
}

/**
 * Reads the episodes of a dataset into memory, to train a diffusion policy on.
 * @throws InputError when the dataset observes fewer numbers than the state has, or has no such camera
 */
export async function readDemonstrations(dataset: Dataset, options: DemonstrationOptions): Promise<Demonstrations> {
  const observationSize = spaceSize(dataset.observationSpace);
  const actionSize = spaceSize(dataset.actionSpace);
  const { stateSize, episodes = dataset.episodes.map(({ index }) => index) } = options;
  if (stateSize < 1 || stateSize > observationSize) {
    throw new InputError(`the state has ${stateSize} numbers; expected 1 to ${observationSize}, which are observed`);
  }
  const cameras = options.cameras.map((name) => {
    const found = dataset.cameras.find(({ camera }) => camera === name);
    if (found !== undefined) return found;
    const known = dataset.cameras.map(({ camera }) => camera).join(', ') || 'none';
    throw new InputError(`the dataset has no camera "${name}"; it has ${known}`);
  });
  const environmentSize = observationSize - stateSize;
  const demonstrations: Demonstration[] = [];
  for (const index of episodes) {
    throwIfAborted(options.signal);
    const { length, observations, actions } = await dataset.readEpisode(index, { frames: false });
    const pictures: Record<string, Uint8Array> = {};
    for (const { camera, key } of cameras) pictures[key] = (await dataset.readFrames(index, camera)).data;
    const columns = (start: number, size: number) => {
      const part = new Float32Array(length * size);
      for (let step = 0; step < length; step++) {
        const row = step * observationSize + start;
        part.set(observations.subarray(row, row + size), step * size);
      }
      return part;
    };
    const vectors = {
      [STATE_FEATURE]: columns(0, stateSize),
      ...(environmentSize > 0 && { [ENVIRONMENT_FEATURE]: columns(stateSize, environmentSize) }),
      [ACTION_FEATURE]: actions.slice(0, length * actionSize),
    };
    demonstrations.push({ length, vectors, pictures });
    options.onProgress?.({ label: 'reading demonstrations', done: demonstrations.length, total: episodes.length });
  }
  return {
    demonstrations,
    inputFeatures: {
      [STATE_FEATURE]: { type: 'STATE', shape: [stateSize] },
      ...Object.fromEntries(
        cameras.map(({ key, height, width }) => [key, { type: 'VISUAL' as const, shape: [3, height, width] }]),
      ),
      ...(environmentSize > 0 && { [ENVIRONMENT_FEATURE]: { type: 'ENV' as const, shape: [environmentSize] } }),
    },
    outputFeatures: { [ACTION_FEATURE]: { type: 'ACTION', shape: [actionSize] } },
  };
}
