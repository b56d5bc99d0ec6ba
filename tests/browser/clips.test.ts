import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recordEpisode } from '@rapport/core';
import { createDataset, decodePng, openPrivilegedDataset } from '@rapport/data';
import { makeEnv, scriptedPolicies, scriptedPolicy } from '@rapport/sim';
import { datasetClips, queryStream, wholeEpisodes } from '@rapport/viewer';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { chromiumPath, skipReason } from './chromium.js';
import { firstPush } from './rollouts.js';
import { answered, press, startVisits } from './visits.js';

/** A busy machine draws and decodes late. */
const patient = { timeout: 20_000 };

/** Shows a time of the clips. */
async function showTime(page: Page, timeSecs: number): Promise<void> {
  await page.evaluate(`(() => {
    const scrub = document.querySelector('.scrub');
    scrub.valueAsNumber = ${timeSecs};
    scrub.dispatchEvent(new Event('input'));
  })()`);
}

/** Runs in the page: of every recorded picture whether it is there; before it came its canvas is transparent. */
const picturesShown = `[...document.querySelectorAll('canvas.pictures')].map(
  (canvas) => canvas.getContext('2d').getImageData(canvas.width >> 1, canvas.height >> 1, 1, 1).data[3] > 0,
)`;

/** The frames that the clips show, counted from 0, by place. */
async function framesShown(page: Page): Promise<number[]> {
  const texts = await page.locator('.frame-count').allTextContents();
  return texts.map((text) => Number(text.split(' / ')[0]) - 1);
}

