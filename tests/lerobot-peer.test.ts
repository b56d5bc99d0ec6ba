import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { RecordedEpisode } from '@rapport/core';
import { createDataset, findFfmpeg, openDataset } from '@rapport/data';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';

const root = fileURLToPath(new URL('..', import.meta.url));
const python = join(root, '.rapport/peers/lerobot/bin/python');
const script = join(root, 'benchmarks/peers/lerobot_check.py');
const MISSING =
  'LeRobot is not installed; with Python 3.12 or newer: python3 -m venv .rapport/peers/lerobot && ' +
  '.rapport/peers/lerobot/bin/python -m pip install "lerobot[dataset]==0.6.1" (5 GB)';
const canEncode = ((await findFfmpeg())?.encoders.length ?? 0) > 0;

const answerSchema = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(false), error: z.string() }),
  z.object({
    ok: z.literal(true),
    episodes: z.number(),
    frames: z.number(),
    fps: z.number(),
    tasks: z.array(z.string()),
    features: z.array(z.string()),
    rows: z.array(
      z.object({
        index: z.number(),
        episode_index: z.number(),
        frame_index: z.number(),
        timestamp: z.number(),
        task: z.string(),
        'observation.state': z.number(),
        action: z.number(),
        reward: z.number(),
        done: z.boolean(),
        pictures: z.record(z.string(), z.array(z.number())),
      }),
    ),
  }),
]);

/** What LeRobot itself finds in a folder. */
async function readWithLeRobot(directory: string): Promise<z.infer<typeof answerSchema>> {
  const { stdout } = await promisify(execFile)(python, [script, directory], { maxBuffer: 64 * 2 ** 20 });
  return answerSchema.parse(JSON.parse(stdout));
}

const WIDTH = 96;
const HEIGHT = 64;

/** Pictures are a ground of one colour per step with a darker quarter, so that their means are easily computed. */
function record(seed: number, length: number): RecordedEpisode {
  const numbers = (count: number, salt: number) =>
    Float32Array.from({ length: count }, (_, index) => Math.cos(seed * 97 + salt * 13 + index));
  const size = WIDTH * HEIGHT * 3;
  const data = new Uint8Array(length * size);
  for (let place = 0; place < data.length; place++) {
    const step = Math.floor(place / size);
    const pixel = Math.floor((place % size) / 3);
    const dark = pixel % WIDTH < WIDTH / 2 && pixel < (WIDTH * HEIGHT) / 2;
    data[place] = ([60 + 5 * step, 100 + 10 * seed, 180 - 3 * step][place % 3]! / (dark ? 2 : 1)) | 0;
  }
  return {
    episode: {
      envId: 'test/peer',
      seed,
      policy: 'scripted',
      length,
      observations: numbers((length + 1) * 4, 1),
      actions: numbers(length * 2, 2),
      rewards: numbers(length, 3),
      terminated: true,
      truncated: false,
      frames: [{ camera: 'top', width: WIDTH, height: HEIGHT, data }],
    },
    privileged: {
      stepScores: numbers(length, 4).map(Math.abs),
      success: true,
      scene: { bodies: [], bounds: { min: [0, 0, 0], max: [1, 1, 1] }, view: 'planar' },
      poses: new Float32Array(0),
    },
  };
}

const space = (names: string[]) => ({
  kind: 'box' as const,
  entries: names.map((name) => ({ name, unit: 'm', low: -1, high: 1 })),
});
const recorded = [record(0, 9), record(1, 14), record(2, 6)];
const taskNames = ['sweep', 'push', 'sweep'];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rapport-peer-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each(['parquet', 'video'] as const)('LeRobot', (imageStorage) => {
  it.skipIf(imageStorage === 'video' && !canEncode)(
    `reads every frame of a set written with images in ${imageStorage}`,
    async (context) => {
      if (!existsSync(python)) context.skip(MISSING);
      const directory = join(folder, imageStorage);
      const writer = await createDataset(directory, {
        envId: 'test/peer',
        fps: 10,
        observationSpace: space(['x', 'y', 'vx', 'vy']),
        actionSpace: space(['ax', 'ay']),
        cameras: [{ camera: 'top', width: WIDTH, height: HEIGHT }],
        robotType: 'none',
        imageStorage,
      });
      for (const [index, episode] of recorded.entries()) await writer.append(episode, taskNames[index]!);
      // As it lies after a crash or while recording goes on; and with what a crash may leave of an uncounted episode.
      await copyFile(
        join(directory, 'data/chunk-000/file-002.parquet'),
        join(directory, 'data/chunk-000/file-003.parquet'),
      );
      await expectAllFrames(directory, imageStorage);
      await rm(join(directory, 'data/chunk-000/file-003.parquet'));
      await writer.finalize();
      await expectAllFrames(directory, imageStorage);
      expect((await openDataset(directory)).episodes).toHaveLength(3);
    },
  );
});

async function expectAllFrames(directory: string, imageStorage: 'parquet' | 'video'): Promise<void> {
  const answer = await readWithLeRobot(directory);
  if (!answer.ok) throw new Error(answer.error);
  expect(answer).toMatchObject({ episodes: 3, frames: 29, fps: 10, tasks: ['sweep', 'push'] });
  expect(answer.features).not.toContain('privileged.score');
  const sum = (values: Float32Array) => values.reduce((total, value) => total + value, 0);
  let row = 0;
  for (const [index, { episode }] of recorded.entries()) {
    for (let step = 0; step < episode.length; step++) {
      const found = answer.rows[row]!;
      expect(found).toMatchObject({
        index: row,
        episode_index: index,
        frame_index: step,
        task: taskNames[index],
        reward: episode.rewards[step],
        done: step === episode.length - 1,
      });
      expect(found.timestamp).toBeCloseTo(step / 10, 5);
      expect(found['observation.state']).toBeCloseTo(sum(episode.observations.subarray(step * 4, step * 4 + 4)), 5);
      expect(found.action).toBeCloseTo(sum(episode.actions.subarray(step * 2, step * 2 + 2)), 5);
      const size = WIDTH * HEIGHT * 3;
      const picture = episode.frames[0]!.data.subarray(step * size, (step + 1) * size);
      // Eight-bit YUV and back moves a flat colour by up to two steps, and LeRobot's conversion darkens by another.
      const tolerance = imageStorage === 'parquet' ? 0.01 : 3.5;
      found.pictures['observation.images.top']!.forEach((mean, channel) => {
        const written = picture.filter((_, place) => place % 3 === channel);
        const expected = written.reduce((total, value) => total + value, 0) / written.length;
        expect(Math.abs(mean - expected)).toBeLessThan(tolerance);
      });
      row += 1;
    }
  }
}
