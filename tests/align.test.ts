import { cpSync, readdirSync, rmSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openDataset } from '@rapport/data';
import { loadDiffusionPolicy, policyHash } from '@rapport/policy';
import { loadReward } from '@rapport/reward';
import { contactThresholds, readLimits } from '@rapport/robot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rapport, result } from './command-line.js';
import { smallPolicyEnv as env, trainSmallPolicy } from './small-policy.js';

let folder: string;
let policy: string;

interface Aligned {
  readonly directory: string;
  readonly policy: string;
  readonly preferences: {
    readonly labels: number;
    readonly synthetic: number;
    readonly learned?: {
      readonly kind: string;
      readonly members: number;
      readonly returns: readonly number[];
      readonly learnedPairs: { readonly count: number };
      readonly unseenPairs: { readonly count: number };
      readonly folder: string;
    };
  };
  readonly rollouts: { readonly folder: string; readonly count: number };
  readonly reference: { readonly hash: string };
  readonly alignments: readonly {
    readonly objective: string;
    readonly history: readonly { readonly step: number }[];
  }[];
}

const settings = ['steps=4', 'monitorEvery=2', 'batchSize=4', 'winnerLossLimit=1000', 'offManifoldLimit=1'];
const align = (...more: string[]) => [
  'align',
  policy,
  '--ledger',
  join(folder, 'ledger'),
  '--output',
  folder,
  '--evaluation-episodes=2',
  '--encoder.kind=pixels16',
  ...settings.map((setting) => `alignment.${setting}`),
  ...more,
];
const weightsOf = (directory: string) => readFile(join(directory, 'model.safetensors'));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rapport-align-'));
  policy = await trainSmallPolicy(folder);
}, 600_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('rapport align', () => {
  let first: Aligned;
  beforeAll(async () => {
    const rolled = ['--rollouts=8', '--rollouts-per-start=4', '--picture=32', '--queries=6'];
    first = await result<Aligned>(...align('--env', env, '--annotator=simulated', ...rolled));
  }, 600_000);

  it('rolls out from matched starts, has the rollouts ranked, and aligns beside the baseline', async () => {
    const { episodes } = await openDataset(first.rollouts.folder);
    const seeds = episodes.map(({ seed }) => seed);
    expect(new Set(seeds.slice(0, 4)).size).toBe(1);
    expect(new Set(seeds).size).toBe(2);
    expect(first.preferences).toMatchObject({ labels: 6, synthetic: 0 });
    expect(first.alignments.map(({ objective }) => objective)).toEqual(['rpo', 'winners']);
    expect(first.alignments[0]!.history.map(({ step }) => step)).toEqual([0, 2, 4]);
    const page = await readFile(join(first.directory, 'report.html'), 'utf8');
    expect(page).toContain('During alignment: winners');
    expect(page).toContain('data:image/png;base64');
  });

  it('leaves the reference as it was, and names it in the card of the aligned policy', async () => {
    const [reference, aligned] = [await loadDiffusionPolicy(policy), await loadDiffusionPolicy(first.policy)];
    expect(aligned.reference).toBe(policyHash(reference.checkpoint));
    expect(aligned.reference).toBe(first.reference.hash);
    expect(await weightsOf(first.policy)).not.toEqual(await weightsOf(policy));
  });

  it('goes on where it stopped and ends with the same bytes', async () => {
    const stopped = join(folder, 'stopped');
    cpSync(first.directory, stopped, { recursive: true });
    for (const part of ['policy', 'report.json', 'report.html', 'alignments/winners', 'alignments/rpo']) {
      rmSync(join(stopped, part), { recursive: true });
    }
    const resumed = await result<Aligned>('align', '--resume', stopped);
    expect(await weightsOf(resumed.policy)).toEqual(await weightsOf(first.policy));
    expect(resumed.alignments).toEqual(first.alignments);
  });

  it('takes the rankings of the ledger, or those of a reward, which cost no labels', async () => {
    const { folder: dataset } = first.rollouts;
    const ranked = await result<Aligned>(...align('--dataset', dataset));
    expect(ranked.preferences).toMatchObject({ labels: 6, synthetic: 0 });
    // The same rankings, rollouts and seed give the same policy, wherever the run is.
    expect(await weightsOf(ranked.policy)).toEqual(await weightsOf(first.policy));
    const rewarded = await result<Aligned>(
      ...align('--dataset', dataset, '--reward=true', 'alignment.objective=winners'),
    );
    expect(rewarded.preferences).toMatchObject({ labels: 0, synthetic: 2 });
    expect(rewarded.alignments.map(({ objective }) => objective)).toEqual(['winners']);
  });

  it('learns rewards from the rankings, which rank all rollouts, and goes on after them with the same bytes', async () => {
    const winners = 'alignment.objective=winners';
    const learned = await result<Aligned>(
      ...align('--dataset', first.rollouts.folder, '--method=rapl', '--reward-members=1', '--least-gap=0', winners),
    );
    const { labels, synthetic, learned: rewards } = learned.preferences;
    expect([labels, synthetic]).toEqual([6, 2]);
    expect(rewards).toMatchObject({ kind: 'rapl', members: 1, waysRight: null });
    expect(rewards!.returns).toHaveLength(8);
    // Rollouts of one start are never judged by what was learned from them, so every pair is among the unseen ones.
    expect(rewards!.unseenPairs.count).toBe(rewards!.learnedPairs.count);
    expect(await loadReward(join(rewards!.folder, '0'))).toMatchObject({ kind: 'rapl' });
    const page = await readFile(join(learned.directory, 'report.html'), 'utf8');
    expect(page).toContain('a reward that was learned from 6 rankings by annotators');
    expect(page).toContain('What the reward learned');

    const stopped = join(folder, 'stopped-learning');
    cpSync(learned.directory, stopped, { recursive: true });
    for (const part of ['policy', 'report.json', 'alignments', 'rewards']) {
      rmSync(join(stopped, part), { recursive: true });
    }
    const resumed = await result<Aligned>('align', '--resume', stopped);
    expect(resumed.preferences.learned).toEqual({ ...rewards, folder: join(stopped, 'rewards') });
    expect(await weightsOf(resumed.policy)).toEqual(await weightsOf(learned.policy));
  });

  it('shows what changed on the same starts', async () => {
    interface Difference {
      readonly directory: string;
      readonly actionDistance: readonly { readonly step: number; readonly distance: { readonly mean: number } }[];
      readonly change: { readonly score: { readonly mean: number } };
    }
    const diff = (second: string) =>
      result<Difference>('policy', 'diff', policy, second, '--env', env, '--episodes=2', '--output', folder);
    const same = await diff(policy);
    expect(same.actionDistance.every(({ distance }) => distance.mean === 0)).toBe(true);
    expect(same.change.score.mean).toBe(0);
    const other = await diff(first.policy);
    expect(other.actionDistance[0]!.distance.mean).toBeGreaterThan(0);
    const page = await readFile(join(other.directory, 'report.html'), 'utf8');
    expect(page).toContain('robot from above');
  });

  it('ends rollouts of a simulated arm at the contacts of a limits file, and says so', async () => {
    const reach = join(dirname(fileURLToPath(import.meta.url)), 'fixtures/reach_policy');
    const small = ['--rollouts=4', '--rollouts-per-start=2', '--clips-per-query=2', '--queries=2', '--picture=0'];
    const [, , ...options] = align('--env=franka/reach', '--annotator=simulated', '--contact-limits=panda', ...small);
    const limited = await result<Aligned & { readonly contact: unknown }>('align', reach, ...options);
    const { contact } = await readLimits('panda');
    expect(limited.contact).toEqual(contactThresholds(await readLimits('panda')));
    const page = await readFile(join(limited.directory, 'report.html'), 'utf8');
    expect(page).toContain(`${contact.force} N and ${contact.moment} N m on the tool`);
  });

  it('refuses in one line, and leaves nothing behind', async () => {
    const { folder: dataset } = first.rollouts;
    const sac = join(folder, 'sac');
    const refused: [string[], string][] = [
      [align(), 'nothing says which rollouts are better'],
      [align('--annotator=simulated'), 'does not say which environment it was trained in'],
      [align('--annotator=simulated', '--reward=true'), 'both --reward and --annotator are given'],
      [align('--dataset', dataset, '--method=rapl', '--reward=true'), '--method rapl would learn another reward'],
      [align('--dataset', dataset, '--method=rapl', '--reward-cameras=side'), 'has no pictures of camera "side"'],
      [
        align('--env', env, '--annotator=simulated', '--method=rapl', '--clips-per-query=2'),
        'RAPL learns from rankings of three rollouts or more',
      ],
      [align('--env', env, '--annotator=simulated', '--method=rapl', '--picture=0'), 'learns a reward from pictures'],
      [align('--env', 'franka/lift', '--annotator=simulated'), 'expects 16 observed numbers; franka/lift has 43'],
      [
        align('--env', 'xmagical/group-gripper', '--dataset', dataset),
        `are of ${env}; expected xmagical/group-gripper`,
      ],
      [
        align('--dataset', dataset, '--save', policy),
        'is where the reference policy is; alignment never overwrites it',
      ],
      [align('--dataset', dataset, '--save', folder), 'is where the reference policy is'],
      [
        align('--env', env, '--annotator=simulated', '--rollouts-per-start=2', '--rollouts=8'),
        'a query shows 3 rollouts of one start',
      ],
      [
        align('--env', env, '--annotator=simulated', '--contact-limits=panda'),
        'has no arm whose contacts could be limited',
      ],
      [align('--env', env, '--annotator=simulated', '--contact-limits=pandas'), 'limits file pandas: there is none'],
      [['align', sac, '--annotator=simulated', '--output', folder], 'policy.json'],
    ];
    const made = () => readdirSync(join(folder, 'align'), { recursive: true }).length;
    const before = made();
    for (const [args, message] of refused) {
      const { err, code } = await rapport(...args);
      expect(err.split('\n')[0]).toContain(message);
      expect(code).toBe(1);
    }
    expect(made()).toBe(before);
  });
});
