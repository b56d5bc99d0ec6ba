import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { boxSpace, RandomStream } from '@rapport/core';
import { add, constant, exportOnnx, input, mul, reshape, sub } from '@rapport/nn';
import { beforeAll, describe, expect, it } from 'vitest';
import { isChunkPolicy } from '../chunk-policy.js';
import { relativeError, temporaryFolder } from '../diffusion/fixtures.js';
import { openPolicy } from '../open-policy.js';
import { SacAgent } from '../sac/agent.js';
import { sacConfigSchema } from '../sac/config.js';
import { savePolicy } from '../sac/files.js';
import { SacPolicy } from '../sac/policy.js';
import { onnxCardSchema, parseOnnxSource } from './card.js';
import { saveOnnxPolicy } from './files.js';

const fixture = (name: string) =>
  fileURLToPath(new URL(`../../../../tests/fixtures/torch_policy/${name}`, import.meta.url));

interface RecordedEpisode {
  readonly states: number[][];
  readonly actions: number[][];
  readonly normalization: Record<string, { mean: number[]; std: number[] } | { min: number[]; max: number[] }>;
}
const recorded: RecordedEpisode = JSON.parse(readFileSync(fixture('episode.json'), 'utf8'));

/** How the policy that PyTorch exported is told to be used. */
const torchCard = {
  format: 1,
  kind: 'onnx',
  name: 'torch',
  inputs: {
    'obs.state': { kind: 'state' },
    'obs.image': { kind: 'camera', camera: 'front' },
    noise: { kind: 'noise' },
  },
  output: 'pred_action',
  firstAction: 1,
  actionSteps: 4,
  normalization: recorded.normalization,
} as const;

const pictureOf = (step: number) =>
  Uint8Array.from({ length: 3 * 16 * 16 }, (_, index) => (7 * index + 31 * step) % 256);

async function open(model: Uint8Array, card: object) {
  const directory = join(temporaryFolder(), 'policy');
  await saveOnnxPolicy(directory, model, onnxCardSchema.parse(card), 'policy.onnx');
  return (await openPolicy(directory)).policy;
}

describe('a policy that PyTorch exported', () => {
  let model: Uint8Array;
  beforeAll(async () => {
    model = await readFile(fixture('policy.onnx'));
  });

  it('acts as PyTorch computed, over histories, pictures, chunks and normalisation', async () => {
    const policy = await open(model, torchCard);
    expect(policy.signature).toEqual({
      observationSize: 5,
      actionSize: 3,
      cameras: [{ camera: 'front', width: 16, height: 16 }],
    });
    for (let episode = 0; episode < 2; episode++) {
      policy.reset(episode);
      const actions: number[] = [];
      for (const [step, state] of recorded.states.entries()) {
        actions.push(...(await policy.act(Float32Array.from(state), [pictureOf(step)])));
      }
      expect(relativeError(actions, recorded.actions.flat())).toBeLessThan(1e-5);
    }
    await policy.close();
  });

  it('plans a whole chunk from a given history, with what is beyond the executed part', async () => {
    const policy = await open(model, torchCard);
    if (!isChunkPolicy(policy)) throw new Error('expected a policy that plans chunks');
    expect(policy.chunk).toEqual({ historySteps: 2, executed: 4, steps: 5 });
    const history = [3, 4].map((step) => ({
      observation: Float32Array.from(recorded.states[step]!),
      pictures: [pictureOf(step)],
    }));
    const chunk = await policy.sampleChunk(history);
    expect(chunk).toHaveLength(5);
    expect(
      relativeError(
        chunk.slice(0, 4).flatMap((action) => [...action]),
        recorded.actions.slice(4, 8).flat(),
      ),
    ).toBeLessThan(1e-5);
    await policy.close();
  });

  it.each([
    [
      { inputs: { ...torchCard.inputs, state: { kind: 'state' } } },
      'there is no input "state"; the model has "obs.state"',
    ],
    [
      { inputs: { 'obs.state': { kind: 'state' }, noise: { kind: 'noise' } } },
      'input "obs.image" float32 [1, 2, 3, 16, 16] has no source',
    ],
    [{ output: 'action' }, 'there is no output "action"; the model has "pred_action"'],
    [
      { inputs: { ...torchCard.inputs, 'obs.image': { kind: 'state' } } },
      'expected [1, steps, entries] or [1, entries] for a state',
    ],
    [
      { inputs: { ...torchCard.inputs, 'obs.state': { kind: 'camera', camera: 'front' } } },
      'expected [1, 3, height, width]',
    ],
    [
      { inputs: { ...torchCard.inputs, 'obs.state': { kind: 'state', start: 0, end: 4 } } },
      'takes 5 numbers a step; its source has 4',
    ],
    [{ observationSteps: 3 }, 'expected 3 observation steps, not 2'],
    [{ actionSteps: 6 }, 'output "pred_action" has 6 actions; 6 from number 1 on are to be executed'],
    [{ normalization: { 'obs.state': { mean: [0], std: [1] } } }, 'has 1 numbers as mean; expected 5'],
    [{ normalization: { pred_action: { min: [0, 0, 0], max: [1, 0, 1] } } }, 'does not vary in channel 1'],
    [{ normalization: { action: { min: [0], max: [1] } } }, 'there is no input or output "action"'],
  ])('refuses a wrong card: %j', async (change, message) => {
    await expect(open(model, { ...torchCard, ...change })).rejects.toThrow(message);
  });

  it('refuses what is no model, and names what does not fit the environment', async () => {
    await expect(open(model.subarray(0, 9000), torchCard)).rejects.toThrow('policy.onnx');
    const policy = await open(model, torchCard);
    await expect(policy.act(new Float32Array(4), [])).rejects.toThrow('was given 4 observed numbers; expected 5');
    await expect(policy.act(new Float32Array(5), [])).rejects.toThrow('was given 0 bytes of camera "front"');
    await policy.close();
  });
});

