import { access, mkdir, readdir, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import {
  type BoxSpace,
  type FrameStack,
  InputError,
  poseTrackWidth,
  type RecordedEpisode,
  spaceSize,
  UnavailableError,
} from '@rapport/core';
import { chooseEncoder, encodeVideo, FFMPEG_FIX, KEY_FRAME_INTERVAL, type VideoEncoder } from '../ffmpeg.js';
import { encodePng } from '../png.js';
import {
  makeDirectoryDurably,
  publish,
  removeTemporaryFiles,
  syncFile,
  TEMPORARY_SUFFIX,
  writeDurably,
} from './durable.js';
import {
  type EpisodeRow,
  isPicture,
  mergeEpisodeRows,
  perChannel,
  placeOf,
  readEpisodeRowsWithStatistics,
  removeLeftoverRows,
  writeEpisodeRows,
} from './episode-rows.js';
import {
  AUTOMATIC_FEATURES,
  type CameraFeature,
  CODEBASE_VERSION,
  cameraKey,
  camerasOf,
  type DatasetInfo,
  type Feature,
  FILES_PER_CHUNK,
  fillPath,
  readInfo,
  writeInfo,
} from './info.js';
import { type Column, encodeParquet } from './parquet.js';
import { writeTrack } from './privileged-tracks.js';
import { appendEpisodeCard, readDatasetCard, readEpisodeCards, writeDatasetCard } from './sidecar.js';
import {
  type FeatureStatistics,
  mergeStatistics,
  pictureStatistics,
  STATISTIC_NAMES,
  vectorStatistics,
} from './statistics.js';
import { readTasks, writeTasks } from './tasks.js';

export type ImageStorage = 'video' | 'parquet';

export interface CreateDatasetOptions {
  /** Identity, as in `ClipReference.dataset`; the folder's name when absent. */
  readonly id?: string;
  readonly envId: string;
  /** Control steps per second, a whole number. */
  readonly fps: number;
  readonly observationSpace: BoxSpace;
  readonly actionSpace: BoxSpace;
  readonly cameras: readonly { readonly camera: string; readonly width: number; readonly height: number }[];
  /** For example `xmagical_longstick`. */
  readonly robotType: string;
  /** `video` where ffmpeg can encode, `parquet` otherwise, when absent. */
  readonly imageStorage?: ImageStorage;
}

/** Appends episodes to a dataset; one writer per dataset at a time. */
export interface DatasetWriter {
  /** Episodes that are safely stored. */
  readonly episodeCount: number;
  readonly imageStorage: ImageStorage;
  /**
   * Stores an episode. When the promise resolves the episode survives a crash; when the process dies before, the
   * dataset is as it was. Calls are carried out one after the other.
   * @param task what the robot is asked to do, in words; the environment's id when absent
   * @returns the index of the episode
   * @throws InputError when a shape does not fit the dataset or a number is not finite; the dataset is unchanged
   */
  append(recorded: RecordedEpisode, task?: string): Promise<number>;
  /** Gathers the episodes' rows in one file. The dataset is valid without it; it opens faster with it. */
  finalize(): Promise<void>;
}

/**
 * Creates an empty LeRobotDataset v3.0.
 * @throws InputError when the folder exists and is not empty, or an option is wrong; UnavailableError when video is
 * asked for and ffmpeg cannot encode it
 */
export async function createDataset(directory: string, options: CreateDatasetOptions): Promise<DatasetWriter> {
  checkOptions(options);
  await refuseExisting(directory);
  const encoders = await Promise.all(options.cameras.map(chooseEncoder));
  const imageStorage =
    options.imageStorage ?? (encoders.every((encoder) => encoder !== undefined) ? 'video' : 'parquet');
  const info = emptyInfo(options, imageStorage, encoders);
  await makeDirectoryDurably(directory);
  await writeDatasetCard(directory, {
    id: options.id ?? basename(resolve(directory)),
    envId: options.envId,
    observationSpace: options.observationSpace,
    actionSpace: options.actionSpace,
  });
  await writeInfo(directory, info);
  return new LeRobotWriter(directory, info, options.envId, { tasks: [], statistics: new Map(), cardBytes: 0 });
}

/**
 * Opens a dataset that Rapport wrote to append to it. What a crash left half-written is removed; every episode whose
 * `append` had resolved is still there.
 * @throws CorruptDataError when the dataset is damaged; InputError when another program wrote it
 */
export async function openDatasetForAppend(directory: string): Promise<DatasetWriter> {
  const info = await readInfo(directory);
  const card = await readDatasetCard(directory);
  if (card === undefined) {
    throw new InputError(`${directory} was not written by Rapport, which appends to its own datasets only`, {
      fix: 'record into a new folder',
    });
  }
  await removeTemporaryFiles(directory);
  await removeLeftoverRows(directory, info);
  await removeLeftoverEpisode(directory, info);
  const rows = await readEpisodeRowsWithStatistics(directory, info);
  const { byteLength } = await readEpisodeCards(directory, info.total_episodes);
  const tasks = info.total_tasks === 0 ? [] : (await readTasks(directory)).slice(0, info.total_tasks);
  const statistics = new Map<string, FeatureStatistics>();
  for (const row of rows) includeStatistics(statistics, row.statistics);
  return new LeRobotWriter(directory, info, card.envId, { tasks, statistics, cardBytes: byteLength });
}

interface WriterState {
  readonly tasks: readonly string[];
  readonly statistics: Map<string, FeatureStatistics>;
  /** Length of the acknowledged part of `episodes.jsonl`. */
  readonly cardBytes: number;
}

class LeRobotWriter implements DatasetWriter {
  readonly #directory: string;
  readonly #envId: string;
  readonly #cameras: readonly CameraFeature[];
  #info: DatasetInfo;
  #tasks: readonly string[];
  #statistics: Map<string, FeatureStatistics>;
  #cardBytes: number;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(directory: string, info: DatasetInfo, envId: string, state: WriterState) {
    this.#directory = directory;
    this.#info = info;
    this.#envId = envId;
    this.#cameras = camerasOf(info);
    this.#tasks = state.tasks;
    this.#statistics = state.statistics;
    this.#cardBytes = state.cardBytes;
  }

  get episodeCount(): number {
    return this.#info.total_episodes;
  }

  get imageStorage(): ImageStorage {
    return this.#cameras[0]?.storage ?? 'parquet';
  }

  append(recorded: RecordedEpisode, task: string = this.#envId): Promise<number> {
    return this.#inTurn(() => this.#append(recorded, task));
  }

  finalize(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#info.total_episodes === 0) return;
      const rows = await readEpisodeRowsWithStatistics(this.#directory, this.#info);
      await mergeEpisodeRows(this.#directory, this.#info, rows);
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => undefined);
    return result;
  }

  /** Every file is whole before the next is begun, and `info.json`, which makes the episode count, comes last. */
  async #append(recorded: RecordedEpisode, task: string): Promise<number> {
    const { episode, privileged } = recorded;
    const directory = this.#directory;
    const info = this.#info;
    checkRecorded(recorded, info, this.#cameras);

    const index = info.total_episodes;
    const place = placeOf(index);
    const tasks = this.#tasks.includes(task) ? this.#tasks : [...this.#tasks, task];
    const { columns, statistics } = episodeTable(recorded, {
      info,
      index,
      fromIndex: info.total_frames,
      taskIndex: tasks.indexOf(task),
      cameras: this.#cameras,
    });

    for (const feature of this.#cameras) {
      if (feature.storage !== 'video') continue;
      const frames = framesOf(episode.frames, feature);
      await writeVideo(join(directory, videoPath(info, feature.key, index)), frames, info, feature);
    }
    const dataFile = fillPath(info.data_path, { chunk_index: place.chunk, file_index: place.file });
    await writeDurably(join(directory, dataFile), encodeParquet(columns, { huggingface: huggingFaceMetadata(info) }));
    await writeTrack(directory, index, privileged);
    const observationSize = info.features['observation.state']!.shape[0]!;
    const cardBytes = await appendEpisodeCard(directory, this.#cardBytes, {
      episode: index,
      envId: episode.envId,
      seed: episode.seed,
      policy: episode.policy,
      terminated: episode.terminated,
      truncated: episode.truncated,
      finalObservation: [...episode.observations.subarray(episode.length * observationSize)],
    });
    if (tasks !== this.#tasks) await writeTasks(directory, tasks);
    const row: EpisodeRow = {
      index,
      tasks: [task],
      length: episode.length,
      data: place,
      fromIndex: info.total_frames,
      toIndex: info.total_frames + episode.length,
      videos: new Map(this.#cameras.map(({ key }) => [key, { ...place, fromS: 0, toS: episode.length / info.fps }])),
    };
    await writeEpisodeRows(directory, info, [{ ...row, statistics }], place);
    const merged = new Map(this.#statistics);
    includeStatistics(merged, statistics);
    await writeStatistics(directory, info, merged);
    const counted: DatasetInfo = {
      ...info,
      total_episodes: index + 1,
      total_frames: row.toIndex,
      total_tasks: tasks.length,
      splits: { train: `0:${index + 1}` },
    };
    await writeInfo(directory, counted);

    this.#info = counted;
    this.#tasks = tasks;
    this.#statistics = merged;
    this.#cardBytes = cardBytes;
    return index;
  }
}

interface TableContext {
  readonly info: DatasetInfo;
  readonly index: number;
  readonly fromIndex: number;
  readonly taskIndex: number;
  readonly cameras: readonly CameraFeature[];
}

/** The rows of an episode as columns, in the order of the features, and the statistics of every feature. */
function episodeTable(
  { episode, privileged }: RecordedEpisode,
  { info, index, fromIndex, taskIndex, cameras }: TableContext,
): { columns: Column[]; statistics: Map<string, FeatureStatistics> } {
  const { length } = episode;
  const steps = Array.from({ length }, (_, step) => step);
  const atEnd = (value: boolean) => steps.map((step) => value && step === length - 1);
  const observationSize = info.features['observation.state']!.shape[0]!;
  const numbers: Record<string, ArrayLike<number>> = {
    'observation.state': episode.observations.subarray(0, length * observationSize),
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

async function writeVideo(path: string, frames: FrameStack, info: DatasetInfo, feature: CameraFeature): Promise<void> {
  const encoder = await chooseEncoder(feature);
  const expected = info.features[feature.key]!.info?.['video.codec'];
  if (encoder === undefined || encoder.codec !== expected) {
    throw new UnavailableError(`the dataset's videos are ${String(expected)}, which ffmpeg here cannot encode`, {
      fix: FFMPEG_FIX,
    });
  }
  const temporary = `${path}${TEMPORARY_SUFFIX}`;
  await mkdir(dirname(path), { recursive: true });
  await encodeVideo({ ...frames, fps: info.fps }, encoder, temporary);
  await syncFile(temporary);
  await publish(temporary, path);
}

/** Removes the files of the episode after the last counted one, should a crash have left some. */
async function removeLeftoverEpisode(directory: string, info: DatasetInfo): Promise<void> {
  const { chunk, file } = placeOf(info.total_episodes);
  const paths = [fillPath(info.data_path, { chunk_index: chunk, file_index: file })];
  for (const { key, storage } of camerasOf(info)) {
    if (storage === 'video') paths.push(videoPath(info, key, info.total_episodes));
  }
  for (const path of paths) await rm(join(directory, path), { force: true });
}

function videoPath(info: DatasetInfo, key: string, index: number): string {
  const { chunk, file } = placeOf(index);
  return fillPath(info.video_path!, { video_key: key, chunk_index: chunk, file_index: file });
}

function includeStatistics(total: Map<string, FeatureStatistics>, added: ReadonlyMap<string, FeatureStatistics>): void {
  for (const [key, statistics] of added) {
    const before = total.get(key);
    total.set(key, before === undefined ? statistics : mergeStatistics([before, statistics]));
  }
}

async function writeStatistics(
  directory: string,
  info: DatasetInfo,
  statistics: ReadonlyMap<string, FeatureStatistics>,
): Promise<void> {
  const document = Object.fromEntries(
    [...statistics].map(([key, values]) => {
      const picture = isPicture(info.features[key]!);
      const entries = STATISTIC_NAMES.map((name) => {
        if (name === 'count') return [name, [values.count]];
        return [name, picture ? perChannel(values[name]) : values[name]];
      });
      return [key, Object.fromEntries(entries)];
    }),
  );
  await writeDurably(join(directory, 'meta/stats.json'), JSON.stringify(document, null, 4));
}

/** The types of the data files' columns, as Hugging Face datasets describe them in the footer. */
function huggingFaceMetadata(info: DatasetInfo): string {
  const features = Object.entries(info.features).flatMap(([key, { dtype, shape }]) => {
    if (dtype === 'video') return [];
    if (dtype === 'image') return [[key, { _type: 'Image' }]];
    const value = { dtype, _type: 'Value' };
    return [[key, shape[0] === 1 ? value : { feature: value, length: shape[0], _type: 'List' }]];
  });
  return JSON.stringify({ info: { features: Object.fromEntries(features) } });
}

function emptyInfo(
  options: CreateDatasetOptions,
  storage: ImageStorage,
  encoders: readonly (VideoEncoder | undefined)[],
): DatasetInfo {
  const vector = (space: BoxSpace): Feature => ({
    dtype: 'float32',
    shape: [spaceSize(space)],
    names: space.entries.map(({ name }) => name),
  });
  const flag: Feature = { dtype: 'bool', shape: [1], names: null };
  const cameras = options.cameras.map(({ camera, width, height }, position): [string, Feature] => {
    const shape = [height, width, 3];
    const names = ['height', 'width', 'channels'];
    if (storage === 'parquet') return [cameraKey(camera), { dtype: 'image', shape, names }];
    const encoder = encoders[position];
    if (encoder === undefined) {
      throw new UnavailableError(`no ffmpeg that can encode pictures of ${width}x${height} as AV1 or H.264`, {
        fix: `${FFMPEG_FIX}, or ask for image storage "parquet"`,
      });
    }
    if (width % 2 === 1 || height % 2 === 1) {
      throw new InputError(`camera "${camera}" is ${width}x${height}; video needs even numbers`, {
        fix: 'use another size, or image storage "parquet"',
      });
    }
    return [
      cameraKey(camera),
      {
        dtype: 'video',
        shape,
        names,
        info: {
          'video.height': height,
          'video.width': width,
          'video.codec': encoder.codec,
          'video.pix_fmt': 'yuv420p',
          'video.fps': options.fps,
          'video.channels': 3,
          has_audio: false,
          'video.g': KEY_FRAME_INTERVAL,
          'video.crf': encoder.crf,
          is_depth_map: false,
        },
      },
    ];
  });
  return {
    codebase_version: CODEBASE_VERSION,
    fps: options.fps,
    features: {
      'observation.state': vector(options.observationSpace),
      action: vector(options.actionSpace),
      ...Object.fromEntries(cameras),
      'next.reward': { dtype: 'float32', shape: [1], names: null },
      'next.done': flag,
      'next.success': flag,
      'next.truncated': flag,
      ...AUTOMATIC_FEATURES,
    },
    total_episodes: 0,
    total_frames: 0,
    total_tasks: 0,
    chunks_size: FILES_PER_CHUNK,
    data_files_size_in_mb: 100,
    video_files_size_in_mb: 200,
    data_path: 'data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet',
    video_path:
      storage === 'video' && options.cameras.length > 0
        ? 'videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4'
        : null,
    robot_type: options.robotType,
    splits: {},
  };
}

function checkOptions({ fps, cameras, observationSpace, actionSpace }: CreateDatasetOptions): void {
  if (!Number.isInteger(fps) || fps < 1) throw new InputError(`fps is ${fps}; expected a positive whole number`);
  if (spaceSize(observationSpace) === 0 || spaceSize(actionSpace) === 0) {
    throw new InputError('a dataset needs observations and actions of at least one entry');
  }
  for (const { camera, width, height } of cameras) {
    if (!/^[A-Za-z0-9_-]+$/.test(camera)) {
      throw new InputError(`camera name "${camera}" is not made of letters, digits, "_" and "-"`);
    }
    if (!Number.isInteger(width) || !Number.isInteger(height) || width < 1 || height < 1) {
      throw new InputError(`camera "${camera}" is ${width}x${height}; expected positive whole numbers`);
    }
  }
  const names = cameras.map(({ camera }) => camera);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new InputError(`camera "${twice}" is named twice`);
}

async function refuseExisting(directory: string): Promise<void> {
  let entries: string[];
  try {
    entries = await readdir(directory);
  } catch (error) {
    if (await exists(directory)) {
      throw new InputError(`${directory} is not a folder that can be read`, { fix: 'name a new folder', cause: error });
    }
    return;
  }
  if (entries.length === 0) return;
  throw new InputError(`${directory} exists and is not empty; a dataset is never overwritten`, {
    fix: 'name a new folder, or append to the dataset that is there',
  });
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function framesOf(stacks: readonly FrameStack[], { camera, width, height }: CameraFeature): FrameStack {
  const stack = stacks.find((candidate) => candidate.camera === camera);
  if (stack === undefined) throw new InputError(`the episode has no pictures of camera "${camera}"`);
  if (stack.width !== width || stack.height !== height) {
    throw new InputError(
      `pictures of camera "${camera}" are ${stack.width}x${stack.height}; the dataset has ${width}x${height}`,
    );
  }
  return stack;
}

function checkRecorded(recorded: RecordedEpisode, info: DatasetInfo, cameras: readonly CameraFeature[]): void {
  const { episode, privileged } = recorded;
  const { length } = episode;
  if (!Number.isInteger(length) || length < 1) {
    throw new InputError(`the episode has ${length} steps; expected at least one`);
  }
  const size = (key: string) => info.features[key]!.shape[0]!;
  checkNumbers('observations', episode.observations, (length + 1) * size('observation.state'));
  checkNumbers('actions', episode.actions, length * size('action'));
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
