import { basename, join, resolve } from 'node:path';
import { type BoxSpace, boxSpace, CorruptDataError, type Episode, type FrameStack, InputError } from '@rapport/core';
import { decodeVideo, type VideoRange } from '../ffmpeg.js';
import { type EpisodeRow, locateRows, readEpisodeRows } from './episode-rows.js';
import { readSteps } from './episode-steps.js';
import { DatasetFileError } from './file-error.js';
import { type CameraFeature, camerasOf, type DatasetInfo, type Feature, fillPath, readInfo } from './info.js';
import { openParquet } from './parquet.js';
import { readPictures } from './pictures.js';
import { EPISODE_CARDS_PATH, type EpisodeCard, readDatasetCard, readEpisodeCards } from './sidecar.js';
import { readTasks } from './tasks.js';

/** What a list of episodes shows. */
export interface DatasetEpisode {
  readonly index: number;
  /** Number of steps. */
  readonly length: number;
  /** Seed of the environment; -1 when another program wrote the dataset, which then does not say. */
  readonly seed: number;
  /** Who acted; `unknown` when another program wrote the dataset. */
  readonly policy: string;
  readonly envId: string;
  /** What stopped it before its time; absent when nothing is known to have. */
  readonly stopped?: string;
  /** Task texts. */
  readonly tasks: readonly string[];
}

/** Frames `start` (included) to `end` (excluded) of an episode. */
export interface FrameRange {
  readonly start: number;
  readonly end: number;
}

/**
 * A dataset as a learner sees it. The object keeps no way to scores, success, scenes or poses, nor to the folder in
 * which they lie; `openPrivilegedDataset` is for those who may know them.
 */
export interface Dataset {
  /** Identity, as in `ClipReference.dataset`. */
  readonly id: string;
  readonly envId: string;
  readonly info: DatasetInfo;
  readonly observationSpace: BoxSpace;
  readonly actionSpace: BoxSpace;
  readonly cameras: readonly CameraFeature[];
  readonly episodes: readonly DatasetEpisode[];
  /** @throws InputError when there is no such episode, saying how many there are */
  episode(index: number): DatasetEpisode;
  /**
   * Reads an episode whole. Of datasets that another program wrote the observation after the last action is unknown;
   * the last known one is repeated there.
   * @throws DatasetFileError when a file is missing, damaged or contradicts `meta/`, naming file and row
   */
  readEpisode(index: number, options: { readonly frames: boolean }): Promise<Episode>;
  /**
   * Reads pictures of one camera; all of the episode without a range.
   * @throws UnavailableError when the pictures are a video and ffmpeg is missing
   */
  readFrames(index: number, camera: string, range?: FrameRange): Promise<FrameStack>;
}

/**
 * Opens a LeRobotDataset v3.0, written by Rapport or by LeRobot.
 * @throws DatasetFileError when it is not one, is half-written or of another version, naming file and fix
 */
