import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { RecordedEpisode } from '@rapport/core';
import { boxSpace } from '@rapport/core';
import { createDataset, datasetToBag, repairBag } from '@rapport/data';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';

const root = fileURLToPath(new URL('..', import.meta.url));
const python = join(root, '.rapport/peers/bags/bin/python');
const script = join(root, 'benchmarks/peers/bag_check.py');
const MISSING =
  'Python readers of bags are not installed: python3 -m venv .rapport/peers/bags && ' +
  '.rapport/peers/bags/bin/python -m pip install mcap==1.6.0 mcap-ros2-support==0.6.0 rosbags==0.11.9';

const answerSchema = z.object({
  mcap: z.object({
    indexed: z.number(),
    topics: z.record(z.string(), z.object({ messages: z.number(), first: z.unknown(), logTime: z.string() })),
  }),
  rosbags: z.object({
    messages: z.number(),
    topics: z.record(
      z.string(),
      z.object({ type: z.string(), messages: z.number(), reliability: z.array(z.string()) }),
    ),
  }),
});

async function readWithPython(bag: string): Promise<z.infer<typeof answerSchema>> {
  const { stdout } = await promisify(execFile)(python, [script, bag]);
  return answerSchema.parse(JSON.parse(stdout));
}

const LENGTH = 40;
const episode: RecordedEpisode = {
  episode: {
    envId: 'test/peer',
    seed: 1,
    policy: 'scripted',
    length: LENGTH,
    observations: Float32Array.from({ length: 2 * (LENGTH + 1) }, (_, place) => place / 4),
    actions: Float32Array.from({ length: LENGTH }, (_, place) => place / 8),
    rewards: new Float32Array(LENGTH),
    terminated: true,
    truncated: false,
    frames: [{ camera: 'top', width: 64, height: 48, data: new Uint8Array(LENGTH * 64 * 48 * 3).fill(77) }],
  },
  privileged: {
    stepScores: new Float32Array(LENGTH),
    success: true,
    scene: { view: 'planar', bounds: { min: [-1, -1, 0], max: [1, 1, 1] }, bodies: [] },
    poses: new Float32Array(0),
  },
};
const space = (...names: string[]) => boxSpace(names.map((name) => ({ name, unit: 'm', low: -1, high: 1 })));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rapport-bags-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe.skipIf(!existsSync(python))(`other programs (${MISSING})`, () => {
  it('read a bag that was made from a dataset, to every number', async () => {
    await makeBag();
    const { mcap, rosbags } = await readWithPython(join(folder, 'bag'));
    const counts = { '/rapport/episode': 2, '/rapport/observation': 41, '/rapport/action': 40 };
    for (const [topic, messages] of Object.entries({ ...counts, '/camera/top/color/image_raw': 40 })) {
      expect(mcap.topics[topic], topic).toMatchObject({ messages, logTime: '1000000000' });
      expect(rosbags.topics[topic], topic).toMatchObject({ messages, reliability: ['RELIABLE'] });
    }
    expect(mcap.topics['/rapport/observation']!.first).toEqual([0, 0.25]);
    expect(mcap.topics['/camera/top/color/image_raw']!.first).toEqual([77, 77, 77, 77, 77, 77]);
    expect(mcap.topics['/rapport/episode']!.first).toBe('look');
    expect(rosbags.topics['/camera/top/color/image_raw']!.type).toBe('sensor_msgs/msg/Image');
    expect([mcap.indexed, rosbags.messages]).toEqual([123, 123]);
  });

  it('read what was repaired, where they refuse what was cut', async () => {
    await makeBag();
    const file = join(folder, 'bag/bag_0.mcap');
    await truncate(file, Math.floor((await readFile(file)).length * 0.6));
    await expect(readWithPython(join(folder, 'bag'))).rejects.toThrow();
    const { metadata } = await repairBag(join(folder, 'bag'), join(folder, 'repaired'));
    const { mcap, rosbags } = await readWithPython(join(folder, 'repaired'));
    expect(metadata.messageCount).toBeGreaterThan(0);
    expect([mcap.indexed, rosbags.messages]).toEqual([metadata.messageCount, metadata.messageCount]);
  });
});

async function makeBag(): Promise<void> {
  const writer = await createDataset(join(folder, 'set'), {
    envId: 'test/peer',
    fps: 20,
    observationSpace: space('x', 'y'),
    actionSpace: space('force'),
    cameras: [{ camera: 'top', width: 64, height: 48 }],
    robotType: 'test_robot',
    imageStorage: 'parquet',
  });
  await writer.append(episode, 'look');
  await datasetToBag(join(folder, 'set'), join(folder, 'bag'));
}
