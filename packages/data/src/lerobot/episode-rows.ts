import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeDurably } from '../durable.js';
import { DatasetFileError, type FileReference } from './file-error.js';
import { type DatasetInfo, type Feature, FILES_PER_CHUNK, fillPath, INFO_PATH } from './info.js';
import { type Column, type ColumnType, encodeParquet, openParquet } from './parquet.js';
import { type FeatureStatistics, STATISTIC_NAMES } from './statistics.js';

/** Where a file lies in the numbered folders. */
export interface FilePlace {
  readonly chunk: number;
  readonly file: number;
}

/** One row of `meta/episodes`. */
export interface EpisodeRow {
  readonly index: number;
  readonly tasks: readonly string[];
  /** Frames. */
  readonly length: number;
  readonly data: FilePlace;
  /** First global frame index, and the one after the last. */
  readonly fromIndex: number;
  readonly toIndex: number;
  /** By feature key: the file, and the seconds inside it at which the episode starts and ends. */
  readonly videos: ReadonlyMap<string, FilePlace & { readonly fromS: number; readonly toS: number }>;
}

export type EpisodeRowWithStatistics = EpisodeRow & {
  readonly statistics: ReadonlyMap<string, FeatureStatistics>;
};

const EPISODES_FOLDER = 'meta/episodes';
const EPISODES_PATH = `${EPISODES_FOLDER}/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet`;

/** The place of the nth file of a kind, one file per episode. */
export function placeOf(index: number): FilePlace {
  return { chunk: Math.floor(index / FILES_PER_CHUNK), file: index % FILES_PER_CHUNK };
}

/** Writes rows as one file of `meta/episodes`. */
export async function writeEpisodeRows(
  directory: string,
  info: DatasetInfo,
  rows: readonly EpisodeRowWithStatistics[],
  place: FilePlace,
): Promise<void> {
  await writeDurably(join(directory, rowsPath(place)), encodeParquet(episodeColumns(info, rows, place)));
}

/**
 * Puts the rows of all episodes into one file and removes the others. A crash in between leaves some rows twice, the
 * single file first, which readers bear.
 */
export async function mergeEpisodeRows(
  directory: string,
  info: DatasetInfo,
  rows: readonly EpisodeRowWithStatistics[],
): Promise<void> {
  const place = placeOf(0);
  await writeEpisodeRows(directory, info, rows, place);
  for (const path of await rowFiles(directory)) {
    if (path !== rowsPath(place)) await rm(join(directory, path));
  }
}

/**
 * Removes files that a crash left: those of an episode that `info` does not count, and those whose rows are in an
 * earlier file as well.
 */
export async function removeLeftoverRows(directory: string, info: DatasetInfo): Promise<void> {
  const seen = new Set<number>();
  for (const path of await rowFiles(directory)) {
    const file = await openParquet(directory, path);
    const indices = (await file.read(['episode_index'])).map((row) => integer(row, 'episode_index', file.reference));
    if (indices.every((index) => index >= info.total_episodes || seen.has(index))) await rm(join(directory, path));
    for (const index of indices) seen.add(index);
  }
}

/**
 * Reads the rows of the counted episodes, in order.
 * @throws DatasetFileError when a file is damaged or a counted episode has no row
 */
export async function readEpisodeRows(directory: string, info: DatasetInfo): Promise<EpisodeRow[]> {
  const videoKeys = videoFeatures(info);
  const columns = [
    'episode_index',
    'tasks',
    'length',
    'data/chunk_index',
    'data/file_index',
    'dataset_from_index',
    'dataset_to_index',
    ...videoKeys.flatMap((key) => VIDEO_FIELDS.map((field) => `videos/${key}/${field}`)),
  ];
  return collectRows(directory, info, columns, (row, at) => parseRow(row, at, videoKeys));
}

