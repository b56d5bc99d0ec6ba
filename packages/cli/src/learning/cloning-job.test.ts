import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { boxSpace, InterruptedError, type WorkOptions } from '@rapport/core';
import { openDataset } from '@rapport/data';
import { cloningConfigSchema, openPolicy } from '@rapport/policy';
import { makeEnv } from '@rapport/sim';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordDataset } from '../recording.js';
import { checkDatasetFits, clonedPolicyConfig, runCloningJob } from './cloning-job.js';
import { writeCloningReport } from './cloning-report.js';

const envId = 'xmagical/avoid-longstick';
const config = cloningConfigSchema.parse({
  steps: 6,
  batchSize: 4,
  warmupSteps: 1,
  downDims: [16, 16],
  stepEmbedding: 16,
  samplingSteps: 2,
  evaluateEvery: 2,
  evaluationEpisodes: 2,
});

let folder: string;
let dataset: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rapport-cloning-'));
  dataset = join(folder, 'dataset');
  const recording = { envId, policy: 'careful', episodes: 6, picture: 16, storage: 'parquet' as const };
  await recordDataset(dataset, { ...recording, seed: 1, datasetId: 'demonstrations' }, {});
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const jobIn = (name: string) => ({ directory: join(folder, name), dataset, envId, config, seed: 3 });

/** Every file below a folder that must come out the same; event files hold wall times. */
async function contents(directory: string): Promise<Record<string, string>> {
  const names = (await readdir(directory, { recursive: true, withFileTypes: true })).filter((one) => one.isFile());
  const files = names.filter(({ name }) => !name.startsWith('events.'));
  const read = async (path: string) => (await readFile(path)).toString('base64');
  const pairs = files.map(async ({ parentPath, name }) => {
    const path = join(parentPath, name);
    return [path.slice(directory.length), await read(path)] as const;
  });
  return Object.fromEntries(await Promise.all(pairs));
}

describe('runCloningJob', () => {
  it('ends with the same bytes when it was interrupted, and leaves policies, a curve and a report', async () => {
    const whole = jobIn('whole');
    const result = await runCloningJob(whole, {});
    expect(result.curve.map(({ step }) => step)).toEqual([2, 4, 6]);
    expect(result.curve.every(({ validationLoss, success }) => validationLoss! > 0 && success!.count === 2)).toBe(true);
    expect(result.episodes.training + result.episodes.heldOut).toBe(6);
    expect(result.episodes.heldOut).toBeGreaterThan(0);

    const interrupted = jobIn('interrupted');
    const signal = { aborted: false };
    const work: WorkOptions = {
      signal,
      onProgress: ({ label, done }) => {
        if (label === 'training the diffusion policy' && done === 5) signal.aborted = true;
      },
    };
    await expect(runCloningJob(interrupted, work)).rejects.toThrow(InterruptedError);
    expect(existsSync(join(interrupted.directory, 'checkpoints/000004'))).toBe(true);
    expect(await runCloningJob(interrupted, {})).toEqual(result);
    expect(await contents(interrupted.directory)).toEqual(await contents(whole.directory));

    for (const [name, step] of [
      ['policy', 6],
      ['best', result.bestStep],
    ] as const) {
      const { policy, envId: trainedIn } = await openPolicy(join(whole.directory, name));
      await policy.close();
      expect([policy.name, trainedIn]).toEqual([`diffusion/${step}`, envId]);
    }
    const { page, final } = await writeCloningReport(folder, whole, result, {});
    expect(final[0]!.evaluation.seeds).toHaveLength(2);
    const html = await readFile(page, 'utf8');
    expect(html.match(/<svg/g)).toHaveLength(2);
    expect(html.match(/<figure/g)).toHaveLength(2);
  });

  it('goes on without rollouts where there is no environment', async () => {
    const job = { ...jobIn('elsewhere'), envId: undefined };
    const { curve } = await runCloningJob(job, {});
    expect(curve[0]!.success).toBeUndefined();
    expect((await writeCloningReport(folder, job, { ...(await runCloningJob(job, {})) }, {})).final).toEqual([]);
  });

  it('names a camera that is not there, and settings that contradict each other', async () => {
    const job = jobIn('wrong');
    const withConfig = (changes: object) => runCloningJob({ ...job, config: { ...config, ...changes } }, {});
    await expect(withConfig({ cameras: ['wrist'] })).rejects.toThrow('the dataset has no camera "wrist"; it has above');
    await expect(withConfig({ actionSteps: 16 })).rejects.toThrow(
      'actionSteps is 16; expected at most 15 (horizon - observationSteps + 1)',
    );
    await expect(withConfig({ state: 99 })).rejects.toThrow('the state has 99 numbers; expected 1 to 16');
  });
});

describe('clonedPolicyConfig', () => {
  it('refuses datasets without episodes or actions', async () => {
    const demonstrations = await openDataset(dataset);
    expect(() => clonedPolicyConfig({ ...demonstrations, episodes: [] }, config)).toThrow(
      'dataset demonstrations has no episodes to learn from',
    );
    expect(() => clonedPolicyConfig({ ...demonstrations, actionSpace: boxSpace([]) }, config)).toThrow(
      'dataset demonstrations has no actions',
    );
  });
});

describe('checkDatasetFits', () => {
  it('names what the dataset has and the environment expects', async () => {
    const demonstrations = await openDataset(dataset);
    const env = await makeEnv(envId);
    const { spec } = env;
    env.close();
    expect(() => checkDatasetFits(demonstrations, ['above'], spec)).not.toThrow();
    const entry = { name: 'x', unit: 'm', low: -1, high: 1 };
    const other = { ...spec, actionSpace: boxSpace([entry]) };
    expect(() => checkDatasetFits(demonstrations, [], other)).toThrow(
      'dataset demonstrations has 2 numbers in an action; xmagical/avoid-longstick has 1',
    );
    expect(() => checkDatasetFits(demonstrations, [], { ...spec, observationSpace: boxSpace([entry]) })).toThrow(
      'has 16 observed numbers; xmagical/avoid-longstick has 1',
    );
    expect(() => checkDatasetFits(demonstrations, ['front'], spec)).toThrow('has no camera "front"');
  });
});
