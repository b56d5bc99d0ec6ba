import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { runCommandLine } from '@rapport/cli';
import { openPrivilegedDataset } from '@rapport/data';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath, launchChromium, skipReason } from './chromium.js';
import { buildPage } from './desk.js';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const axeViolations = `axe.run().then(({ violations }) =>
  violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join(' ')))`;

/** Runs in the page: how many different colours the picture has. */
const coloursShown = `(() => {
  const canvas = document.querySelector('.play-picture canvas');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  return new Set(Array.from({ length: data.length / 4 }, (_, pixel) => data.slice(4 * pixel, 4 * pixel + 3).join())).size;
})()`;

describe.skipIf(chromiumPath === undefined)(
  chromiumPath === undefined ? `driving: ${skipReason}` : 'driving in Chromium',
  () => {
    let browser: Browser;
    let folder: string;

    beforeAll(async () => {
      await buildPage();
      browser = await launchChromium();
      folder = mkdtempSync(join(tmpdir(), 'rapport-play-'));
    });
    afterAll(async () => {
      await browser?.close();
      rmSync(folder, { recursive: true, force: true });
    });

    /** Starts `rapport play` in this process and opens its page. */
    async function play(args: readonly string[], output: string) {
      let out = '';
      let err = '';
      const stop = new AbortController();
      let found: (url: string) => void;
      const url = new Promise<string>((resolve) => {
        found = resolve;
      });
      const code = runCommandLine(['play', ...args, '--picture', '32', '--output', output, '--json'], {
        out: { write: (text) => (out += text) },
        err: new Writable({
          write: (chunk, _encoding, done) => {
            err += chunk;
            const match = /drive at (\S+)/.exec(err);
            if (match !== null) found(match[1]!);
            done();
          },
        }),
        signal: stop.signal,
      });
      const page = await browser.newPage();
      await page.goto(await url);
      return { page, code, stop, result: () => JSON.parse(out) as { directory: string; episodes: number } };
    }

    const status = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor({ timeout: 60_000 });

    it('records what a person drives: kept early, done again, kept at the end, stopped', async () => {
      const output = join(folder, 'longstick');
      const { page, code, result } = await play(['xmagical/avoid-longstick', '--episodes', '5'], output);
      await status(page, 'Push a key to begin');
      expect(await page.evaluate(coloursShown)).toBeGreaterThan(5);
      await page.evaluate(axeSource);
      expect(await page.evaluate(axeViolations)).toEqual([]);

      // Straight ahead; kept early.
      await page.keyboard.down('w');
      await status(page, /step ([6-9]|1\d) of 50/);
      await page.keyboard.press('ArrowRight');
      await page.keyboard.up('w');
      await status(page, '1 of 5 episodes kept');
      // Turning left; done again, this time turning right, to the end of the episode.
      await page.keyboard.down('a');
      await status(page, /step ([3-9]|[1-3]\d) of 50/);
      await page.keyboard.up('a');
      await page.keyboard.press('ArrowLeft');
      await status(page, 'Push a key to begin');
      await page.keyboard.down('d');
      await status(page, 'The episode has ended');
      await page.keyboard.up('d');
      await page.keyboard.press('n');
      await status(page, '2 of 5 episodes kept');
      await page.keyboard.press('Escape');
      expect(await code).toBe(0);
      await page.close();

      expect(result().episodes).toBe(2);
      const { dataset, readPrivileged } = await openPrivilegedDataset(result().directory);
      const first = await dataset.readEpisode(0, { frames: false });
      expect(first.length).toBeGreaterThanOrEqual(6);
      expect(first.length).toBeLessThan(40);
      expect(first.truncated).toBe(true);
      expect([...first.actions.subarray(0, 2)]).toEqual([Math.fround(0.8), 0]);
      expect(first.policy).toBe('human');
      // It has moved up: y of the robot.
      expect(first.observations[16 * first.length + 1]).toBeGreaterThan(-0.3);
      const second = await dataset.readEpisode(1, { frames: false });
      expect(second.length).toBe(50);
      expect([...second.actions.subarray(0, 2)]).toEqual([0, Math.fround(-0.0625)]);
      expect(second.seed).not.toBe(first.seed);
      expect((await readPrivileged(1)).stepScores).toHaveLength(50);
    });

    it('records by every camera that is named', async () => {
      const { page, code, result } = await play(
        ['franka/reach', '--episodes', '1', '--cameras', 'wrist,front'],
        join(folder, 'reach'),
      );
      await status(page, 'Push a key to begin');
      await page.keyboard.down('w');
      await status(page, /step [2-9] of/);
      await page.keyboard.press('ArrowRight');
      expect(await code).toBe(0);
      await page.close();
      const { dataset } = await openPrivilegedDataset(result().directory);
      const { frames, length } = await dataset.readEpisode(0, { frames: true });
      expect(frames.map(({ camera, data }) => [camera, data.length])).toEqual([
        ['wrist', length * 32 * 32 * 3],
        ['front', length * 32 * 32 * 3],
      ]);
      expect(frames[0]!.data).not.toEqual(frames[1]!.data);
    });

    it('shows the page opened last, and ends when it is told to, keeping nothing', async () => {
      const output = join(folder, 'gripper');
      const { page, code, stop, result } = await play(['SweepToTop-Gripper-State-Ego-Demo-v0'], output);
      await status(page, 'Push a key to begin');
      const second = await browser.newPage();
      await second.goto(page.url());
      await status(second, 'Push a key to begin');
      await status(page, 'opened elsewhere');
      stop.abort();
      await code;
      expect(result().episodes).toBe(0);
      expect(readdirSync(output)).toHaveLength(1);
    });
  },
);
