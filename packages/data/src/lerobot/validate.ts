import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { RapportError, type Scene } from '@rapport/core';
import { TEMPORARY_SUFFIX } from '../durable.js';
import { findFfmpeg } from '../ffmpeg.js';
import { readMp4VideoTrack } from '../mp4.js';
import { type EpisodeRow, locateRows, readEpisodeRows } from './episode-rows.js';
import { DatasetFileError } from './file-error.js';
import { camerasOf, type DatasetInfo, fillPath, INFO_PATH, readInfo } from './info.js';
import { openParquet } from './parquet.js';
import { readTrack, trackPath } from './privileged-tracks.js';
import { openDataset } from './reader.js';
import { readDatasetCard } from './sidecar.js';

/** Something wrong with a dataset. */
export interface DatasetProblem {
  /** Relative to the dataset's folder. */
  readonly file: string;
  /** Row or line, counted from 0, when there is one to name. */
  readonly row?: number;
  readonly problem: string;
  /** What to do about it. */
  readonly fix: string;
}

/** How far a timestamp may be from `frame_index / fps`, in seconds; LeRobot's readers refuse more. */
const TIMESTAMP_TOLERANCE_S = 1e-4;

/**
 * Reads everything that a dataset holds and lists what is wrong; an empty list means that every frame of every episode
 * can be read. Pictures in videos are decoded where ffmpeg is present; elsewhere only the videos' indices are checked.
 */
export async function validateDataset(directory: string): Promise<DatasetProblem[]> {
  const problems: DatasetProblem[] = [];
  const check = async (file: string, work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      problems.push(problemOf(error, file));
    }
  };

  await check(INFO_PATH, async () => {
    const info = await readInfo(directory);
    const dataset = await openDataset(directory);
    const rows = await readEpisodeRows(directory, info);
    const rowInFile = locateRows(rows);
    const isOurs = (await readDatasetCard(directory)) !== undefined;
    problems.push(...counterProblems(info, rows));
    const decodesVideo = (await findFfmpeg()) !== undefined;
    const scenes = new Map<string, Scene>();
    for (const row of rows) {
      const dataFile = fillPath(info.data_path, { chunk_index: row.data.chunk, file_index: row.data.file });
      await check(dataFile, async () => {
        await dataset.readEpisode(row.index, { frames: false });
        problems.push(...(await valueProblems(directory, dataFile, info, row, rowInFile(row))));
      });
      for (const { key, camera, storage } of camerasOf(info)) {
        const file = storage === 'video' ? videoFile(info, key, row) : dataFile;
        await check(file, async () => {
          if (storage === 'video') await checkVideoSpan(directory, file, info, key, row);
          if (storage === 'parquet' || decodesVideo) await dataset.readFrames(row.index, camera);
        });
      }
      if (isOurs) {
        await check(trackPath(row.index), async () => {
          await readTrack(directory, row.index, row.length, scenes);
        });
      }
    }
  });
  problems.push(...(await leftoverProblems(directory)));
  return problems;
}

function counterProblems(info: DatasetInfo, rows: readonly EpisodeRow[]): DatasetProblem[] {
  const problems: DatasetProblem[] = [];
  let next = 0;
  for (const row of rows) {
    if (row.fromIndex !== next || row.toIndex !== next + row.length) {
      problems.push({
        file: 'meta/episodes',
        row: row.index,
        problem: `frames ${row.fromIndex} to ${row.toIndex} for ${row.length} steps; expected ${next} to ${next + row.length}`,
        fix: 'restore the folder from a copy',
      });
    }
    next = row.toIndex;
  }
  if (next !== info.total_frames) {
    problems.push({
      file: INFO_PATH,
      problem: `total_frames is ${info.total_frames}; the episodes have ${next}`,
      fix: `set total_frames to ${next}`,
    });
  }
  return problems;
}

/** Timestamps off the grid, and numbers that are not finite, of an episode that starts at row `start` of its file. */
async function valueProblems(
  directory: string,
  file: string,
  info: DatasetInfo,
  episode: EpisodeRow,
  start: number,
): Promise<DatasetProblem[]> {
  const problems: DatasetProblem[] = [];
  const floats = Object.entries(info.features).flatMap(([key, { dtype }]) => (dtype.startsWith('float') ? [key] : []));
  const columns = [...new Set([...floats, 'timestamp'])];
  const table = await (await openParquet(directory, file)).read(columns, start, start + episode.length);
  table.forEach((values, step) => {
    const row = start + step;
    const expected = step / info.fps;
    if (!(Math.abs(Number(values.timestamp) - expected) <= TIMESTAMP_TOLERANCE_S)) {
      problems.push({
        file,
        row,
        problem: `timestamp is ${values.timestamp}; frame ${step} at ${info.fps} frames/s is at ${expected}`,
        fix: 'set timestamps to frame_index / fps',
      });
    }
    for (const key of floats) {
      const entries: unknown[] = [values[key]].flat();
      const wrong = entries.findIndex((entry) => !Number.isFinite(entry));
      if (wrong === -1) continue;
      problems.push({
        file,
        row,
        problem: `column "${key}" entry ${wrong} is ${entries[wrong]}; expected a finite number`,
        fix: 'record the episode again',
      });
    }
  });
  return problems;
}

async function checkVideoSpan(
  directory: string,
  file: string,
  info: DatasetInfo,
  key: string,
  row: EpisodeRow,
): Promise<void> {
  const reference = { directory, file };
  const track = await readMp4VideoTrack(join(directory, file)).catch((cause) => {
    throw new DatasetFileError(reference, 'is missing or unreadable', { cause });
  });
  if (track === undefined) throw new DatasetFileError(reference, 'is not a whole MP4 video');
  const { fromS, toS } = row.videos.get(key)!;
  if (Math.abs(toS - fromS - row.length / info.fps) > TIMESTAMP_TOLERANCE_S) {
    throw new DatasetFileError(
      { directory, file: 'meta/episodes', row: row.index },
      `gives "${key}" ${toS - fromS} s of video; ${row.length} steps last ${row.length / info.fps} s`,
    );
  }
  if (!track.constantRate) throw new DatasetFileError(reference, 'has pictures of unequal duration');
  if (toS > track.durationS + TIMESTAMP_TOLERANCE_S) {
    throw new DatasetFileError(reference, `lasts ${track.durationS} s; episode ${row.index} ends at ${toS} s`);
  }
}

function videoFile(info: DatasetInfo, key: string, row: EpisodeRow): string {
  const place = row.videos.get(key)!;
  return fillPath(info.video_path ?? '', {
    video_key: key,
    chunk_index: place.chunk,
    file_index: place.file,
  });
}

async function leftoverProblems(directory: string): Promise<DatasetProblem[]> {
  const entries = await readdir(directory, { recursive: true }).catch(() => []);
  return entries
    .filter((entry) => entry.endsWith(TEMPORARY_SUFFIX))
    .map((file) => ({ file, problem: 'was left by an interrupted write', fix: 'delete it; no episode needs it' }));
}

function problemOf(error: unknown, file: string): DatasetProblem {
  if (error instanceof DatasetFileError) {
    const { reference, problem } = error;
    return {
      file: reference.file,
      ...(reference.row === undefined ? {} : { row: reference.row }),
      problem,
      fix: error.fix ?? '',
    };
  }
  if (error instanceof RapportError) return { file, problem: error.message, fix: error.fix ?? '' };
  throw error;
}
