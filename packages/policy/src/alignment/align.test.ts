import { InputError, RandomStream } from '@rapport/core';
import { writeFolder } from '@rapport/data';
import { beforeAll, describe, expect, it } from 'vitest';
import type { DiffusionCheckpoint } from '../diffusion/checkpoint.js';
import type { Demonstration } from '../diffusion/demonstrations.js';
import { fixturePath, temporaryFolder } from '../diffusion/fixtures.js';
import { diffusionFiles, readDiffusionCheckpoint } from '../diffusion/lerobot.js';
import { type AlignDiffusionOptions, type AlignmentState, alignDiffusion } from './align.js';
import { type AlignmentConfig, alignmentConfigSchema } from './config.js';
import { alignmentFiles, readAlignmentFiles } from './files.js';
import { policyHash } from './hash.js';
import { rankingsOnly, type SegmentRanking } from './preferences.js';
import { shareOf, type ToyRollouts, toyDemonstrations, toyReference, toyRollouts } from './toy.testing.js';

const REPEATS = 4;
let demonstrations: readonly Demonstration[];
let reference: DiffusionCheckpoint;
let acted: ToyRollouts;
let rankings: readonly SegmentRanking[];

beforeAll(async () => {
  demonstrations = await toyDemonstrations(80, new RandomStream(0, 'demonstrations'));
  reference = await toyReference(demonstrations);
  acted = await toyRollouts(reference, 25, REPEATS, 5);
  rankings = preferAbove(acted);
}, 600_000);

/** Rankings of the rollouts of each start: above, then below, then those that went wrong. */
function preferAbove({ rollouts, ways }: ToyRollouts): SegmentRanking[] {
  const order = ['above', 'below', 'neither'];
  return Array.from({ length: rollouts.length / REPEATS }, (_, start) => {
    const own = Array.from({ length: REPEATS }, (_, repeat) => REPEATS * start + repeat);
    const places = [...new Set(own.map((index) => order.indexOf(ways[index]!)))].sort();
    return {
      items: own.map((index) => ({ rollout: index, start: 0, end: rollouts[index]!.length })),
      ranks: own.map((index) => places.indexOf(order.indexOf(ways[index]!))),
    };
  });
}

const config = (fields: Partial<AlignmentConfig>) => alignmentConfigSchema.parse({ learningRate: 1e-4, ...fields });
const options = (
  fields: Partial<AlignmentConfig>,
  more: Partial<AlignDiffusionOptions> = {},
): AlignDiffusionOptions => ({
  reference,
  rollouts: acted.rollouts,
  preferences: rankingsOnly(rankings),
  demonstrations,
  config: config(fields),
  seed: 0,
  ...more,
});

