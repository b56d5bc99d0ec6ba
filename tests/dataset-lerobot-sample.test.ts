import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Dataset, findFfmpeg, openDataset } from '@rapport/data';
import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';

// Written by LeRobot itself; its README says how. `expected.json` holds what LeRobot found when it read them.
const SAMPLE = join(import.meta.dirname, 'fixtures/lerobot_v3_sample');
const rowSchema = z.object({
  index: z.number(),
  episode_index: z.number(),
  frame_index: z.number(),
  task: z.string(),
  state0: z.number(),
  action6: z.number(),
  reward: z.number(),
  done: z.boolean(),
  image_mean_rgb: z.tuple([z.number(), z.number(), z.number()]),
});
const expectedSchema = z.object({
  lengths: z.array(z.number()),
  tasks: z.array(z.string()),
  kinds: z.record(z.enum(['video', 'image']), z.object({ rows: z.array(rowSchema) })),
});

const SIDE = 96;
const PICTURE_BYTES = SIDE * SIDE * 3;
const hasFfmpeg = (await findFfmpeg()) !== undefined;

describe.each(['image', 'video'] as const)('the %s set that LeRobot wrote', (kind) => {
  const needsVideo = kind === 'video' && !hasFfmpeg;
  let expected: z.infer<typeof expectedSchema>;
  let dataset: Dataset;
  beforeAll(async () => {
    expected = expectedSchema.parse(JSON.parse(await readFile(join(SAMPLE, 'expected.json'), 'utf8')));
    dataset = await openDataset(join(SAMPLE, `sample_${kind}`));
  });

  it('lists its episodes, features and tasks', () => {
    expect(dataset.id).toBe(`sample_${kind}`);
    expect(dataset.envId).toBe('lerobot/franka_fr3');
    expect(dataset.info.fps).toBe(20);
    expect(dataset.episodes.map(({ length }) => length)).toEqual(expected.lengths);
    expect(dataset.episodes.map(({ tasks }) => tasks)).toEqual(expected.tasks.map((task) => [task]));
    expect(dataset.observationSpace.entries.map(({ name }) => name)).toContain('fr3_finger_joint2');
    expect(dataset.cameras).toEqual([
      {
        key: 'observation.images.front',
        camera: 'front',
        width: SIDE,
        height: SIDE,
        storage: kind === 'video' ? 'video' : 'parquet',
      },
    ]);
  });

  it('reads every row as LeRobot does', async () => {
    for (const row of expected.kinds[kind]!.rows) {
      const episode = await dataset.readEpisode(row.episode_index, { frames: false });
      const step = row.frame_index;
      expect(episode.observations[step * 9]).toBe(Math.fround(row.state0));
      expect(episode.actions[step * 8 + 6]).toBe(Math.fround(row.action6));
      expect(episode.rewards[step]).toBe(Math.fround(row.reward));
      expect(row.done).toBe(step === episode.length - 1);
      expect([episode.terminated, episode.truncated]).toEqual([true, false]);
      expect(episode.observations).toHaveLength((episode.length + 1) * 9);
    }
  });

  it.skipIf(needsVideo)('decodes the right picture of every frame', async () => {
    let checked = 0;
    for (const { index } of dataset.episodes) {
      const { frames } = await dataset.readEpisode(index, { frames: true });
      for (const row of expected.kinds[kind]!.rows.filter(({ episode_index }) => episode_index === index)) {
        const picture = frames[0]!.data.subarray(
          row.frame_index * PICTURE_BYTES,
          (row.frame_index + 1) * PICTURE_BYTES,
        );
        expect(frameNumber(picture)).toBe(row.frame_index);
        const tolerance = kind === 'image' ? 0.006 : 2;
        meanRgb(picture).forEach((mean, channel) => {
          expect(Math.abs(mean - row.image_mean_rgb[channel]!)).toBeLessThan(tolerance);
        });
        checked += 1;
      }
    }
    expect(checked).toBe(90);
  });

  it.skipIf(needsVideo)('reads any range of frames of any episode', async () => {
    const ranges = [
      { index: 0, start: 0, end: 1 },
      { index: 0, start: 23, end: 24 },
      { index: 1, start: 0, end: 3 },
      { index: 1, start: 13, end: 20 },
      { index: 2, start: 35, end: 36 },
      { index: 2, start: 7, end: 7 },
    ];
    for (const { index, start, end } of ranges) {
      const { data } = await dataset.readFrames(index, 'front', { start, end });
      expect(data).toHaveLength((end - start) * PICTURE_BYTES);
      for (let frame = start; frame < end; frame++) {
        const offset = (frame - start) * PICTURE_BYTES;
        expect(frameNumber(data.subarray(offset, offset + PICTURE_BYTES))).toBe(frame);
      }
    }
  });
});

/** The number that is painted as eight 12x12 blocks along the lower edge, bit 0 left. */
function frameNumber(picture: Uint8Array): number {
  let number = 0;
  for (let bit = 0; bit < 8; bit++) {
    let sum = 0;
    for (let y = SIDE - 9; y < SIDE - 3; y++) {
      for (let x = bit * 12 + 3; x < bit * 12 + 9; x++) sum += picture[(y * SIDE + x) * 3]!;
    }
    if (sum / 36 > 127.5) number |= 1 << bit;
  }
  return number;
}

function meanRgb(picture: Uint8Array): number[] {
  const sums = [0, 0, 0];
  picture.forEach((value, index) => {
    sums[index % 3]! += value;
  });
  return sums.map((sum) => sum / (SIDE * SIDE));
}
