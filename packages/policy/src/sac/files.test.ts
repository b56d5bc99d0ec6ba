import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { boxSpace, RandomStream } from '@rapport/core';
import { writeFolder } from '@rapport/data';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SacAgent } from './agent.js';
import { sacConfigSchema } from './config.js';
import { checkpointFiles, loadPolicy, readCheckpoint, savePolicy } from './files.js';
import { SacPolicy, type SacPolicyDescription } from './policy.js';
import type { SacCheckpoint } from './train.js';

const config = sacConfigSchema.parse({ frameStack: 2, hiddenSizes: [8], batchSize: 4 });
const description: SacPolicyDescription = {
  name: 'sac/test/0',
  envId: 'test/env',
  config,
  observationSpace: boxSpace([
    { name: 'x', unit: 'm', low: -1, high: 1 },
    { name: 'v', unit: 'm/s', low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY },
  ]),
  actionSpace: boxSpace([{ name: 'force', unit: 'N', low: -2, high: 5 }]),
};

let folder: string;
let agent: SacAgent;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rapport-policy-'));
  const shapes = { observationSize: 4, actionSpace: description.actionSpace };
  agent = await SacAgent.create(config, shapes, new RandomStream(5, 'weights'));
});
afterEach(async () => {
  await agent.close();
  await rm(folder, { recursive: true });
});

async function saved(): Promise<SacPolicy> {
  const policy = await SacPolicy.create(description, agent.actorParameters());
  await savePolicy(join(folder, 'policy'), policy);
  return policy;
}

describe('loadPolicy', () => {
  it('gives a policy that acts as the saved one', async () => {
    const policy = await saved();
    const loaded = await loadPolicy(join(folder, 'policy'));
    expect(loaded.description).toEqual(description);
    for (const observation of [Float32Array.of(0.3, -2), Float32Array.of(-0.9, 7)]) {
      const action = await policy.act(observation);
      expect(await loaded.act(observation)).toEqual(action);
      expect(action[0]).toBeGreaterThanOrEqual(-2);
      expect(action[0]).toBeLessThanOrEqual(5);
    }
  });

  it('refuses weights that do not fit the settings', async () => {
    await saved();
    const path = join(folder, 'policy/policy.json');
    await writeFile(path, (await readFile(path, 'utf8')).replace('"frameStack": 2', '"frameStack": 3'));
    await expect(loadPolicy(join(folder, 'policy'))).rejects.toThrow(/policy\.safetensors does not fit .*policy\.json/);
  });

  it('refuses a truncated file', async () => {
    await saved();
    await truncate(join(folder, 'policy/policy.safetensors'), 50);
    await expect(loadPolicy(join(folder, 'policy'))).rejects.toThrow('policy.safetensors');
  });

  it('says what a folder without a policy lacks', async () => {
    await expect(loadPolicy(folder)).rejects.toThrow('holds no policy: it has no policy.json');
  });
});

describe('readCheckpoint', () => {
  it('gives back what was written', async () => {
    const checkpoint: SacCheckpoint = {
      agent: agent.state(),
      replay: { rows: Float32Array.of(1, 2, 3), next: 1 },
      streams: {
        episodes: new RandomStream(1, 'a').state(),
        exploration: new RandomStream(2, 'a').state(),
        replay: new RandomStream(3, 'a').state(),
        noise: new RandomStream(4, 'a').state(),
      },
      step: 120,
      episode: 3,
    };
    await writeFolder(join(folder, 'checkpoint'), checkpointFiles(checkpoint));
    expect(await readCheckpoint(join(folder, 'checkpoint'))).toEqual(checkpoint);
  });
});
