import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CorruptDataError, InputError, RandomStream } from '@rapport/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadReward, saveReward } from './checkpoint.js';
import { raplConfig } from './rapl/config.js';
import { trainRapl } from './rapl/train.js';
import { rlhfConfig } from './rlhf/config.js';
import { trainRlhf } from './rlhf/train.js';
import { syntheticEncoder, syntheticWorld } from './training/synthetic.testing.js';

const world = syntheticWorld(6, 20);
const common = { rankings: world.rankings(world.clips, 12), videos: world.videos, encoder: syntheticEncoder };
const rapl = () =>
  trainRapl({
    ...common,
    config: raplConfig({ epochs: 1, referenceEpochs: 1, embeddingSize: 4 }),
    stream: new RandomStream(0, 'rapl'),
  });
const rlhf = () => trainRlhf({ ...common, config: rlhfConfig({ epochs: 2 }), stream: new RandomStream(0, 'rlhf') });

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rapport-reward-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe('saveReward and loadReward', () => {
  it('bring back both kinds with the same rewards to the bit', async () => {
    const video = world.videos(world.clips[0]!);
    for (const train of [rapl, rlhf]) {
      const { model } = await train();
      await saveReward(folder, model);
      const loaded = await loadReward(folder);
      expect(loaded.kind).toBe(model.kind);
      expect(loaded.encoder).toEqual(syntheticEncoder);
      expect(loaded.rewards(video)).toEqual(model.rewards(video));
      expect(loaded.preference(0.3, 0.1)).toBe(model.preference(0.3, 0.1));
    }
  });

  it('bring back a convolution head', async () => {
    const maps = syntheticWorld(7, 12, 2 * 49);
    const { model } = await trainRapl({
      rankings: maps.rankings(maps.clips, 6),
      videos: maps.videos,
      encoder: { ...syntheticEncoder, featureSize: 2 * 49 },
      config: raplConfig({ head: 'convolution', epochs: 2, referenceEpochs: 0, embeddingSize: 4 }),
      stream: new RandomStream(0, 'convolution'),
    });
    await saveReward(folder, model);
    const video = maps.videos(maps.clips[1]!);
    expect((await loadReward(folder)).rewards(video)).toEqual(model.rewards(video));
    expect(new Set(model.rewards(video)).size).toBeGreaterThan(1);
  });

  it('writes the same bytes for the same seed, and leaves no temporary file', async () => {
    const read = async () =>
      Promise.all(
        (await readdir(folder))
          .sort()
          .map(async (name) => [name, (await readFile(join(folder, name))).toString('hex')]),
      );
    await saveReward(folder, (await rapl()).model);
    const first = await read();
    await saveReward(folder, (await rapl()).model);
    expect(await read()).toEqual(first);
    expect(first).toHaveLength(2);
  });

  it('says that a folder holds no reward', async () => {
    await expect(loadReward(folder)).rejects.toThrow(InputError);
    await expect(loadReward(folder)).rejects.toThrow(/holds no reward: reward.json cannot be read/);
  });

  it('notices a changed byte, a missing tensor file and a cut settings file', async () => {
    await saveReward(folder, (await rlhf()).model);
    const settings = await readFile(join(folder, 'reward.json'), 'utf8');
    const tensorFile = join(folder, (await readdir(folder)).find((name) => name.endsWith('.safetensors'))!);
    const bytes = await readFile(tensorFile);
    bytes[bytes.length - 1]! ^= 1;
    await writeFile(tensorFile, bytes);
    await expect(loadReward(folder)).rejects.toThrow(/has SHA-256 [0-9a-f]{64}; reward.json says/);
    await rm(tensorFile);
    await expect(loadReward(folder)).rejects.toThrow(/which cannot be read/);
    await writeFile(join(folder, 'reward.json'), settings.slice(0, 40));
    await expect(loadReward(folder)).rejects.toThrow(CorruptDataError);
  });

  it('refuses a newer version and a value out of range by name', async () => {
    await saveReward(folder, (await rapl()).model);
    const path = join(folder, 'reward.json');
    const settings = await readFile(path, 'utf8');
    await writeFile(path, settings.replace('"version": 1', '"version": 2'));
    await expect(loadReward(folder)).rejects.toThrow(/is of another version; this program reads version 1/);
    await writeFile(path, settings.replace(/"temperature": [\d.e-]+,\n {2}"config"/, '"temperature": -1,\n  "config"'));
    await expect(loadReward(folder)).rejects.toThrow(/temperature/);
  });
});
