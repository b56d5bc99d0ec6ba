import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManipulationEnv } from '../franka/env.js';
import { reach } from '../franka/tasks/reach.js';
import { type MjcfNode, mjcf, writeMjcf } from '../mujoco/mjcf.js';
import { makeEnv } from '../registry.js';
import { collectEpisodes } from '../vector/collect.js';
import { VectorEnv } from '../vector/vector-env.js';
import { armParts } from './bodies.js';
import { fr3 } from './fr3.js';
import { iiwa14 } from './iiwa14.js';
import { panda } from './panda.js';
import { loadRobotAssets } from './robot-assets.js';
import { writeStl } from './stl.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rapport-assets-'));
});
afterEach(() => rm(folder, { recursive: true }));

const corners = [0, 0, 0, 0.1, 0, 0, 0, 0.1, 0, 0, 0, 0.1];
const tetrahedron = writeStl(corners, [0, 2, 1, 0, 1, 3, 0, 3, 2, 1, 2, 3]);

/** A model of FR3's links under other names, with a mesh on its second link, as someone else would have it. */
function modelText(mesh: string): string {
  const rename = (node: MjcfNode): MjcfNode => {
    const { name, ...attributes } = node.attributes;
    const children = node.children.filter((child) => child.attributes.name !== 'hand').map(rename);
    const extra = name === 'arm_link2' ? [mjcf('geom', { type: 'mesh', mesh: 'cover', rgba: [1, 0, 0, 1] })] : [];
    return mjcf(node.tag, name === undefined ? attributes : { ...attributes, name: `theirs_${name}` }, [
      ...children,
      ...extra,
    ]);
  };
  return writeMjcf(
    mjcf('mujoco', {}, [
      mjcf('compiler', { angle: 'radian', meshdir: 'meshes' }),
      mjcf('asset', {}, [mjcf('mesh', { name: 'cover', file: mesh })]),
      mjcf('worldbody', {}, [rename(armParts(fr3, [0, 0, 0], 0).body)]),
    ]),
  );
}

async function writeFolder(mesh = 'cover.stl'): Promise<void> {
  await writeFile(join(folder, 'arm.xml'), modelText(mesh));
  await mkdir(join(folder, 'meshes'));
  await writeFile(join(folder, 'meshes/cover.stl'), tetrahedron);
}

describe('robot assets', () => {
  it('bring masses and meshes of another model of the arm, which then runs and is drawn', async () => {
    await writeFolder();
    const arm = await loadRobotAssets(folder, panda);
    // Kinematics of Panda and FR3 are the same; the masses are FR3's now, the limits still Panda's.
    for (const [index, { inertial }] of arm.links.entries()) {
      const wanted = fr3.links[index]!.inertial;
      expect(inertial.mass).toBeCloseTo(wanted.mass, 9);
      for (const [entry, value] of wanted.inertia.entries()) expect(inertial.inertia[entry]).toBeCloseTo(value, 7);
    }
    expect(arm.limits).toEqual(panda.limits);
    const env = await ManipulationEnv.create({ id: 'test/assets', arm, task: reach });
    env.reset({ seed: 0 });
    const { observation, info } = env.step([0, 0, 0, 0.08]);
    expect(info).toEqual({});
    expect(observation.every(Number.isFinite)).toBe(true);
    const picture = env.render('front', { width: 96, height: 96 });
    const red = picture.filter((_, at) => at % 3 === 0 && picture[at]! > 90 && picture[at + 1]! < 30).length;
    expect(red).toBeGreaterThan(5);
    env.close();
  });

  it('are refused for an arm whose joints sit elsewhere', async () => {
    await writeFolder();
    await expect(loadRobotAssets(folder, iiwa14)).rejects.toThrow(
      "is a iiwa14; arm.xml: joint 1 sits elsewhere than a iiwa14's",
    );
  });

  it('name the mesh that is missing', async () => {
    await writeFolder('lost.stl');
    await expect(loadRobotAssets(folder, panda)).rejects.toThrow(/lost\.stl/);
  });

  it('are refused when the folder is missing or holds no model', async () => {
    await expect(loadRobotAssets(folder, panda)).rejects.toThrow('there is no MJCF model (*.xml) in');
    await expect(loadRobotAssets(join(folder, 'nowhere'), panda)).rejects.toMatchObject({
      name: 'InputError',
      fix: expect.stringContaining('check its path'),
    });
  });

  it('are taken by id, in this thread and in workers alike', async () => {
    await writeFolder();
    const run = { envId: 'franka/reach', policy: 'mixed', seeds: [3], cameras: [] };
    const plain = await collectEpisodes({ ...run, workers: 0 });
    const theirs = await collectEpisodes({ ...run, assets: folder, workers: 0 });
    expect(theirs[0]!.episode.observations).not.toEqual(plain[0]!.episode.observations);
    expect(await collectEpisodes({ ...run, assets: folder, workers: 1 })).toEqual(theirs);
    const vector = await VectorEnv.create({ envId: run.envId, assets: folder, count: 1, workers: 1 });
    vector.reset(run.seeds);
    const { observations, actions } = theirs[0]!.episode;
    const width = vector.observations.length;
    for (let step = 0; step < 3; step++) {
      vector.step(actions.slice(4 * step, 4 * (step + 1)));
      expect([...vector.observations]).toEqual([...observations.subarray((step + 1) * width, (step + 2) * width)]);
    }
    await vector.close();
  });

  it('are refused where there is no arm, and where there is no model', async () => {
    await expect(makeEnv('xmagical/group-gripper', { assets: folder })).rejects.toThrow('it takes no assets');
    await expect(makeEnv('franka/reach', { assets: folder })).rejects.toThrow('there is no MJCF model (*.xml) in');
  });
});