/** As `readEpisodeRows`, with the statistics of every episode. */
export async function readEpisodeRowsWithStatistics(
  directory: string,
  info: DatasetInfo,
): Promise<EpisodeRowWithStatistics[]> {
  const rows = await readEpisodeRows(directory, info);
  const keys = Object.keys(info.features);
  const columns = ['episode_index', ...keys.flatMap((key) => STATISTIC_NAMES.map((name) => `stats/${key}/${name}`))];
  const statistics = await collectRows(directory, info, columns, (row, at) => ({
    index: integer(row, 'episode_index', at),
    statistics: new Map(keys.map((key) => [key, parseStatistics(row, key, at)])),
  }));
  return rows.map((row, index) => ({ ...row, statistics: statistics[index]!.statistics }));
}

/** Tells in which row of its data file an episode starts: files hold whole episodes in order, one or many. */
export function locateRows(rows: readonly EpisodeRow[]): (row: EpisodeRow) => number {
  const keyOf = ({ data }: EpisodeRow) => `${data.chunk}/${data.file}`;
  const first = new Map<string, number>();
  for (const row of rows) {
    const key = keyOf(row);
    first.set(key, Math.min(first.get(key) ?? row.fromIndex, row.fromIndex));
  }
  return (row) => row.fromIndex - first.get(keyOf(row))!;
}

const VIDEO_FIELDS = ['chunk_index', 'file_index', 'from_timestamp', 'to_timestamp'] as const;

function rowsPath(place: FilePlace): string {
  return fillPath(EPISODES_PATH, { chunk_index: place.chunk, file_index: place.file });
}

async function rowFiles(directory: string): Promise<string[]> {
  try {
    const entries = await readdir(join(directory, EPISODES_FOLDER), { recursive: true });
    return entries
      .filter((entry) => entry.endsWith('.parquet'))
      .sort()
      .map((entry) => join(EPISODES_FOLDER, entry));
  } catch {
    return [];
  }
}

async function collectRows<Row extends { readonly index: number }>(
  directory: string,
  info: DatasetInfo,
  columns: readonly string[],
  parse: (row: Record<string, unknown>, at: FileReference) => Row,
): Promise<Row[]> {
  const found = new Map<number, Row>();
  for (const path of await rowFiles(directory)) {
    if (found.size >= info.total_episodes) break;
    const file = await openParquet(directory, path);
    for (const raw of await file.read(columns)) {
      const row = parse(raw, file.reference);
      if (row.index < info.total_episodes && !found.has(row.index)) found.set(row.index, row);
    }
  }
  return Array.from({ length: info.total_episodes }, (_, index) => {
    const row = found.get(index);
    if (row !== undefined) return row;
    throw new DatasetFileError(
      { directory, file: EPISODES_FOLDER },
      `has no row for episode ${index}; ${INFO_PATH} counts ${info.total_episodes} episodes`,
    );
  });
}

function parseRow(row: Record<string, unknown>, at: FileReference, videoKeys: readonly string[]): EpisodeRow {
  return {
    index: integer(row, 'episode_index', at),
    tasks: strings(row, 'tasks', at),
    length: integer(row, 'length', at),
    data: { chunk: integer(row, 'data/chunk_index', at), file: integer(row, 'data/file_index', at) },
    fromIndex: integer(row, 'dataset_from_index', at),
    toIndex: integer(row, 'dataset_to_index', at),
    videos: new Map(
      videoKeys.map((key) => [
        key,
        {
          chunk: integer(row, `videos/${key}/chunk_index`, at),
          file: integer(row, `videos/${key}/file_index`, at),
          fromS: number(row, `videos/${key}/from_timestamp`, at),
          toS: number(row, `videos/${key}/to_timestamp`, at),
        },
      ]),
    ),
  };
}

function parseStatistics(row: Record<string, unknown>, key: string, at: FileReference): FeatureStatistics {
  const numbers = (name: string) => flatNumbers(row[`stats/${key}/${name}`], `stats/${key}/${name}`, at);
  return {
    min: numbers('min'),
    max: numbers('max'),
    mean: numbers('mean'),
    std: numbers('std'),
    count: numbers('count')[0] ?? 0,
    q01: numbers('q01'),
    q10: numbers('q10'),
    q50: numbers('q50'),
    q90: numbers('q90'),
    q99: numbers('q99'),
  };
}

