import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { saveDiffusionPolicy } from './diffusion/files.js';
import { fixturePath, temporaryFolder } from './diffusion/fixtures.js';
import { readDiffusionCheckpoint } from './diffusion/lerobot.js';
import { openPolicy } from './open-policy.js';

describe('openPolicy', () => {
  it('opens an imported diffusion policy, which acts', async () => {
    const directory = join(temporaryFolder(), 'policy');
    const checkpoint = await readDiffusionCheckpoint(fixturePath('A2/ckpt'));
    await saveDiffusionPolicy(directory, { name: 'imported', checkpoint });
    const { policy, envId } = await openPolicy(directory);
    expect([policy.name, envId]).toEqual(['imported', undefined]);
    policy.reset(0);
    const action = await policy.act(new Float32Array(8));
    expect(action.length).toBe(2);
    expect(action.every(Number.isFinite)).toBe(true);
    await policy.close();
  });

  it('names the kind of a policy that it does not know', async () => {
    const directory = temporaryFolder();
    await writeFile(join(directory, 'policy.json'), JSON.stringify({ format: 1, kind: 'act', name: 'other' }));
    await expect(openPolicy(directory)).rejects.toThrow(
      'policy.json is of kind "act"; expected sac, diffusion or onnx',
    );
  });

  it('says when a folder holds no policy', async () => {
    await expect(openPolicy(temporaryFolder())).rejects.toThrow('holds no policy: it has no policy.json');
  });
});
