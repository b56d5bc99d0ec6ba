import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { writeDurably } from '../durable.js';
import { DatasetFileError, type FileReference } from './file-error.js';

/** The version of LeRobotDataset that is read and written. */
export const CODEBASE_VERSION = 'v3.0';
/** Files a chunk folder holds, as LeRobot's writer counts them. */
export const FILES_PER_CHUNK = 1000;

const featureSchema = z.looseObject({
  dtype: z.string(),
  shape: z.array(z.int().positive()),
  names: z.unknown(),
  info: z.record(z.string(), z.unknown()).nullish(),
});

const infoSchema = z.looseObject({
  codebase_version: z.literal(CODEBASE_VERSION),
  fps: z.number().positive(),
  features: z.record(z.string(), featureSchema),
  total_episodes: z.int().nonnegative(),
  total_frames: z.int().nonnegative(),
  total_tasks: z.int().nonnegative(),
  chunks_size: z.int().positive(),
  data_files_size_in_mb: z.number().positive().default(100),
  video_files_size_in_mb: z.number().positive().default(200),
  data_path: z.string().includes('{chunk_index').includes('{file_index'),
  video_path: z.string().includes('{video_key}').includes('{chunk_index').includes('{file_index').nullable(),
  robot_type: z.string().nullish(),
  splits: z.record(z.string(), z.string()).default({}),
});

/** One feature (column or video) as `meta/info.json` describes it. */
export type Feature = z.infer<typeof featureSchema>;
/** `meta/info.json` of a LeRobotDataset v3.0; keys that Rapport does not know are kept. */
export type DatasetInfo = z.infer<typeof infoSchema>;

/** Path of the schema and the counters below the dataset's folder. Writing it is what makes an episode count. */
export const INFO_PATH = 'meta/info.json';

/** The five columns that every data file has beside its features. */
export const AUTOMATIC_FEATURES: Readonly<Record<string, Feature>> = {
  timestamp: { dtype: 'float32', shape: [1], names: null },
  frame_index: { dtype: 'int64', shape: [1], names: null },
  episode_index: { dtype: 'int64', shape: [1], names: null },
  index: { dtype: 'int64', shape: [1], names: null },
  task_index: { dtype: 'int64', shape: [1], names: null },
};

/** Numbers in a row of a vector feature; 0 when the dataset has no such feature. */
export function vectorSize(info: DatasetInfo, key: string): number {
  return info.features[key]?.shape[0] ?? 0;
}

/**
 * Reads and checks `meta/info.json`.
 * @throws DatasetFileError when it is missing, not JSON, of another version or has a wrong field
 */
export async function readInfo(directory: string): Promise<DatasetInfo> {
  const value = await readJson(directory, INFO_PATH);
  const version =
    typeof value === 'object' && value !== null && 'codebase_version' in value ? value.codebase_version : undefined;
  if (version !== CODEBASE_VERSION) {
    throw new DatasetFileError(
      { directory, file: INFO_PATH },
      `codebase_version is ${JSON.stringify(version)}; expected "${CODEBASE_VERSION}"`,
      { fix: versionFix(version) },
    );
  }
  const info = parseOrThrow(infoSchema, value, { directory, file: INFO_PATH });
  if (info.video_path === null && Object.values(info.features).some(({ dtype }) => dtype === 'video')) {
    throw new DatasetFileError({ directory, file: INFO_PATH }, 'has a feature of dtype "video", but no video_path');
  }
  return info;
}

/** Writes `meta/info.json` durably, indented as LeRobot does. */
export async function writeInfo(directory: string, info: DatasetInfo): Promise<void> {
  await writeDurably(join(directory, INFO_PATH), JSON.stringify(info, null, 4));
}

/**
 * Reads a JSON file of a dataset.
 * @throws DatasetFileError when it is missing or is not JSON
 */
export async function readJson(directory: string, path: string): Promise<unknown> {
  const reference = { directory, file: path };
  let text: string;
  try {
    text = await readFile(join(directory, path), 'utf8');
  } catch (cause) {
    throw new DatasetFileError(reference, 'is missing: the folder holds no LeRobotDataset, or a half-written one', {
      fix: 'name the folder that holds meta/ and data/',
      cause,
    });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DatasetFileError(reference, `is not JSON (${text.length} characters)`, { cause });
  }
}

/**
 * Validates outside data with a schema.
 * @throws DatasetFileError naming the field and what is wrong with it
 */
export function parseOrThrow<T>(schema: z.ZodType<T>, value: unknown, at: FileReference): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const field = issue.path.length === 0 ? '' : `"${issue.path.join('.')}": `;
  throw new DatasetFileError(at, `${field}${issue.message}`, { cause: result.error });
}

/** Fills a path template of `info.json`, for example `data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet`. */
export function fillPath(
  template: string,
  values: { readonly chunk_index: number; readonly file_index: number; readonly video_key?: string },
): string {
  return template.replace(/\{(\w+)(?::0(\d+)d)?\}/g, (whole, name: string, width: string | undefined) => {
    if (name === 'video_key') return values.video_key ?? whole;
    if (name !== 'chunk_index' && name !== 'file_index') return whole;
    return String(values[name]).padStart(Number(width ?? 0), '0');
  });
}

/** Image features of a dataset: key, camera name, size and where the pictures are. */
export interface CameraFeature {
  /** Feature key, `observation.images.<camera>`. */
  readonly key: string;
  readonly camera: string;
  readonly width: number;
  readonly height: number;
  readonly storage: 'video' | 'parquet';
}

const CAMERA_PREFIX = 'observation.images.';

/** The feature key of a camera. */
export function cameraKey(camera: string): string {
  return `${CAMERA_PREFIX}${camera}`;
}

/** The cameras of a dataset, in the order of its features. */
export function camerasOf(info: DatasetInfo): CameraFeature[] {
  return Object.entries(info.features).flatMap(([key, { dtype, shape, names }]) => {
    if (dtype !== 'video' && dtype !== 'image') return [];
    const channelsFirst = Array.isArray(names) && names[0] === 'channels';
    const [height, width] = channelsFirst ? [shape[1]!, shape[2]!] : [shape[0]!, shape[1]!];
    const camera = key.startsWith(CAMERA_PREFIX) ? key.slice(CAMERA_PREFIX.length) : key;
    return [{ key, camera, width, height, storage: dtype === 'video' ? 'video' : 'parquet' }];
  });
}

function versionFix(version: unknown): string {
  if (typeof version !== 'string') return 'name the folder of a LeRobotDataset';
  if (version < CODEBASE_VERSION) {
    return "Rapport does not convert older versions yet; LeRobot's own converter to v3.0 does";
  }
  return 'use a newer version of Rapport';
}
