import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { decodeTensors, encodeTensors } from '@rapport/nn';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  at,
  fixturePath,
  floatsAt,
  type Json,
  readFixture,
  relativeError,
  shapeAt,
  temporaryFolder,
} from './fixtures.js';
import { readDiffusionCheckpoint } from './lerobot.js';
import { DiffusionPolicy, diffusionSignature } from './policy.js';

/** Plays the recorded observations with the recorded noise, and returns all actions. */
async function play(policy: DiffusionPolicy, fixture: Json): Promise<number[]> {
  const recorded = at(fixture, 'select_action');
  const names = Object.keys(at(recorded, 'frames') as object);
  const starts = floatsAt(recorded, 'noise');
  const planSize = shapeAt(recorded, 'noise')
    .slice(2)
    .reduce((product, size) => product * size, 1);
  const plans = shapeAt(recorded, 'noise')[0]!;
  const stepNoise = floatsAt(recorded, 'step_noise');
  let plan = 0;
  const noise = () => {
    const index = plan++;
    const share = stepNoise.length / plans;
    return {
      start: starts.subarray(index * planSize, (index + 1) * planSize),
      steps: stepNoise.subarray(index * share, (index + 1) * share),
    };
  };
  policy.reset(0);
  const actions: number[] = [];
  const count = shapeAt(recorded, 'action')[0]!;
  for (let step = 0; step < count; step++) {
    const observation = names.map((name) => {
      const all = floatsAt(recorded, 'frames', name);
      const size = all.length / count;
      return [name, all.subarray(step * size, (step + 1) * size)] as const;
    });
    actions.push(...(await policy.selectAction(Object.fromEntries(observation), noise)));
  }
  return actions;
}

describe('DiffusionPolicy', () => {
  const folder = temporaryFolder();

  beforeAll(async () => {
    const pictures = join(folder, 'B');
    await cp(fixturePath('B/ckpt'), pictures, { recursive: true });
    await writeFile(
      join(pictures, 'model.safetensors'),
      gunzipSync(await readFile(join(pictures, 'model.safetensors.gz'))),
    );
    // LeRobot 0.3.3 keeps weights and statistics in one file.
    const legacy = join(folder, 'A_legacy');
    await mkdir(legacy);
    await cp(fixturePath('A_legacy/ckpt/config.json'), join(legacy, 'config.json'));
    const parts = await Promise.all(
      ['A/ckpt/model.safetensors', 'A_legacy/ckpt/statistics.safetensors'].map(async (path) =>
        decodeTensors(await readFile(fixturePath(path)), path),
      ),
    );
    const all = Object.assign({}, ...parts.map(({ tensors }) => tensors));
    await writeFile(join(legacy, 'model.safetensors'), encodeTensors(all));
  });

  for (const name of ['A', 'A2', 'A_legacy', 'B']) {
    it(`chooses the actions of LeRobot with checkpoint ${name}`, async () => {
      const directory = name === 'A' || name === 'A2' ? fixturePath(`${name}/ckpt`) : join(folder, name);
      const fixture = readFixture(`${name}/fixture.json`);
      const policy = await DiffusionPolicy.create(await readDiffusionCheckpoint(directory), { name });
      const actions = await play(policy, fixture);
      await policy.close();
      expect(relativeError(actions, floatsAt(fixture, 'select_action', 'action'))).toBeLessThan(1e-3);
    });
  }

  it('acts on pictures as bytes of rows as it does on planes of numbers', async () => {
    const checkpoint = await readDiffusionCheckpoint(join(folder, 'B'));
    const policy = await DiffusionPolicy.create(checkpoint, { name: 'b' });
    expect(policy.signature).toEqual({
      observationSize: 2,
      actionSize: 2,
      cameras: [{ camera: 'observation.image', width: 48, height: 48 }],
    });
    expect(diffusionSignature(checkpoint.config, { 'observation.image': 'front' }).cameras[0]!.camera).toBe('front');
    expect(() => diffusionSignature(checkpoint.config, { image: 'front' })).toThrow(
      '"image" is not a camera of the policy; it has "observation.image"',
    );
    const bytes = Uint8Array.from({ length: 3 * 48 * 48 }, (_, index) => (7 * index) % 256);
    const planes = Float32Array.from(bytes, (_, index) => {
      const [channel, pixel] = [Math.floor(index / (48 * 48)), index % (48 * 48)];
      return bytes[3 * pixel + channel]! / 255;
    });
    const state = Float32Array.of(0.1, 0.2);
    policy.reset(1);
    const action = await policy.act(state, [bytes]);
    policy.reset(1);
    expect(action).toEqual(await policy.selectAction({ 'observation.state': state, 'observation.image': planes }));
    expect(() => policy.act(state)).toThrow('was given pictures of 0 cameras; expected 1');
    expect(() => policy.act(state, [bytes.subarray(3)])).toThrow('a picture of 6909 bytes as "observation.image"');
    await policy.close();
  });

  it('acts on an observation vector, the same way for the same seed', async () => {
    const checkpoint = await readDiffusionCheckpoint(fixturePath('A/ckpt'));
    const policy = await DiffusionPolicy.create(checkpoint, { name: 'a', scheduler: 'DDIM', steps: 4 });
    const observation = Float32Array.from({ length: 9 }, (_, index) => 0.1 * index);
    const episode = async (seed: number) => {
      policy.reset(seed);
      return [...(await policy.act(observation)), ...(await policy.act(observation))];
    };
    const first = await episode(5);
    expect(await episode(5)).toEqual(first);
    expect(await episode(6)).not.toEqual(first);
    expect(() => policy.act(new Float32Array(8))).toThrow(
      'was given 8 observed numbers; expected 5 of the state and 4',
    );
    await policy.close();
  });

  it('plans in one call what it would do step by step, and the forecast beyond', async () => {
    const checkpoint = await readDiffusionCheckpoint(fixturePath('A/ckpt'));
    const policy = await DiffusionPolicy.create(checkpoint, { name: 'a', scheduler: 'DDIM', steps: 4 });
    const { nObsSteps, nActionSteps, horizon } = checkpoint.config;
    expect(policy.chunk).toEqual({
      historySteps: nObsSteps,
      executed: nActionSteps,
      steps: horizon - nObsSteps + 1,
    });
    const observation = Float32Array.from({ length: 9 }, (_, index) => 0.1 * index);
    policy.reset(5);
    const stepwise: Float32Array[] = [];
    for (let step = 0; step < nActionSteps; step++) stepwise.push(await policy.act(observation));
    policy.reset(5);
    const chunk = await policy.sampleChunk([{ observation, pictures: [] }]);
    expect(chunk).toHaveLength(policy.chunk.steps);
    expect(chunk.slice(0, nActionSteps)).toEqual(stepwise);
    await expect(policy.sampleChunk([])).rejects.toThrow('was given no observation');
    await policy.close();
  });
});
