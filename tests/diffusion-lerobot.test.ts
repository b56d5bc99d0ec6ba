import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { readDiffusionCheckpoint, writeDiffusionCheckpoint } from '@rapport/policy';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));
const python = join(root, '.rapport/peers/lerobot/bin/python');
const fixtures = join(root, 'tests/fixtures/lerobot_diffusion');
const MISSING =
  'LeRobot with diffusers is not installed; with Python 3.12 or newer: python3 -m venv .rapport/peers/lerobot && ' +
  '.rapport/peers/lerobot/bin/python -m pip install "lerobot[dataset,diffusion]==0.6.1" (5 GB)';
const find = 'import importlib.util, sys; sys.exit(0 if all(map(importlib.util.find_spec, sys.argv[1:])) else 1)';
const isInstalled = await run(python, ['-c', find, 'lerobot', 'diffusers']).then(
  () => true,
  () => false,
);

describe.skipIf(!isInstalled)(`LeRobot itself${isInstalled ? '' : ` (skipped: ${MISSING})`}`, () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rapport-lerobot-diffusion-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  for (const name of ['A', 'A2']) {
    it(`computes the same with checkpoint ${name} whose settings and processors were written here`, async () => {
      const { files: _, ...checkpoint } = await readDiffusionCheckpoint(join(fixtures, name, 'ckpt'));
      const exported = join(folder, name);
      await writeDiffusionCheckpoint(exported, checkpoint);
      const script = join(fixtures, 'check_roundtrip.py');
      const { stdout } = await run(python, [script, exported, join(fixtures, name, 'fixture.json')], {
        env: { ...process.env, OMP_NUM_THREADS: '1' },
        maxBuffer: 64 * 2 ** 20,
      });
      expect(stdout.trim().split('\n').at(-1)).toMatch(/^\d\d passed, 0 failed$/);
    }, 300_000);
  }
});
