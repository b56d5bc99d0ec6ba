import type { ChildProcess } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath, launchChromium, skipReason } from './chromium.js';
import { startAsking } from './person.js';
import { answered, press } from './visits.js';

/** Four queries to learn from and one to judge by; the rest is as small as it can be. */
const ARGUMENTS = [
  'demo',
  '--annotator=human',
  '--rankings=4',
  '--rollouts=30',
  '--picture=48',
  '--encoder.kind=pixels16',
  '--rapl.epochs=3',
  '--rlhf.epochs=3',
  '--policy.steps=100',
  '--policy.randomSteps=50',
  '--policy.hiddenSizes=16',
  '--policy.batchSize=16',
  '--policy.evaluationEpisodes=2',
  '--evaluationEpisodes=2',
  '--rewards=rapl',
];
const ANSWERS = 5;

let folder: string;
let child: ChildProcess | undefined;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rapport-human-'));
});
afterAll(async () => {
  child?.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

describe.skipIf(chromiumPath === undefined)(
  `rapport demo --annotator human${chromiumPath ? '' : `: ${skipReason}`}`,
  () => {
    it('asks a person in the browser, learns from the answers and reports', { timeout: 600_000 }, async () => {
      const { address, ended, ...started } = startAsking(folder, [...ARGUMENTS, `--output=${folder}`]);
      child = started.child;
      const browser = await launchChromium();
      try {
        const page = await browser.newPage();
        await page.goto(`${await address}?annotator=annotator-1`);
        for (let answer = 1; answer <= ANSWERS; answer++) {
          await page.waitForSelector('.clip');
          await press(page, '2', '1', '3', 'Enter');
          if (answer < ANSWERS) await answered(page, answer);
        }
        expect(await ended).toBe(0);
      } finally {
        await browser.close();
      }
      const [day] = await readdir(join(folder, 'demo'));
      const [run] = await readdir(join(folder, 'demo', day!));
      const report = JSON.parse(await readFile(join(folder, 'demo', day!, run!, 'report.json'), 'utf8'));
      expect(report.annotator).toMatchObject({ kind: 'human', queries: ANSWERS, rankings: 4 });
      expect(report.policies).toHaveLength(1);
    });
  },
);
