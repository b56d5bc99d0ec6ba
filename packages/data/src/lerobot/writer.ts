import { access, mkdir, readdir, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { type FrameStack, InputError, type RecordedEpisode, UnavailableError } from '@rapport/core';
import {
  makeDirectoryDurably,
  publish,
  removeTemporaryFiles,
  syncFile,
  TEMPORARY_SUFFIX,
  writeDurably,
} from '../durable.js';
import { chooseEncoder, encodeVideo, FFMPEG_FIX } from '../ffmpeg.js';
import {
  type EpisodeRow,
  mergeEpisodeRows,
  placeOf,
  readEpisodeRowsWithStatistics,
  removeLeftoverRows,
  writeEpisodeRows,
} from './episode-rows.js';
import { checkRecorded, episodeTable, framesOf, huggingFaceMetadata } from './episode-table.js';
import { type CameraFeature, camerasOf, type DatasetInfo, fillPath, readInfo, vectorSize, writeInfo } from './info.js';
import { type CreateDatasetOptions, checkDatasetOptions, emptyInfo, type ImageStorage } from './new-dataset.js';
import { encodeParquet } from './parquet.js';
import { writeTrack } from './privileged-tracks.js';
import { appendEpisodeCard, readDatasetCard, readEpisodeCards, writeDatasetCard } from './sidecar.js';
import type { FeatureStatistics } from './statistics.js';
import { includeStatistics, writeStatistics } from './statistics-file.js';
import { readTasks, writeTasks } from './tasks.js';

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
  checkDatasetOptions(options);
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
    const stored = (await readInfo(directory)).total_episodes;
    if (stored !== info.total_episodes) {
      throw new InputError(
        `${directory} has ${stored} episodes, but this writer left ${info.total_episodes}: another one is at work`,
        { fix: 'let one process at a time write to a dataset' },
      );
    }

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
    const observationSize = vectorSize(info, 'observation.state');
    const cardBytes = await appendEpisodeCard(directory, this.#cardBytes, {
      episode: index,
      envId: episode.envId,
      seed: episode.seed,
      policy: episode.policy,
      terminated: episode.terminated,
      truncated: episode.truncated,
      ...(episode.stopped !== undefined && { stopped: episode.stopped }),
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

async function writeVideo(path: string, frames: FrameStack, info: DatasetInfo, feature: CameraFeature): Promise<void> {
  const encoder = await chooseEncoder(feature);
  const expected = info.features[feature.key]!.info?.['video.codec'];
  if (encoder === undefined || encoder.codec !== expected) {
    throw new UnavailableError(`the dataset's videos are ${String(expected)}, which ffmpeg here cannot encode`, {
      fix: FFMPEG_FIX,
    });
  }
  // Named after this process: an ffmpeg that outlives a killed writer must not meet its successor's.
  const temporary = `${path}.${process.pid}${TEMPORARY_SUFFIX}`;
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
