import type { EpisodeRow } from './episode-rows.js';
import { DatasetFileError, type FileReference } from './file-error.js';
import { type DatasetInfo, vectorSize } from './info.js';
import type { ParquetFile } from './parquet.js';

/** The columns of an episode that a learner may see. */
export interface Steps {
  /** Shape [T, observation entries]. */
  readonly observations: Float32Array;
  /** Shape [T, action entries]. */
  readonly actions: Float32Array;
  /** Shape [T]; zeros when the dataset has no `next.reward`. */
  readonly rewards: Float32Array;
  /** `next.done` and `next.truncated` of the last step. */
  readonly done: boolean;
  readonly truncated: boolean;
}

/**
 * Reads the steps of an episode, which start at row `start` of `file`.
 * @param tasks texts by `task_index`
 * @throws DatasetFileError when a row belongs elsewhere, or a vector has another length than `info` says
 */
export async function readSteps(
  file: ParquetFile,
  info: DatasetInfo,
  episode: EpisodeRow,
  start: number,
  tasks: readonly string[],
): Promise<Steps> {
  const { length } = episode;
  const observations = vectorColumn(info, 'observation.state', length);
  const actions = vectorColumn(info, 'action', length);
  const rewards = new Float32Array(length);
  const flags = ['next.reward', 'next.done', 'next.truncated'].filter((key) => key in info.features);
  const vectors = [observations, actions].flatMap(({ key, width }) => (width > 0 ? [key] : []));
  const automatic = ['episode_index', 'frame_index', 'index', 'task_index'];
  const rows = await file.read([...vectors, ...flags, ...automatic], start, start + length);
  rows.forEach((row, step) => {
    const at = { ...file.reference, row: start + step };
    expectInteger(row, 'episode_index', episode.index, at);
    expectInteger(row, 'frame_index', step, at);
    expectInteger(row, 'index', episode.fromIndex + step, at);
    const task = tasks[Number(row.task_index)];
    if (task === undefined || !episode.tasks.includes(task)) {
      throw new DatasetFileError(at, `task_index ${row.task_index} is not a task of episode ${episode.index}`, {
        fix: 'restore meta/tasks.parquet from a copy',
      });
    }
    copyVector(row, observations, step, at);
    copyVector(row, actions, step, at);
    rewards[step] = Number(row['next.reward'] ?? 0);
  });
  const last = rows[length - 1];
  return {
    observations: observations.values,
    actions: actions.values,
    rewards,
    done: last?.['next.done'] === true,
    truncated: last?.['next.truncated'] === true,
  };
}

interface VectorColumn {
  readonly key: string;
  readonly width: number;
  readonly values: Float32Array;
}

function vectorColumn(info: DatasetInfo, key: string, length: number): VectorColumn {
  const width = vectorSize(info, key);
  return { key, width, values: new Float32Array(length * width) };
}

function copyVector(row: Record<string, unknown>, column: VectorColumn, step: number, at: FileReference): void {
  const { key, width, values } = column;
  if (width === 0) return;
  const cell = row[key];
  // A feature of shape [1] is a plain number in the file.
  const entries = Array.isArray(cell) ? cell : typeof cell === 'number' ? [cell] : [];
  if (entries.length !== width || !entries.every((entry) => typeof entry === 'number')) {
    throw new DatasetFileError(at, `column "${key}" has ${entries.length} numbers; meta/info.json says ${width}`);
  }
  values.set(entries, step * width);
}

function expectInteger(row: Record<string, unknown>, column: string, expected: number, at: FileReference): void {
  if (Number(row[column]) === expected) return;
  throw new DatasetFileError(at, `column "${column}" is ${String(row[column])}; expected ${expected}`);
}