function episodeColumns(info: DatasetInfo, rows: readonly EpisodeRowWithStatistics[], place: FilePlace): Column[] {
  const integers = (name: string, pick: (row: EpisodeRow) => number): Column => ({
    name,
    type: 'int64',
    data: rows.map((row) => BigInt(pick(row))),
  });
  const seconds = (name: string, pick: (row: EpisodeRow) => number): Column => ({
    name,
    type: 'double',
    data: rows.map(pick),
  });
  return [
    integers('episode_index', (row) => row.index),
    { name: 'tasks', type: { list: 'string' }, data: rows.map((row) => [...row.tasks]) },
    integers('length', (row) => row.length),
    integers('data/chunk_index', (row) => row.data.chunk),
    integers('data/file_index', (row) => row.data.file),
    integers('dataset_from_index', (row) => row.fromIndex),
    integers('dataset_to_index', (row) => row.toIndex),
    ...videoFeatures(info).flatMap((key) => [
      integers(`videos/${key}/chunk_index`, (row) => row.videos.get(key)!.chunk),
      integers(`videos/${key}/file_index`, (row) => row.videos.get(key)!.file),
      seconds(`videos/${key}/from_timestamp`, (row) => row.videos.get(key)!.fromS),
      seconds(`videos/${key}/to_timestamp`, (row) => row.videos.get(key)!.toS),
    ]),
    ...Object.entries(info.features).flatMap(([key, feature]) => statisticsColumns(key, feature, rows)),
    integers('meta/episodes/chunk_index', () => place.chunk),
    integers('meta/episodes/file_index', () => place.file),
  ];
}

function statisticsColumns(key: string, feature: Feature, rows: readonly EpisodeRowWithStatistics[]): Column[] {
  const picture = isPicture(feature);
  const type: ColumnType = picture ? { list: { list: { list: 'double' } } } : { list: 'double' };
  return STATISTIC_NAMES.map((name): Column => {
    const column = `stats/${key}/${name}`;
    if (name === 'count') {
      return {
        name: column,
        type: { list: 'int64' },
        data: rows.map((row) => [BigInt(row.statistics.get(key)!.count)]),
      };
    }
    const values = rows.map((row) => row.statistics.get(key)![name]);
    return { name: column, type, data: picture ? values.map(perChannel) : values.map((entries) => [...entries]) };
  });
}

/** Shape [3] to shape [3, 1, 1], in which statistics of pictures are stored. */
export function perChannel(values: readonly number[]): number[][][] {
  return values.map((value) => [[value]]);
}

/** Whether the feature holds pictures. */
export function isPicture(feature: Feature): boolean {
  return feature.dtype === 'image' || feature.dtype === 'video';
}

function videoFeatures(info: DatasetInfo): string[] {
  return Object.entries(info.features).flatMap(([key, { dtype }]) => (dtype === 'video' ? [key] : []));
}

function number(row: Record<string, unknown>, column: string, at: FileReference): number {
  const value = row[column];
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new DatasetFileError(at, `column "${column}" holds ${String(value)}; expected a number`);
}

function integer(row: Record<string, unknown>, column: string, at: FileReference): number {
  const value = number(row, column, at);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new DatasetFileError(at, `column "${column}" holds ${value}; expected a whole number from 0`);
}

function strings(row: Record<string, unknown>, column: string, at: FileReference): string[] {
  const value = row[column];
  if (Array.isArray(value) && value.every((entry) => typeof entry === 'string')) return value;
  throw new DatasetFileError(at, `column "${column}" is not a list of texts`);
}

function flatNumbers(value: unknown, column: string, at: FileReference): number[] {
  if (Array.isArray(value)) return value.flatMap((entry) => flatNumbers(entry, column, at));
  if (typeof value === 'bigint') return [Number(value)];
  if (typeof value === 'number') return [value];
  throw new DatasetFileError(at, `column "${column}" holds ${String(value)}; expected numbers`);
}