describe('a policy that the engine exported', () => {
  it('acts as the policy that it came from', async () => {
    const entry = (name: string, low: number, high: number) => ({ name, unit: 'm', low, high });
    const description = {
      name: 'sac',
      envId: 'test/env',
      config: sacConfigSchema.parse({ hiddenSizes: [16], frameStack: 3 }),
      observationSpace: boxSpace([entry('x', -1, 1), entry('y', -1, 1)]),
      actionSpace: boxSpace([entry('u', -0.5, 2), entry('v', 0, 1)]),
    };
    const agent = await SacAgent.create(
      description.config,
      { observationSize: 6, actionSpace: description.actionSpace },
      new RandomStream(3, 'agent'),
    );
    const policy = await SacPolicy.create(description, agent.actorParameters());
    const folder = join(temporaryFolder(), 'sac');
    await savePolicy(folder, policy);
    const imported = await open(await readFile(join(folder, 'policy.onnx')), {
      ...torchCard,
      inputs: { observation: { kind: 'state' } },
      output: 'action',
      observationSteps: 3,
      firstAction: 0,
      actionSteps: 1,
      normalization: { action: { min: [-0.5, 0], max: [2, 1] } },
    });
    expect(imported.signature?.observationSize).toBe(2);
    for (let step = 0; step < 5; step++) {
      const observation = Float32Array.of(Math.sin(step), 0.1 * step);
      const [found, wanted] = [await imported.act(observation), await policy.act(observation)];
      expect(relativeError(found, wanted)).toBeLessThan(1e-5);
    }
    await Promise.all([imported.close(), policy.close(), agent.close()]);
  });

  it('draws noise from the seed of the episode', async () => {
    const noise = input('noise', [1, 3, 2]);
    const state = input('state', [1, 2]);
    const zero = mul(reshape(state, [1, 1, 2]), 0);
    const model = exportOnnx({
      outputs: { action: sub(add(noise, zero), constant(Float32Array.of(0, 0), [2])) },
      parameters: {},
    });
    const policy = await open(model, {
      ...torchCard,
      inputs: { noise: { kind: 'noise' }, state: { kind: 'state' } },
      output: 'action',
      firstAction: 0,
      actionSteps: 2,
      normalization: {},
    });
    const play = async (seed: number) => {
      policy.reset(seed);
      const actions: number[] = [];
      for (let step = 0; step < 3; step++) actions.push(...(await policy.act(new Float32Array(2))));
      return actions;
    };
    const first = await play(4);
    expect(new Set(first).size).toBe(6);
    expect(await play(5)).not.toEqual(first);
    expect(await play(4)).toEqual(first);
    await policy.close();
  });
});

describe('the card of an ONNX policy', () => {
  it('reads sources as they are typed', () => {
    expect(parseOnnxSource('state')).toEqual({ kind: 'state' });
    expect(parseOnnxSource('state[3:7]')).toEqual({ kind: 'state', start: 3, end: 7 });
    expect(parseOnnxSource('camera:front')).toEqual({ kind: 'camera', camera: 'front' });
    expect(parseOnnxSource('noise')).toEqual({ kind: 'noise' });
    for (const wrong of ['front', 'state[7:3]', 'camera:', 'state[1]']) {
      expect(() => parseOnnxSource(wrong)).toThrow('is no source of an input');
    }
  });

  it('says which field of a damaged card is wrong', async () => {
    const directory = temporaryFolder();
    await writeFile(join(directory, 'policy.json'), JSON.stringify({ ...torchCard, firstAction: -1 }));
    await expect(openPolicy(directory)).rejects.toThrow('policy.json: firstAction');
  });
});
