import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { boxSpace, InputError, type PrivilegedEnv, RandomStream, spaceSize, UnavailableError } from '@rapport/core';
import { afterAll, describe, expect, it } from 'vitest';
import { makeEnv, registerEnvironment } from '../registry.js';
import { VectorEnv } from './vector-env.js';

const folder = mkdtempSync(join(tmpdir(), 'rapport-vector-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** What single environments give, one after the other, each reset at the step after its episode's end. */
async function serially(envId: string, seeds: readonly number[], actions: readonly Float32Array[], side?: number) {
  const rows: { observation: Float32Array; reward: number; end: boolean[]; picture?: Uint8Array }[][] = [];
  for (const [index, seed] of seeds.entries()) {
    const env = await makeEnv(envId);
    const size = spaceSize(env.spec.actionSpace);
    const draw = (seen: { picture?: Uint8Array }) =>
      side === undefined ? seen.picture : env.render(env.spec.cameras[0]!, { width: side, height: side });
    const note = (seen: ReturnType<PrivilegedEnv['reset']>, reward: number, end: boolean[]) => {
      const picture = draw(seen);
      return { observation: seen.observation, reward, end, ...(picture !== undefined && { picture }) };
    };
    const row = [note(env.reset({ seed }), 0, [false, false])];
    for (const all of actions) {
      if (row.at(-1)!.end.includes(true)) {
        row.push(note(env.reset(), 0, [false, false]));
        continue;
      }
      const result = env.step(all.subarray(index * size, (index + 1) * size));
      row.push(note(result, result.reward, [result.terminated, result.truncated]));
    }
    env.close();
    rows.push(row);
  }
  return rows;
}

async function compare(envId: string, steps: number, workers: number, side?: number): Promise<number> {
  const seeds = [5, 2, 9];
  const spec = (await makeEnv(envId)).spec;
  const size = spaceSize(spec.actionSpace);
  const random = new RandomStream(4, 'test/actions');
  const actions = Array.from({ length: steps }, () =>
    Float32Array.from({ length: seeds.length * size }, (_, at) => {
      const { low, high } = spec.actionSpace.entries[at % size]!;
      return random.uniformBetween(low, high);
    }),
  );
  const wanted = await serially(envId, seeds, actions, side);
  const camera = side === undefined ? {} : { camera: { camera: spec.cameras[0]!, width: side, height: side } };
  const vector = await VectorEnv.create({ envId, count: seeds.length, workers, ...camera });
  let ends = 0;
  try {
    vector.reset(seeds);
    for (let step = 0; step <= steps; step++) {
      if (step > 0) vector.step(actions[step - 1]!);
      for (const [index, row] of wanted.entries()) {
        const { observation, reward, end, picture } = row[step]!;
        const width = observation.length;
        expect([...vector.observations.subarray(index * width, (index + 1) * width)]).toEqual([...observation]);
        expect(vector.rewards[index]).toBe(Math.fround(reward));
        expect([vector.terminated[index], vector.truncated[index]]).toEqual(end.map(Number));
        ends += end.filter(Boolean).length;
        if (picture === undefined) continue;
        const drawn = vector.pictures.subarray(index * picture.length, (index + 1) * picture.length);
        expect(Buffer.compare(drawn, picture)).toBe(0);
      }
    }
  } finally {
    await vector.close();
  }
  return ends;
}

// Workers run the built package (`pnpm build`); the test command builds first.
describe('VectorEnv', () => {
  it('gives what single environments give, over ends of episodes and with pictures', async () => {
    expect(await compare('xmagical/avoid-longstick', 60, 2, 16)).toBe(3);
    expect(await compare('xmagical/avoid-longstick', 60, 1)).toBe(3);
  });

  it('gives the pictures that an environment observes', async () => {
    await compare('SweepToTop-Gripper-Pixels-Allo-TestLayout-v0', 5, 2);
  });

  it('gives what single manipulation environments give', async () => {
    await compare('franka/reach', 12, 2);
  });

  it('names what is wrong with actions and seeds, and stays usable', async () => {
    const vector = await VectorEnv.create({ envId: 'xmagical/group-gripper', count: 2, workers: 2 });
    const size = spaceSize(vector.spec.actionSpace);
    // This one comes from the environment in its thread.
    expect(() => vector.step(new Float32Array(2 * size))).toThrow(InputError);
    expect(() => vector.reset([1])).toThrow('there are 1 seeds; expected 2');
    expect(() => vector.reset([1, -1])).toThrow('a seed is -1');
    vector.reset([1, 2]);
    expect(() => vector.step(new Float32Array(size))).toThrow(`expected 2 x ${size}`);
    expect(() => vector.step(new Float32Array(2 * size).fill(Number.NaN))).toThrow('action 0');
    vector.step(new Float32Array(2 * size));
    await vector.close();
    await vector.close();
    expect(() => vector.reset([1, 2])).toThrow('are closed');
  });

  it('refuses what cannot be made', async () => {
    const options = { envId: 'xmagical/group-gripper', count: 2, workers: 1 };
    await expect(VectorEnv.create({ ...options, count: 0 })).rejects.toThrow('count is 0');
    await expect(VectorEnv.create({ ...options, envId: 'xmagical/groop' })).rejects.toThrow(InputError);
    const camera = { camera: 'left', width: 8, height: 8 };
    await expect(VectorEnv.create({ ...options, camera })).rejects.toThrow('no camera "left"');
  });

  it('reports an environment that fails and a thread that ends, and does not hang', async () => {
    const entry = { name: 'x', unit: 'm', low: -1, high: 3 };
    const spec = {
      id: 'test/breaks',
      summary: 'fails where the action is 1, and ends its thread where it is 2',
      observationSpace: boxSpace([entry]),
      actionSpace: boxSpace([entry]),
      controlHz: 10,
      maxEpisodeSteps: 10,
      cameras: [],
    };
    const file = join(folder, 'breaks.mjs');
    const registry = new URL('../../dist/registry.js', import.meta.url).href;
    writeFileSync(
      file,
      `import { registerEnvironment } from '${registry}';
const spec = ${JSON.stringify(spec)};
registerEnvironment({ id: spec.id, spec: () => spec, make: async () => ({
  spec,
  reset: ({ seed }) => ({ observation: Float32Array.of(seed), info: {} }),
  step: ([x]) => {
    if (x === 1) throw new Error('the motor is not there');
    if (x === 2) process.exit(3);
    return { observation: Float32Array.of(x), reward: 1, terminated: false, truncated: false, info: {} };
  },
  close: () => undefined,
}) });`,
    );
    const near = await makeEnv('xmagical/group-gripper');
    const make = async () => ({ ...near, spec, privileged: near.privileged, close: () => undefined }) as PrivilegedEnv;
    registerEnvironment({ id: spec.id, module: pathToFileURL(file).href, spec: () => spec, make });
    const vector = await VectorEnv.create({ envId: spec.id, count: 2, workers: 2 });
    vector.reset([0, 1]);
    expect(() => vector.step(Float32Array.of(0, 1))).toThrow('test/breaks failed in thread 1: the motor is not there');
    vector.reset([0, 1]);
    vector.step(Float32Array.of(0.5, 0));
    expect([...vector.observations]).toEqual([0.5, 0]);
    expect(() => vector.step(Float32Array.of(2, 0))).toThrow(UnavailableError);
    expect(() => vector.reset([0, 1])).toThrow('are gone: thread 0 has ended');
    await vector.close();
    near.close();
  });
});