describe.skipIf(chromiumPath === undefined)(
  chromiumPath === undefined ? `clips: ${skipReason}` : 'clips in Chromium',
  () => {
    const visits = startVisits();
    const { serve, newPage } = visits;

    it('stores what decided, by how much and why, by keyboard alone, and nothing where nothing was said', async () => {
      const queries = visits.work.makeQueries(3);
      const viewer = await serve(queries, { reasons: ['further', 'straighter'] });
      const page = await newPage(viewer, 'remarker');
      await page.getByRole('button', { name: /^straighter/ }).waitFor();
      await press(page, ' ', 'Home', '.', '.', 'i', '.', '.', '.', 'o', 'b', 'b', 'Shift+Digit2', '2', '1');
      await page.getByText('0.3 to 0.8 s').waitFor();
      await page.reload();
      await page.getByText('0.3 to 0.8 s').waitFor();
      await press(page, 'Enter');
      await answered(page, 1);
      await press(page, '1', '2', 'Enter');
      await answered(page, 2);
      // Taken back, the remarks are there again; a tie of all has no strength.
      await press(page, 'u');
      await answered(page, 1);
      await press(page, 'Backspace', 'b', '1', '2', 't', '3', 't', 'Enter');
      await answered(page, 2);
      await press(page, 'b', 's');
      await viewer.finished;
      const answers = await visits.work.answersTo(queries);
      const window = { start: 2, end: 6 };
      expect(answers.map(({ annotation }) => annotation)).toEqual([
        { windows: [window, window, window], reasons: ['straighter'], strength: 2 },
        undefined,
        undefined,
        undefined,
      ]);
      expect(answers[2]!.value).toMatchObject({ ranks: [0, 0, 0] });
      await page.keyboard.press('?');
      await page.getByText('what decided begins here').waitFor();
    });

    it('takes the same remarks by pointer', async () => {
      const queries = visits.work.makeQueries(1, 2);
      const viewer = await serve(queries);
      const page = await newPage(viewer, 'pointer');
      await page.getByRole('button', { name: 'Pause (Space)' }).click();
      await showTime(page, 1);
      await page.getByRole('button', { name: /^to here/ }).click();
      await page.getByRole('button', { name: /^from here/ }).click();
      await page.getByRole('button', { name: /^unmark/ }).click();
      await page.getByRole('button', { name: /^to here/ }).click();
      await page.getByRole('button', { name: 'by far' }).click();
      await page.getByRole('button', { name: /^smoother/ }).click();
      await page.getByRole('button', { name: /^Clip 1/ }).click();
      await page.getByRole('button', { name: /^Confirm/ }).click();
      await viewer.finished;
      const window = { start: 0, end: 9 };
      expect((await visits.work.answersTo(queries))[0]!.annotation).toEqual({
        windows: [window, window],
        reasons: ['smoother'],
        strength: 3,
      });
    });

    it('lets the first contact happen in all clips at once, and marks frames of each clip', async () => {
      const queries = visits.work.makeQueries(1);
      const viewer = await serve(queries);
      const page = await newPage(viewer, 'aligner');
      const pushes = queries[0]!.items.map(({ episode }) => firstPush(episode));
      expect(new Set(pushes).size).toBeGreaterThan(1);
      await press(page, ' ');
      const latestSecs = Math.max(...pushes) / 8;
      await showTime(page, latestSecs);
      await expect.poll(() => framesShown(page), patient).toEqual([1, 1, 1].map(() => Math.max(...pushes)));
      await press(page, 'e');
      await page.getByText('Aligned by first contact').waitFor();
      expect(await page.locator('.timeline .event.contact').count()).toBe(3);
      const marks = await page
        .locator('.timeline .event')
        .evaluateAll((all) => all.map((each) => each.getAttribute('x')));
      expect(new Set(marks).size).toBe(1);
      await showTime(page, latestSecs);
      await expect.poll(async () => (await framesShown(page)).sort(), patient).toEqual([...pushes].sort());
      await press(page, 'o', '1', '2', 'Enter');
      await viewer.finished;
      const [answer] = await visits.work.answersTo(queries);
      expect(answer!.annotation).toEqual({ windows: pushes.map((push) => ({ start: 0, end: push + 1 })) });
    });

    it('waits for rollouts that are still to come, and says so', async () => {
      const [query] = visits.work.makeQueries(1);
      const stream = queryStream();
      const viewer = await serve([], { queries: stream });
      const page = await newPage(viewer, 'early');
      await page.getByRole('heading', { name: 'Waiting for new rollouts' }).waitFor();
      stream.push(query!);
      await page.waitForSelector('.clip');
      await page.getByText('remaining, rollouts still arriving').waitFor();
      stream.end();
      await press(page, '1', '2', 'Enter');
      await viewer.finished;
      await page.getByText('All done, thank you').waitFor();
    });

    it('says that the command has stopped when it does so while rollouts are still to come', async () => {
      const viewer = await serve([], { queries: queryStream() });
      const page = await newPage(viewer, 'left');
      await page.getByRole('heading', { name: 'Waiting for new rollouts' }).waitFor();
      await viewer.close();
      await page.getByRole('heading', { name: 'The command has stopped' }).waitFor();
    });

    it('shows an arm redrawn beside the pictures of both cameras', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'rapport-arm-'));
      visits.closeLater({ close: () => rm(folder, { recursive: true, force: true }) });
      const env = await makeEnv('franka/reach');
      const cameras = ['front', 'wrist'].map((camera) => ({ camera, width: 32, height: 32 }));
      const { id, observationSpace, actionSpace, controlHz } = env.spec;
      const writer = await createDataset(folder, {
        envId: id,
        fps: controlHz,
        observationSpace,
        actionSpace,
        cameras,
        robotType: 'panda',
        imageStorage: 'parquet',
      });
      const policy = scriptedPolicy(id, scriptedPolicies(id)[0]!.name);
      for (const seed of [0, 1]) {
        await writer.append(await recordEpisode(env, policy, { seed, cameras }));
      }
      env.close();
      const dataset = await openPrivilegedDataset(folder);
      const viewer = await serve([{ id: 'arms', items: wholeEpisodes(dataset) }], { source: datasetClips(dataset) });
      const page = await newPage(viewer, 'onlooker');
      expect(await page.locator('.camera-name').allTextContents()).toEqual(['front', 'wrist', 'front', 'wrist']);
      await expect.poll(() => page.evaluate(picturesShown), patient).toEqual([true, true, true, true]);
      await press(page, ' ');
      const coloursOf = async () => {
        const { x, y, width, height } = (await page.locator('.viewport').first().boundingBox())!;
        const { data } = decodePng(await page.screenshot({ clip: { x, y, width, height } }));
        return new Set(Array.from({ length: data.length / 3 }, (_, at) => data.subarray(3 * at, 3 * at + 3).join()))
          .size;
      };
      // Table, floor, arm, and their shades; without the drawing there is the page's one colour.
      await expect.poll(coloursOf, patient).toBeGreaterThan(50);
      await press(page, 'v', 'v');
      await expect.poll(() => page.locator('canvas.pictures').count(), patient).toBe(0);
    });
  },
);
