import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openDataset } from '@rapport/data';
import { affine, constant, exportOnnx, input, tanh } from '@rapport/nn';
import { loadDiffusionPolicy } from '@rapport/policy';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rapport, result } from './command-line.js';

const env = 'xmagical/avoid-longstick';
const torchPolicy = fileURLToPath(new URL('fixtures/torch_policy/policy.onnx', import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rapport-policies-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs a command that makes a run folder, and returns what it says in JSON. */
const run = <Result>(...args: string[]): Promise<Result> => result(...args, '--output', folder);

interface Evaluated {
  readonly policy: string;
  readonly scores: number[];
}

describe('a policy of pictures, cloned with one command', () => {
  let dataset: string;
  let trained: { readonly directory: string; readonly policy: string; readonly report: string };
  beforeAll(async () => {
    const recording = ['--episodes', '5', '--policy', 'careful', '--picture', '32', '--storage', 'parquet'];
    const recorded = await run<{ directory: string }>('rollout', env, ...recording, '--cameras', 'above,ego');
    dataset = recorded.directory;
    const network = ['downDims=16,16', 'stepEmbedding=16', 'samplingSteps=2', 'keypoints=4', 'cameras=ego,above'];
    const training = ['steps=2', 'batchSize=2', 'evaluateEvery=2', 'evaluationEpisodes=1'];
    const settings = [...network, ...training].map((setting) => `policy.${setting}`);
    trained = await run('train', 'policy', '--dataset', dataset, '--policy.type=diffusion', ...settings);
  }, 600_000);

  it('sees the cameras that it was trained on, wherever it acts', async () => {
    expect((await openDataset(dataset)).cameras.map(({ camera }) => camera)).toEqual(['above', 'ego']);
    expect(existsSync(trained.report)).toBe(true);
    const evaluated = await run<Evaluated>('eval', trained.directory, '--episodes', '2');
    expect(evaluated.policy).toBe('diffusion/2');
    expect(evaluated.scores).toHaveLength(2);

    const rolled = await run<{ directory: string }>(
      'rollout',
      env,
      '--policy',
      trained.directory,
      '--episodes',
      '2',
      '--picture',
      '16',
    );
    const { episodes } = await openDataset(rolled.directory);
    expect(episodes.map(({ policy }) => policy)).toEqual(['diffusion/2', 'diffusion/2']);
  });

  it('acts the same after a way through the files of LeRobot', async () => {
    const exported = join(folder, 'pretrained_model');
    expect((await rapport('policy', 'export', trained.directory, exported)).code).toBe(0);
    expect(await readdir(exported)).toContain('model.safetensors');
    const imported = await run<{ policy: string }>('policy', 'import', exported, '--env', env);
    const [before, after] = [
      await run<Evaluated>('eval', trained.directory, '--episodes', '1'),
      await run<Evaluated>('eval', imported.policy, '--episodes', '1'),
    ];
    expect(after.scores).toEqual(before.scores);
  });

  it('is aligned with rankings of rollouts that show what it sees; its encoders stay as they are', async () => {
    const rolled = ['--rollouts=4', '--rollouts-per-start=2', '--clips-per-query=2', '--queries=4', '--picture=16'];
    const settings = ['steps=2', 'monitorEvery=2', 'batchSize=2', 'winnerLossLimit=1000', 'offManifoldLimit=1'];
    const aligned = await run<{ policy: string; rollouts: { folder: string }; preferences: { labels: number } }>(
      ...[
        'align',
        trained.policy,
        '--annotator=simulated',
        '--ledger',
        join(folder, 'ledger'),
        '--evaluation-episodes=1',
      ],
      ...[...rolled, ...settings.map((setting) => `alignment.${setting}`)],
    );
    expect(aligned.preferences.labels).toBeGreaterThan(0);
    const { cameras } = await openDataset(aligned.rollouts.folder);
    expect(cameras.map(({ camera, width }) => [camera, width])).toEqual([
      ['ego', 32],
      ['above', 32],
    ]);
    const [before, after] = [await loadDiffusionPolicy(trained.policy), await loadDiffusionPolicy(aligned.policy)];
    expect(after.cameras).toEqual(before.cameras);
    const changed = Object.entries(after.checkpoint.parameters)
      .filter(([name, { data }]) =>
        data.some((value, index) => value !== before.checkpoint.parameters[name]!.data[index]),
      )
      .map(([name]) => name);
    expect(changed.some((name) => name.startsWith('diffusion.unet'))).toBe(true);
    expect(changed.filter((name) => name.startsWith('diffusion.rgb_encoder'))).toEqual([]);
    expect((await run<Evaluated>('eval', aligned.policy, '--episodes', '1')).scores).toHaveLength(1);
  });

  it('names what is wrong in one line, and leaves nothing behind', async () => {
    const diffusion = ['train', 'policy', '--policy.type', 'diffusion', '--output', join(folder, 'refused')];
    const refused: [string[], number, string][] = [
      [[...diffusion], 2, 'option "dataset" is missing: policy.type diffusion needs it'],
      [[...diffusion, '--dataset', join(folder, 'nowhere')], 1, 'nowhere'],
      [[...diffusion, '--dataset', dataset, '--reward', 'true'], 2, 'option "reward" is not for policy.type diffusion'],
      [[...diffusion, '--dataset', dataset, '--policy.cameras', 'front'], 1, 'has no camera "front"'],
      [
        [...diffusion, 'xmagical/avoid-gripper', '--dataset', dataset],
        1,
        'observed numbers; xmagical/avoid-gripper has 17',
      ],
      [[...diffusion, '--dataset', dataset, '--policy.horizon', '12'], 1, 'horizon is 12; expected a multiple of 8'],
      [[...diffusion, '--dataset', dataset, '--policy.frameStack=2'], 2, 'belongs to policy.type sac'],
      [['train', 'policy', env], 2, 'option "reward" is missing: policy.type sac needs it'],
      [['eval', dataset], 1, 'holds no policy'],
      [
        ['eval', trained.directory, '--env', 'franka/lift'],
        1,
        'policy "diffusion/2" expects 16 observed numbers; franka/lift has 43',
      ],
      [['rollout', env, '--policy', 'carefull'], 1, '"carefull" is neither a scripted policy'],
      [['rollout', 'franka/lift', '--policy', trained.directory], 1, 'expects 16 observed numbers; franka/lift has 43'],
      [['policy', 'import', torchPolicy, '--inputs', 'state=state'], 1, 'there is no input "state"'],
    ];
    for (const [args, code, message] of refused) {
      const ended = await rapport(...args);
      expect(ended.err.split('\n')[0]).toContain(message);
      expect(ended.code).toBe(code);
    }
    expect(existsSync(join(folder, 'refused'))).toBe(false);
  });
});

describe('a policy that is an ONNX file', () => {
  it('is imported, rolled out and evaluated', async () => {
    const weights = Float32Array.from({ length: 32 }, (_, index) => Math.sin(index));
    const action = tanh(
      affine(input('obs', [1, 16]), constant(weights, [2, 16]), constant(Float32Array.of(0, 0.1), [2])),
    );
    const file = join(folder, 'linear.onnx');
    await writeFile(file, exportOnnx({ outputs: { action }, parameters: {} }));
    const normalization = join(folder, 'normalization.json');
    await writeFile(normalization, JSON.stringify({ action: { min: [-0.8, -0.0625], max: [0.8, 0.0625] } }));
    const imported = await run<{ policy: string }>(
      'policy',
      'import',
      file,
      '--env',
      env,
      '--normalization',
      normalization,
    );
    const { scores } = await run<Evaluated>('eval', imported.policy, '--episodes', '2');
    expect(scores).toHaveLength(2);
    const rolled = await run<{ directory: string }>(
      'rollout',
      env,
      '--policy',
      imported.policy,
      '--episodes',
      '1',
      '--picture',
      '0',
    );
    const dataset = await openDataset(rolled.directory);
    const { observations, actions } = await dataset.readEpisode(0, { frames: false });
    // The first action by hand.
    const sum = (row: number) =>
      observations
        .subarray(0, 16)
        .reduce((total, value, index) => total + value * weights[16 * row + index]!, row * 0.1);
    expect(actions[0]!).toBeCloseTo(0.8 * Math.tanh(sum(0)), 5);
    expect(actions[1]!).toBeCloseTo(0.0625 * Math.tanh(sum(1)), 5);
    const exported = await rapport('policy', 'export', imported.policy, join(folder, 'as-lerobot'));
    expect(exported.err).toContain('is of a policy of kind "onnx"; expected "diffusion"');
    expect(exported.code).toBe(1);
  });
});
