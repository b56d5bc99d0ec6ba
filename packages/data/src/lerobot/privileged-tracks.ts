import { createHash } from 'node:crypto';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { type PrivilegedTrack, poseTrackWidth, type Scene } from '@rapport/core';
import * as z from 'zod';
import { writeDurably } from '../durable.js';
import { placeOf } from './episode-rows.js';
import { DatasetFileError } from './file-error.js';
import { fillPath, parseOrThrow, readJson } from './info.js';
import { encodeParquet, openParquet } from './parquet.js';
import { sceneSchema, sceneToText } from './scene-file.js';

/**
 * The privileged half of a dataset lies in files of its own, `meta/rapport/privileged`, and not in columns of the data
 * files: a learner that reads every column of a dataset, here or in LeRobot, still meets nothing that it must not know.
 */
const FOLDER = 'meta/rapport/privileged';
const TRACK_PATH = `${FOLDER}/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet`;
const KEY = 'rapport';

/** Writes the privileged half of an episode; a scene that several episodes share is stored once. */
export async function writeTrack(directory: string, index: number, track: PrivilegedTrack): Promise<void> {
  const sceneText = sceneToText(track.scene);
  const sceneName = createHash('sha256').update(sceneText).digest('hex').slice(0, 16);
  const sceneFile = join(directory, scenePath(sceneName));
  if (!(await exists(sceneFile))) await writeDurably(sceneFile, sceneText);

  const width = poseTrackWidth(track.scene);
  const rows = track.stepScores.length;
  const poses = Array.from({ length: rows }, (_, row) => [...track.poses.subarray(row * width, (row + 1) * width)]);
  const bytes = encodeParquet(
    [
      { name: 'frame_index', type: 'int64', data: Array.from({ length: rows }, (_, row) => BigInt(row)) },
      { name: 'privileged.score', type: 'float', data: track.stepScores },
      { name: 'replay.poses', type: { list: 'float' }, data: poses },
    ],
    { [KEY]: JSON.stringify({ scene: sceneName, success: track.success, way: track.way }) },
  );
  await writeDurably(join(directory, trackPath(index)), bytes);
}

/**
 * Reads the privileged half of an episode of `length` steps.
 * @param scenes scenes read so far by their names: episodes that share a scene share the object
 * @throws DatasetFileError when a file is missing, damaged or of another length
 */
export async function readTrack(
  directory: string,
  index: number,
  length: number,
  scenes: Map<string, Scene>,
): Promise<PrivilegedTrack> {
  const path = trackPath(index);
  const file = await openParquet(directory, path);
  if (file.rowCount !== length) {
    throw new DatasetFileError(file.reference, `has ${file.rowCount} rows; episode ${index} has ${length} steps`);
  }
  const header = parseOrThrow(headerSchema, parseHeader(file.keyValues.get(KEY)), file.reference);
  const scene = scenes.get(header.scene) ?? (await readScene(directory, header.scene));
  scenes.set(header.scene, scene);
  const width = poseTrackWidth(scene);
  const stepScores = new Float32Array(length);
  const poses = new Float32Array(length * width);
  const rows = await file.read(['privileged.score', 'replay.poses']);
  rows.forEach((row, step) => {
    const pose = row['replay.poses'];
    if (!Array.isArray(pose) || pose.length !== width) {
      throw new DatasetFileError(
        { ...file.reference, row: step },
        `holds no pose of ${width} numbers, as its scene asks for`,
      );
    }
    stepScores[step] = Number(row['privileged.score']);
    poses.set(pose, step * width);
  });
  return { stepScores, success: header.success, ...(header.way && { way: header.way }), scene, poses };
}

async function readScene(directory: string, name: string): Promise<Scene> {
  const file = scenePath(name);
  return parseOrThrow(sceneSchema, await readJson(directory, file), { directory, file });
}

/** Path of the file of an episode below the dataset's folder. */
export function trackPath(index: number): string {
  const { chunk, file } = placeOf(index);
  return fillPath(TRACK_PATH, { chunk_index: chunk, file_index: file });
}

function scenePath(name: string): string {
  return `${FOLDER}/scenes/${name}.json`;
}

function parseHeader(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return text;
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

const headerSchema = z.object({
  scene: z.string().regex(/^[0-9a-f]{16}$/),
  success: z.boolean(),
  way: z.exactOptional(z.object({ name: z.string(), preferred: z.boolean() })),
});
