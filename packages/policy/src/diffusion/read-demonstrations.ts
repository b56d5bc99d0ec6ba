import { InputError, spaceSize, throwIfAborted, type WorkOptions } from '@rapport/core';
import type { CameraFeature, Dataset } from '@rapport/data';
import { ACTION_FEATURE, type DiffusionConfig, ENVIRONMENT_FEATURE, STATE_FEATURE } from './config.js';
import type { Demonstration, PictureBytes } from './demonstrations.js';
import { openPictureCache, type PictureCacheOptions } from './picture-cache.js';

/** Which part of a dataset a policy is to see. */
export interface DemonstrationOptions extends WorkOptions {
  /** How many of the observed numbers are the robot's state; the others become the state of the environment. */
  readonly stateSize: number;
  /** Cameras by name. */
  readonly cameras: readonly string[];
  /** Where the pictures are kept, which are decoded once; in memory by default. */
  readonly cache?: PictureCacheOptions;
  /** Episodes to read; all by default. */
  readonly episodes?: readonly number[];
}

/** Demonstrations and the features that they have, as a configuration wants them. */
export interface Demonstrations extends Pick<DiffusionConfig, 'inputFeatures' | 'outputFeatures'> {
  /** In the order of the episodes that were asked for. */
  readonly demonstrations: readonly Demonstration[];
  /** Closes the cache of pictures; pictures in a file cannot be read afterwards. */
  close(): void;
}

/** Which numbers and cameras of a dataset a policy is to see. */
export type DemonstrationParts = Pick<DemonstrationOptions, 'stateSize' | 'cameras'>;

/**
 * The features of a policy that learns from a dataset.
 * @throws InputError when the dataset has no actions or no such camera, or observes fewer numbers than the state has
 */
export function demonstrationFeatures(
  dataset: Dataset,
  { stateSize, cameras }: DemonstrationParts,
): Pick<DiffusionConfig, 'inputFeatures' | 'outputFeatures'> {
  const observationSize = spaceSize(dataset.observationSpace);
  const actionSize = spaceSize(dataset.actionSpace);
  if (actionSize === 0) {
    throw new InputError(`dataset ${dataset.id} has no actions; expected the feature "${ACTION_FEATURE}"`, {
      fix: 'take a dataset of demonstrations that were recorded with their actions',
    });
  }
  if (observationSize === 0) {
    throw new InputError(`dataset ${dataset.id} observes pictures alone; a diffusion policy also takes numbers`, {
      fix: 'record demonstrations in an environment that observes numbers, in X-Magical a State id',
    });
  }
  if (stateSize < 1 || stateSize > observationSize) {
    throw new InputError(`the state has ${stateSize} numbers; expected 1 to ${observationSize}, which are observed`);
  }
  const environmentSize = observationSize - stateSize;
  const pictures = cameras.map((name) => findCamera(dataset, name));
  return {
    inputFeatures: {
      [STATE_FEATURE]: { type: 'STATE', shape: [stateSize] },
      ...Object.fromEntries(
        pictures.map(({ key, height, width }) => [key, { type: 'VISUAL' as const, shape: [3, height, width] }]),
      ),
      ...(environmentSize > 0 && { [ENVIRONMENT_FEATURE]: { type: 'ENV' as const, shape: [environmentSize] } }),
    },
    outputFeatures: { [ACTION_FEATURE]: { type: 'ACTION', shape: [actionSize] } },
  };
}

/**
 * Reads the episodes of a dataset, to train a diffusion policy on.
 * @throws InputError as `demonstrationFeatures` does, and when the pictures do not fit the cache
 */
export async function readDemonstrations(dataset: Dataset, options: DemonstrationOptions): Promise<Demonstrations> {
  const features = demonstrationFeatures(dataset, options);
  const { stateSize, episodes = dataset.episodes.map(({ index }) => index) } = options;
  const observationSize = spaceSize(dataset.observationSpace);
  const actionSize = spaceSize(dataset.actionSpace);
  const cameras = options.cameras.map((name) => findCamera(dataset, name));
  const environmentSize = observationSize - stateSize;
  const steps = episodes.reduce((sum, index) => sum + dataset.episode(index).length, 0);
  const stepBytes = cameras.reduce((sum, { width, height }) => sum + 3 * width * height, 0);
  const cache = await openPictureCache(steps * stepBytes, options.cache);
  const demonstrations: Demonstration[] = [];
  try {
    for (const index of episodes) {
      throwIfAborted(options.signal);
      const { length, observations, actions } = await dataset.readEpisode(index, { frames: false });
      const pictures: Record<string, PictureBytes> = {};
      for (const { camera, key, width, height } of cameras) {
        const decode = async () => (await dataset.readFrames(index, camera)).data;
        pictures[key] = await cache.next(3 * length * width * height, decode);
      }
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
    cache.finish();
  } catch (error) {
    cache.close();
    throw error;
  }
  return { ...features, demonstrations, close: () => cache.close() };
}

function findCamera(dataset: Dataset, name: string): CameraFeature {
  const found = dataset.cameras.find(({ camera }) => camera === name);
  if (found !== undefined) return found;
  const known = dataset.cameras.map(({ camera }) => camera).join(', ') || 'none';
  throw new InputError(`the dataset has no camera "${name}"; it has ${known}`);
}