export async function openDataset(directory: string): Promise<Dataset> {
  const info = await readInfo(directory);
  const card = await readDatasetCard(directory);
  const rows = await readEpisodeRows(directory, info);
  const cards = card && (await readEpisodeCards(directory, info.total_episodes)).cards;
  const tasks = info.total_episodes === 0 ? [] : await readTasks(directory);
  const envId = card?.envId ?? `lerobot/${info.robot_type ?? 'unknown'}`;
  const rowInFile = locateRows(rows);
  const cameras = camerasOf(info);

  const episodes = rows.map(
    (row, index): DatasetEpisode => ({
      index,
      length: row.length,
      seed: cards?.[index]?.seed ?? -1,
      policy: cards?.[index]?.policy ?? 'unknown',
      envId: cards?.[index]?.envId ?? envId,
      ...stoppedOf(cards?.[index]),
      tasks: row.tasks,
    }),
  );

  const episode = (index: number): DatasetEpisode => {
    const found = episodes[index];
    if (found !== undefined) return found;
    throw new InputError(`dataset ${directory} has no episode ${index}; it has ${episodes.length}`);
  };

  const openData = async (row: EpisodeRow) => {
    const path = fillPath(info.data_path, { chunk_index: row.data.chunk, file_index: row.data.file });
    const file = await openParquet(directory, path);
    const start = rowInFile(row);
    if (start + row.length > file.rowCount) {
      throw new DatasetFileError(
        file.reference,
        `has ${file.rowCount} rows; episode ${row.index} needs rows ${start} to ${start + row.length}`,
      );
    }
    return { file, start };
  };

  const readFrames = async (index: number, camera: string, range?: FrameRange): Promise<FrameStack> => {
    const { length } = episode(index);
    const feature = cameras.find((candidate) => candidate.camera === camera);
    if (feature === undefined) {
      const known = cameras.map((candidate) => candidate.camera).join(', ') || 'none';
      throw new InputError(`dataset ${directory} has no camera "${camera}"; it has ${known}`);
    }
    const { start, end } = range ?? { start: 0, end: length };
    if (!(Number.isInteger(start) && Number.isInteger(end) && 0 <= start && start <= end && end <= length)) {
      throw new InputError(`frames ${start} to ${end} of episode ${index} do not exist; it has frames 0 to ${length}`);
    }
    const row = rows[index]!;
    const { width, height } = feature;
    if (feature.storage === 'parquet') {
      const data = await openData(row);
      const pictures = await readPictures(data.file, feature, data.start + start, data.start + end);
      return { camera, width, height, data: pictures };
    }
    const place = row.videos.get(feature.key)!;
    const path = fillPath(info.video_path ?? '', {
      video_key: feature.key,
      chunk_index: place.chunk,
      file_index: place.file,
    });
    const first = Math.round(place.fromS * info.fps) + start;
    const video = { width, height, fps: info.fps, start: first, count: end - start };
    const data = await decodeAt(directory, path, video);
    return { camera, width, height, data };
  };

  const readEpisode = async (index: number, options: { readonly frames: boolean }): Promise<Episode> => {
    const listed = episode(index);
    const { file, start } = await openData(rows[index]!);
    const steps = await readSteps(file, info, rows[index]!, start, tasks);
    const frames: FrameStack[] = [];
    if (options.frames) for (const { camera } of cameras) frames.push(await readFrames(index, camera));
    return {
      envId: listed.envId,
      seed: listed.seed,
      policy: listed.policy,
      length: listed.length,
      observations: withFinalObservation(steps.observations, listed.length, cards?.[index], directory),
      actions: steps.actions,
      rewards: steps.rewards,
      terminated: cards?.[index]?.terminated ?? (steps.done && !steps.truncated),
      truncated: cards?.[index]?.truncated ?? (steps.truncated || !steps.done),
      ...stoppedOf(cards?.[index]),
      frames,
    };
  };

  return Object.freeze({
    id: card?.id ?? basename(resolve(directory)),
    envId,
    info,
    observationSpace: card?.observationSpace ?? spaceOf(info.features['observation.state']),
    actionSpace: card?.actionSpace ?? spaceOf(info.features.action),
    cameras,
    episodes,
    episode,
    readEpisode,
    readFrames,
  });
}

function stoppedOf(card: EpisodeCard | undefined): { readonly stopped?: string } {
  return card?.stopped === undefined ? {} : { stopped: card.stopped };
}

function withFinalObservation(
  known: Float32Array,
  length: number,
  card: EpisodeCard | undefined,
  directory: string,
): Float32Array {
  const width = known.length / length;
  const observations = new Float32Array(known.length + width);
  observations.set(known);
  if (card === undefined) {
    observations.copyWithin(known.length, known.length - width, known.length);
    return observations;
  }
  if (card.finalObservation.length !== width) {
    throw new DatasetFileError(
      { directory, file: EPISODE_CARDS_PATH, row: card.episode },
      `the final observation has ${card.finalObservation.length} numbers; expected ${width}`,
    );
  }
  observations.set(card.finalObservation, known.length);
  return observations;
}

async function decodeAt(directory: string, path: string, range: VideoRange): Promise<Uint8Array> {
  try {
    return await decodeVideo(join(directory, path), range);
  } catch (cause) {
    if (!(cause instanceof CorruptDataError)) throw cause;
    throw new DatasetFileError({ directory, file: path }, cause.message, { cause });
  }
}

/** A space that knows the entries' names only, for datasets that other programs wrote. */
function spaceOf(feature: Feature | undefined): BoxSpace {
  const names = Array.isArray(feature?.names) ? feature.names : [];
  return boxSpace(
    Array.from({ length: feature?.shape[0] ?? 0 }, (_, index) => ({
      name: typeof names[index] === 'string' ? names[index] : `entry_${index}`,
      unit: 'unknown',
      low: Number.NEGATIVE_INFINITY,
      high: Number.POSITIVE_INFINITY,
    })),
  );
}
