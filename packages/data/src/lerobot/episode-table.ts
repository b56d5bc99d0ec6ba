import { type FrameStack, InputError, poseTrackWidth, type RecordedEpisode } from '@rapport/core';
import { encodePng } from '../png.js';
import { type CameraFeature, type DatasetInfo, type Feature, vectorSize } from './info.js';
import type { Column } from './parquet.js';
import { type FeatureStatistics, pictureStatistics, vectorStatistics } from './statistics.js';

export interface TableContext {
  readonly info: DatasetInfo;
  readonly index: number;
  readonly fromIndex: number;
  readonly taskIndex: number;
  readonly cameras: readonly CameraFeature[];
}

/** The rows of an episode as columns, in the order of the features, and the statistics of every feature. */
export function episodeTable(
  { episode, privileged }: RecordedEpisode,
  { info, index, fromIndex, taskIndex, cameras }: TableContext,
): { columns: Column[]; statistics: Map<string, FeatureStatistics> } {
  const { length } = episode;
  const steps = Array.from({ length }, (_, step) => step);
  const atEnd = (value: boolean) => steps.map((step) => value && step === length - 1);
  const numbers: Record<string, ArrayLike<number>> = {
    'observation.state': episode.observations.subarray(0, length * vectorSize(info, 'observation.state')),
    action: episode.actions,
    'next.reward': episode.rewards,
    timestamp: Float32Array.from(steps, (step) => step / info.fps),
    frame_index: steps,
    episode_index: steps.map(() => index),
    index: steps.map((step) => fromIndex + step),
    task_index: steps.map(() => taskIndex),
  };
  const flags: Record<string, boolean[]> = {
    'next.done': atEnd(true),
    'next.success': atEnd(privileged.success),
    'next.truncated': atEnd(episode.truncated),
  };

  const columns: Column[] = [];
  const statistics = new Map<string, FeatureStatistics>();
  for (const [key, feature] of Object.entries(info.features)) {
    const camera = cameras.find((candidate) => candidate.key === key);
    if (camera !== undefined) {
      const frames = framesOf(episode.frames, camera);
      statistics.set(key, pictureStatistics(frames.data, length));
      if (camera.storage === 'parquet') columns.push({ name: key, type: 'image', data: imageCells(frames, length) });
    } else if (flags[key] !== undefined) {
      statistics.set(key, vectorStatistics(flags[key].map(Number), 1));
      columns.push({ name: key, type: 'bool', data: flags[key] });
    } else {
      const width = feature.shape[0]!;
      const values = numbers[key]!;
      statistics.set(key, vectorStatistics(values, width));
      columns.push(numberColumn(key, feature, values, width));
    }
  }
  return { columns, statistics };
}

function numberColumn(name: string, feature: Feature, values: ArrayLike<number>, width: number): Column {
  if (feature.dtype === 'int64') return { name, type: 'int64', data: Array.from(values, BigInt) };
  if (width === 1) return { name, type: 'float', data: Array.from(values) };
  const rows = Array.from({ length: values.length / width }, (_, row) =>
    Array.from({ length: width }, (_, entry) => values[row * width + entry]!),
  );
  return { name, type: { list: 'float' }, data: rows };
}

function imageCells(frames: FrameStack, length: number): { bytes: Uint8Array; path: string }[] {
  const { width, height } = frames;
  const size = width * height * 3;
  return Array.from({ length }, (_, step) => ({
    bytes: encodePng({ width, height, data: frames.data.subarray(step * size, (step + 1) * size) }),
    path: `frame-${String(step).padStart(6, '0')}.png`,
  }));
}

/** The types of the data files' columns, as Hugging Face datasets describe them in the footer. */
export function huggingFaceMetadata(info: DatasetInfo): string {
  const features = Object.entries(info.features).flatMap(([key, { dtype, shape }]) => {
    if (dtype === 'video') return [];
    if (dtype === 'image') return [[key, { _type: 'Image' }]];
    const value = { dtype, _type: 'Value' };
    return [[key, shape[0] === 1 ? value : { feature: value, length: shape[0], _type: 'List' }]];
  });
  return JSON.stringify({ info: { features: Object.fromEntries(features) } });
}

/**
 * The pictures that an episode has of a camera.
 * @throws InputError when it has none, or they have another size
 */
export function framesOf(stacks: readonly FrameStack[], { camera, width, height }: CameraFeature): FrameStack {
  const stack = stacks.find((candidate) => candidate.camera === camera);
  if (stack === undefined) throw new InputError(`the episode has no pictures of camera "${camera}"`);
  if (stack.width !== width || stack.height !== height) {
    throw new InputError(
      `pictures of camera "${camera}" are ${stack.width}x${stack.height}; the dataset has ${width}x${height}`,
    );
  }
  return stack;
}

/**
 * Checks an episode against the dataset it is to be stored in.
 * @throws InputError naming what has a wrong length or is not finite
 */
export function checkRecorded(recorded: RecordedEpisode, info: DatasetInfo, cameras: readonly CameraFeature[]): void {
  const { episode, privileged } = recorded;
  const { length } = episode;
  if (!Number.isInteger(length) || length < 1) {
    throw new InputError(`the episode has ${length} steps; expected at least one`);
  }
  checkNumbers('observations', episode.observations, (length + 1) * vectorSize(info, 'observation.state'));
  checkNumbers('actions', episode.actions, length * vectorSize(info, 'action'));
  checkNumbers('rewards', episode.rewards, length);
  checkNumbers('step scores', privileged.stepScores, length);
  checkNumbers('poses', privileged.poses, length * poseTrackWidth(privileged.scene));
  for (const camera of cameras) {
    const { data, width, height } = framesOf(episode.frames, camera);
    if (data.length !== length * width * height * 3) {
      throw new InputError(
        `camera "${camera.camera}" has ${data.length} bytes; expected ${length * width * height * 3} (${length} pictures)`,
      );
    }
  }
}

function checkNumbers(name: string, values: Float32Array, expected: number): void {
  if (values.length !== expected) {
    throw new InputError(`the episode's ${name} hold ${values.length} numbers; expected ${expected}`);
  }
  const wrong = values.findIndex((value) => !Number.isFinite(value));
  if (wrong !== -1) throw new InputError(`the episode's ${name} hold ${values[wrong]} at place ${wrong}`);
}
