import { type BoxSpace, InputError, spaceSize, UnavailableError } from '@rapport/core';
import { FFMPEG_FIX, KEY_FRAME_INTERVAL, type VideoEncoder } from '../ffmpeg.js';
import {
  AUTOMATIC_FEATURES,
  CODEBASE_VERSION,
  cameraKey,
  type DatasetInfo,
  type Feature,
  FILES_PER_CHUNK,
} from './info.js';

export type ImageStorage = 'video' | 'parquet';

export interface CreateDatasetOptions {
  /** Identity, as in `ClipReference.dataset`; the folder's name when absent. */
  readonly id?: string;
  readonly envId: string;
  /** Control steps per second, a whole number. */
  readonly fps: number;
  /** Without entries when pictures alone are observed: the dataset then has no `observation.state`. */
  readonly observationSpace: BoxSpace;
  readonly actionSpace: BoxSpace;
  readonly cameras: readonly { readonly camera: string; readonly width: number; readonly height: number }[];
  /** For example `xmagical_longstick`. */
  readonly robotType: string;
  /** `video` where ffmpeg can encode, `parquet` otherwise, when absent. */
  readonly imageStorage?: ImageStorage;
}

/** `meta/info.json` of a dataset without episodes. */
export function emptyInfo(
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
      ...(spaceSize(options.observationSpace) > 0 && { 'observation.state': vector(options.observationSpace) }),
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

/** @throws InputError when an option is wrong */
export function checkDatasetOptions({ fps, cameras, observationSpace, actionSpace }: CreateDatasetOptions): void {
  if (!Number.isInteger(fps) || fps < 1) throw new InputError(`fps is ${fps}; expected a positive whole number`);
  if (spaceSize(actionSpace) === 0) throw new InputError('a dataset needs actions of at least one entry');
  if (spaceSize(observationSpace) === 0 && cameras.length === 0) {
    throw new InputError('a dataset needs something observed: neither numbers nor pictures would be recorded', {
      fix: 'record the pictures of a camera',
    });
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
