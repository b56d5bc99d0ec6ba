import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FeedbackEntry } from '@rapport/core';
import { openDataset, openLedger } from '@rapport/data';
import { loadDiffusionPolicy, policyHash } from '@rapport/policy';
import { loadReward } from '@rapport/reward';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath, launchChromium, skipReason } from '../browser/chromium.js';
import { press } from '../browser/visits.js';
import { liveOptions, Peer, rosMissing } from './peers.js';

const policy = join(dirname(dirname(fileURLToPath(import.meta.url))), 'fixtures/reach_policy');
const simulation = ['image_width:=32', 'image_height:=32', 'camera_rate:=20.0', 'real_time_factor:=2.0'];
const rates = ['joint_state_rate:=200.0', 'robot_state_rate:=200.0'];
const alignment = ['objective=winners', 'steps=2', 'monitorEvery=2', 'batchSize=4', 'winnerLossLimit=1000'];
const STARTS = 2;

describe.skipIf(rosMissing !== undefined || chromiumPath === undefined)(
  `ros align --annotator human${chromiumPath ? '' : `: ${skipReason}`}`,
  liveOptions,
  () => {
    let folder: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'rapport-ros-human-'));
    });
    afterAll(() => rm(folder, { recursive: true }));

    it('asks about each start while the arm rests, learns a reward from the answers, and runs what it aligned', async () => {
      const output = await mkdtemp(join(folder, 'run-'));
      const ledger = join(output, 'ledger');
      const simulator = Peer.command([
        ...['ros', 'sim', 'franka/reach', '--ros-args'],
        ...[...simulation, ...rates].flatMap((value) => ['-p', value]),
      ]);
      await simulator.says('is active');
      const align = Peer.command([
        ...['ros', 'align', policy, '--env', 'franka/reach', '--limits', 'panda-full', '--json'],
        ...['--annotator=human', '--method=rlhf', '--reward-members=1', '--encoder.kind=pixels16'],
        ...[`--rollouts=${2 * STARTS}`, '--rollouts-per-start=2', '--clips-per-query=2', `--queries=${STARTS}`],
        ...['--picture=32', '--least-gap=0', '--evaluation-episodes=1', '--output', output, '--ledger', ledger],
        ...alignment.map((setting) => `alignment.${setting}`),
        ...['--ros-args', '-p', 'use_sim_time:=true'],
      ]);
      const address = /rank the rollouts at (http:\S+?);/;
      await align.says(address);
      const browser = await launchChromium();
      try {
        const page = await browser.newPage();
        page.setDefaultTimeout(120_000);
        await page.goto(`${address.exec(align.errors)![1]}?annotator=annotator-1`);
        for (let start = 0; start < STARTS; start++) {
          await page.locator(`.counts strong:first-child:text-is("${start}")`).waitFor();
          await page.waitForSelector('.clip');
          // Nobody on the graph says where things are: there is nothing to redraw beside the pictures.
          expect(await page.locator('.views.pictures-only').count()).toBe(2);
          // The next start waits for the answer about this one.
          const [stored] = (await readdir(output, { recursive: true })).filter((path) => path.endsWith('rollouts'));
          expect((await openDataset(join(output, stored!))).episodes).toHaveLength(2 * (start + 1));
          await press(page, '2', '1', 'Enter');
        }
        await page.getByRole('heading', { name: 'All done, thank you' }).waitFor();
      } finally {
        await browser.close();
      }
      expect(await align.ended, align.errors).toBe(0);

      const report = JSON.parse(await readFile(join(await runBelow(output), 'report.json'), 'utf8'));
      expect(report.preferences).toMatchObject({ labels: STARTS, learned: { kind: 'rlhf', cameras: ['wrist'] } });
      expect(report.alignments[0].after.episodes).toHaveLength(1);
      expect(await loadReward(join(report.preferences.learned.folder, '0'))).toMatchObject({ kind: 'rlhf' });
      const reference = policyHash((await loadDiffusionPolicy(policy)).checkpoint);
      expect(policyHash((await loadDiffusionPolicy(report.policy)).checkpoint)).not.toBe(reference);
      const opened = await openLedger({ directory: ledger });
      const entries = await opened.entries().finally(() => opened.close());
      for (const { annotator, value, screenOrder } of entries as FeedbackEntry[]) {
        expect(annotator).toBe('human/annotator-1');
        expect(value.kind === 'ranking' || value.kind === 'pair').toBe(true);
        const best = value.kind === 'pair' ? value.preferred : value.kind === 'ranking' && value.ranks.indexOf(0);
        expect(best).toBe(screenOrder[1]);
      }
    });

    async function runBelow(output: string): Promise<string> {
      const [day] = await readdir(join(output, 'ros-align'));
      const [name] = await readdir(join(output, 'ros-align', day!));
      return join(output, 'ros-align', day!, name!);
    }
  },
);
