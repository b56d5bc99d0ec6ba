import { cpSync, readdirSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openDataset, openLedger, validateDataset } from '@rapport/data';
import { loadDiffusionPolicy, policyHash } from '@rapport/policy';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { liveOptions, Peer, rosMissing, until } from './peers.js';

interface JointState {
  velocity: number[];
}

const fixture = join(dirname(dirname(fileURLToPath(import.meta.url))), 'fixtures/reach_policy');
const simTime = ['--ros-args', '-p', 'use_sim_time:=true'];
/** A simulator that leaves most of the processor to others, and hurries. */
const simulation = ['image_width:=32', 'image_height:=32', 'camera_rate:=20.0', 'real_time_factor:=2.0'];
const rates = ['joint_state_rate:=200.0', 'robot_state_rate:=200.0'];
const settings = ['objective=winners', 'steps=4', 'monitorEvery=2', 'batchSize=4', 'winnerLossLimit=1000'];

describe.skipIf(rosMissing !== undefined)('ros align', liveOptions, () => {
  let folder: string;
  let policy: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rapport-ros-align-'));
    policy = join(folder, 'reference');
    cpSync(fixture, policy, { recursive: true });
  });
  afterAll(() => rm(folder, { recursive: true }));

  const align = (...more: string[]) => [
    ...['ros', 'align', policy, '--env', 'franka/reach', '--limits', 'panda-full', '--annotator', 'simulated'],
    ...['--rollouts=4', '--rollouts-per-start=2', '--clips-per-query=2', '--queries=6', '--picture=32'],
    ...['--evaluation-episodes=1', '--output', folder, '--ledger', join(folder, 'ledger')],
    ...settings.map((setting) => `alignment.${setting}`),
    ...more,
    ...simTime,
  ];

  it('is stopped and goes on, ranks, aligns and runs what it aligned, and leaves the arm at rest', async () => {
    const simulator = Peer.command([
      ...['ros', 'sim', 'franka/reach', '--ros-args'],
      ...[...simulation, ...rates].flatMap((value) => ['-p', value]),
    ]);
    await simulator.says('is active');
    const before = policyHash((await loadDiffusionPolicy(policy)).checkpoint);

    const first = Peer.command(align());
    const stored = join('rollouts', 'meta', 'rapport', 'episodes.jsonl');
    await until(
      () => readdirSync(folder, { recursive: true }).some((path) => String(path).endsWith(stored)),
      'a rollout',
    );
    first.process.kill('SIGINT');
    expect(await first.ended).toBe(130);
    const directory = /--resume (\S+) --ros-args -p use_sim_time:=true/.exec(first.errors)![1]!;
    const kept = await openDataset(join(directory, 'rollouts'));
    expect(kept.episodes.length).toBeGreaterThan(0);

    const second = Peer.command(['ros', 'align', '--resume', directory, '--json', ...simTime]);
    expect(await second.ended, second.errors).toBe(0);
    const rollouts = join(directory, 'rollouts');
    expect(await validateDataset(rollouts)).toEqual([]);
    const { episodes, cameras, id } = await openDataset(rollouts);
    expect(cameras.map(({ camera }) => camera)).toEqual(['front']);
    expect(episodes.slice(0, kept.episodes.length)).toEqual([...kept.episodes]);
    const seeds = episodes.map(({ seed }) => seed);
    expect([seeds[0] === seeds[1], seeds[2] === seeds[3], seeds[0] === seeds[2]]).toEqual([true, true, false]);
    // Rollouts of one start begin alike.
    const [one, other] = [await openEpisode(rollouts, 0), await openEpisode(rollouts, 1)];
    for (const [place, value] of [...one].entries()) expect(value).toBeCloseTo(other[place]!, 1);

    const ledger = await openLedger({ directory: join(folder, 'ledger') });
    const entries = await ledger.entries({ dataset: id }).finally(() => ledger.close());
    expect(entries.map(({ annotator }) => annotator)).toEqual(Array(6).fill('simulated/ordinary'));

    const aligned = await loadDiffusionPolicy(join(directory, 'policy'));
    expect(policyHash((await loadDiffusionPolicy(policy)).checkpoint)).toBe(before);
    expect(aligned.reference).toBe(before);
    expect(policyHash(aligned.checkpoint)).not.toBe(before);
    expect((await readdir(join(directory, 'evaluations'))).sort()).toEqual(['before', 'winners']);
    const report = JSON.parse(await readFile(join(directory, 'report.json'), 'utf8'));
    expect(report.before.episodes).toHaveLength(1);
    expect(report.alignments[0].after.episodes).toHaveLength(1);
    expect(report.runCommand).toContain(`ros run ${join(directory, 'policy')} --limits panda-full`);

    const observer = await Peer.start('node');
    await observer.ask('subscribe', {
      name: 'joints',
      type: 'sensor_msgs/msg/JointState',
      topic: '/franka_robot_state_broadcaster/measured_joint_states',
      qos: { reliability: 'best_effort', depth: 1 },
    });
    const { velocity } = await observer.message<JointState>('joints');
    expect(Math.max(...velocity.map(Math.abs))).toBeLessThan(0.01);
  });

  it.each([
    ['a limits file that is not there', ['--limits', join('nowhere', 'limits.yaml')], 'nowhere/limits.yaml'],
    [
      'a graph on which nobody can reset the scene',
      ['--limits', 'panda', '--patience', '1'],
      'no node offers the service /simulator/reset',
    ],
  ])('refuses %s in one line, and leaves nothing behind', async (_, words, line) => {
    const output = join(folder, 'refused');
    const refused = Peer.command([
      'ros',
      'align',
      policy,
      '--env',
      'franka/reach',
      '--annotator',
      'human',
      '--output',
      output,
      ...words,
    ]);
    expect(await refused.ended).toBe(1);
    expect(refused.errors.split('\n').filter((text) => text.startsWith('rapport: '))).toEqual([
      expect.stringContaining(line),
    ]);
    expect(await readdir(folder)).not.toContain('refused');
  });

  /** What was observed first in an episode. */
  async function openEpisode(directory: string, index: number): Promise<Float32Array> {
    const dataset = await openDataset(directory);
    const { observations, length } = await dataset.readEpisode(index, { frames: false });
    return observations.subarray(0, observations.length / (length + 1));
  }
});
