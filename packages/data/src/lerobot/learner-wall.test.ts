import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openParquet } from './parquet.js';
import { openDataset } from './reader.js';
import { SYNTHETIC_OPTIONS, syntheticEpisode } from './synthetic-episode.js';
import { createDataset } from './writer.js';

const recorded = syntheticEpisode(3, 8);
const secrets = new Set(recorded.privileged.stepScores);
const poses = new Set(recorded.privileged.poses);

let folder: string;
let directory: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rapport-wall-'));
  directory = join(folder, 'set');
  const writer = await createDataset(directory, { ...SYNTHETIC_OPTIONS, imageStorage: 'parquet' });
  await writer.append(recorded);
  await writer.finalize();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Every key and every number that can be reached from a value through its properties. */
function reach(
  value: unknown,
  found = { keys: new Set<string>(), numbers: new Set<number>() },
  seen = new Set<object>(),
) {
  if (typeof value === 'number') found.numbers.add(value);
  if (typeof value !== 'object' || value === null || seen.has(value)) return found;
  seen.add(value);
  if (ArrayBuffer.isView(value)) {
    if (value instanceof Float32Array) for (const entry of value) found.numbers.add(entry);
    return found;
  }
  for (const key of Reflect.ownKeys(value)) {
    found.keys.add(String(key));
    reach(Reflect.get(value, key), found, seen);
  }
  return found;
}

it('gives a learner no way to scores, success, scene or poses through a dataset', async () => {
  const dataset = await openDataset(directory);
  const answers = [dataset, await dataset.readEpisode(0, { frames: true }), await dataset.readFrames(0, 'top')];
  const { keys, numbers } = reach(answers);
  // The walk does see what a learner may know.
  expect(numbers.has(recorded.episode.rewards[2]!)).toBe(true);
  expect([...numbers].filter((number) => secrets.has(number) || poses.has(number))).toEqual([]);
  const forbidden = /score|scene|poses|privileged|^success|directory|path$/i;
  expect([...keys].filter((key) => forbidden.test(key))).toEqual(['data_path', 'video_path']);
});

it('keeps scores and poses out of every file that LeRobot reads', async () => {
  const files = (await readdir(directory, { recursive: true })).filter(
    (file) => file.endsWith('.parquet') && !file.startsWith(join('meta', 'rapport')),
  );
  expect(files).toHaveLength(3);
  for (const path of files) {
    const file = await openParquet(directory, path);
    expect(file.columns.filter((column) => /privileged|replay|score/.test(column))).toEqual([]);
    const { numbers } = reach(await file.read(file.columns));
    expect([...numbers].filter((number) => secrets.has(number) || poses.has(number))).toEqual([]);
  }
});