describe('alignDiffusion', () => {
  it('makes the preferred way the usual one and stays on the data', async () => {
    const before = policyHash(reference);
    expect(shareOf('above', acted)).toBeGreaterThan(0.3);
    expect(shareOf('above', acted)).toBeLessThan(0.7);
    const { policy, step, stopped, history } = await alignDiffusion(options({ steps: 150, monitorEvery: 50 }));
    expect(stopped).toBeUndefined();
    expect(step).toBe(150);
    const after = await toyRollouts(policy, 25, REPEATS, 77);
    expect(shareOf('above', after)).toBeGreaterThan(0.8);
    expect(shareOf('neither', after)).toBeLessThan(0.05);
    const [first, last] = [history[0]!, history.at(-1)!];
    expect(history.map((look) => look.step)).toEqual([0, 50, 100, 150]);
    expect(last.offManifold).toBeLessThan(0.03);
    expect(last.rankingAccuracy).toBeGreaterThan(first.rankingAccuracy + 0.1);
    // The winners are denoised no worse than before, the losers much worse.
    expect(last.winnerLoss).toBeLessThan(1.1 * first.winnerLoss);
    expect(last.loserLoss).toBeGreaterThan(1.5 * first.loserLoss);
    expect(first.referenceDistance).toBe(0);
    expect(last.referenceDistance).toBeGreaterThan(0.05);
    expect(policyHash(reference)).toBe(before);
  }, 300_000);

  it('goes back to where it was on the data when plain DPO with a small beta leaves it', async () => {
    const { policy, step, stopped, history } = await alignDiffusion(
      options({ objective: 'dpo', beta: 0.3, steps: 100, monitorEvery: 20 }),
    );
    expect(stopped!.reason).toMatch(/^the winners' denoising loss is \d+\.\d\d times the reference's \(limit 1\.5\)$/);
    expect(stopped!.step).toBe(history.at(-1)!.step);
    expect(step).toBe(stopped!.step - 20);
    const after = await toyRollouts(policy, 10, REPEATS, 77);
    expect(shareOf('neither', after)).toBeLessThan(0.1);
    // Implicit accuracy looks fine meanwhile.
    expect(history.at(-1)!.implicitAccuracy).toBeGreaterThan(0.9);
  }, 300_000);

  it('ends with the same bytes when it was interrupted', async () => {
    let middle: AlignmentState | undefined;
    const small = options({ steps: 6, monitorEvery: 3, batchSize: 8 });
    const onCheckpoint = async (step: number, state: AlignmentState) => {
      if (step === 3) middle = state;
    };
    const whole = await alignDiffusion({ ...small, onCheckpoint });
    const directory = temporaryFolder();
    await writeFolder(directory, alignmentFiles(middle!));
    const resumed = await alignDiffusion({ ...small, resume: await readAlignmentFiles(directory) });
    expect(resumed).toEqual(whole);
    await expect(alignDiffusion({ ...small, resume: { ...middle!, reference: '0123456789abcdef' } })).rejects.toThrow(
      /begun with reference 0123456789ab; this one is/,
    );
  });

  it('takes every objective that comparisons of chunks can serve', async () => {
    const stated = rankings.map((ranking) => ({
      ...ranking,
      strength: 1,
      returns: ranking.ranks.map((rank) => -rank),
    }));
    const preferences = rankingsOnly(stated);
    const objectives = ['kto', 'plackett-luce', 'margin-dpo', 'copg', 'forward-kl'] as const;
    for (const objective of objectives) {
      const { history } = await alignDiffusion(
        options({ objective, steps: 2, monitorEvery: 2, batchSize: 8 }, { preferences }),
      );
      expect(history.at(-1)!.referenceDistance).toBeGreaterThan(0);
    }
    const guarded = await alignDiffusion(options({ safeguard: 0.5, steps: 2, monitorEvery: 2, batchSize: 8 }));
    expect(guarded.history.at(-1)!.referenceDistance).toBeGreaterThan(0);
  }, 300_000);

  it('reports what a caller measures', async () => {
    const { history } = await alignDiffusion(
      options({ steps: 1, batchSize: 4 }, { evaluate: async (_, step) => ({ success: 0.5 + step }) }),
    );
    expect(history.map(({ task }) => task)).toEqual([{ success: 0.5 }, { success: 1.5 }]);
  });

  it('refuses what does not fit, before anything is trained', async () => {
    const refused = async (given: AlignDiffusionOptions, message: RegExp) => {
      const failure = await alignDiffusion(given).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(InputError);
      expect((failure as InputError).message).toMatch(message);
    };
    const item = (rollout: number) => ({ rollout, start: 0, end: 12 });
    const pair = (first: number, second: number) => ({ items: [item(first), item(second)], ranks: [0, 1] });
    const preferences = (...given: SegmentRanking[]) => ({ preferences: rankingsOnly(given) });
    await refused(options({}, preferences()), /there are no preferences/);
    await refused(options({}, preferences(pair(0, 999))), /ranking 0 names rollout 999; there are 100/);
    await refused(options({}, preferences({ ...pair(0, 1), ranks: [0, 0] })), /the 1 rankings state no preference/);
    await refused(options({ objective: 'margin-dpo' }), /no ranking states it/);
    await refused(options({ objective: 'copg' }), /uses returns; 25 of 25 rankings have none/);
    await refused(options({ objective: 'kto', safeguard: 0.5 }), /safeguard is for objectives of pairs/);
    const ratings = [{ segment: item(0), good: true }];
    await refused(options({}, { preferences: { rankings, ratings } }), /it cannot use 1 single ratings/);
    await refused(
      options({ objective: 'kto' }, { preferences: { rankings: [], ratings } }),
      /one-sided: 1 good and 0 bad/,
    );
    const { demonstrations: _, ...without } = options({ objective: 'forward-kl' });
    await refused(without, /needs demonstrations/);
    const other = {
      ...reference,
      statistics: { ...reference.statistics, action: { min: new Float32Array(2), max: new Float32Array(2) } },
    };
    await refused(options({}, { policy: other }), /the policy's statistics of "action" is/);
    const short = { ...reference, config: { ...reference.config, nActionSteps: 2 } };
    await refused(options({}, { policy: short }), /the policy's nActionSteps is 2; that of its reference is 4/);
  });
});

describe('alignDiffusion of an imported policy', () => {
  it('keeps the settings and processor files byte for byte, and every tensor but those of the denoiser', async () => {
    const imported = await readDiffusionCheckpoint(fixturePath('A2/ckpt'));
    const { inputFeatures, outputFeatures } = imported.config;
    const stream = new RandomStream(0, 'rollouts');
    const length = 12;
    const rollouts = Array.from({ length: 2 }, () => ({
      length,
      vectors: Object.fromEntries(
        Object.entries({ ...inputFeatures, ...outputFeatures }).map(([feature, { shape }]) => [
          feature,
          stream.fillNormal(new Float32Array(length * shape[0]!)),
        ]),
      ),
      pictures: {},
    }));
    const ranking = { items: [0, 1].map((rollout) => ({ rollout, start: 0, end: length })), ranks: [0, 1] };
    const { policy } = await alignDiffusion({
      reference: imported,
      rollouts,
      preferences: rankingsOnly([ranking]),
      config: config({ steps: 1, batchSize: 2, winnerLossLimit: 100, offManifoldLimit: 1 }),
      seed: 0,
    });
    const [before, after] = [diffusionFiles(imported), diffusionFiles(policy)];
    expect(Object.keys(after).sort()).toEqual(Object.keys(before).sort());
    for (const [name, bytes] of Object.entries(before)) {
      if (name !== 'model.safetensors') expect(after[name]).toEqual(bytes);
    }
    expect(Object.keys(policy.parameters).sort()).toEqual(Object.keys(imported.parameters).sort());
    expect(policyHash(policy)).not.toBe(policyHash(imported));
  }, 300_000);
});
