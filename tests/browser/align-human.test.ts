import type { ChildProcess } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Annotation, FeedbackEntry, LedgerEntry } from '@rapport/core';
import { openDataset, openLedger } from '@rapport/data';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rapport, result } from '../command-line.js';
import { smallPolicyEnv, trainSmallPolicy } from '../small-policy.js';
import { chromiumPath, launchChromium, skipReason } from './chromium.js';
import { type AskingCommand, startAsking } from './person.js';
import { answered, press } from './visits.js';

const QUERIES = 3;
/** `margin-dpo` uses how much better the better rollout is: a strength that got lost would show. */
const settings = [
  '--evaluation-episodes=1',
  ...[
    'objective=margin-dpo',
    'steps=4',
    'monitorEvery=4',
    'batchSize=4',
    'winnerLossLimit=1000',
    'offManifoldLimit=1',
  ].map((setting) => `alignment.${setting}`),
];

let folder: string;
let child: ChildProcess | undefined;
let policy: string;

async function run(): Promise<string> {
  const [day] = await readdir(join(folder, 'align'));
  const [name] = await readdir(join(folder, 'align', day!));
  return join(folder, 'align', day!, name!);
}

/** Answers every query like this, and waits until the page says that all is done. */
async function rankAll(command: AskingCommand, keys: readonly string[]): Promise<string> {
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    await page.goto(`${await command.address}?annotator=annotator-1`);
    await page.waitForSelector('.clip');
    const question = await page.locator('.question').textContent();
    for (let answer = 1; answer <= QUERIES; answer++) {
      await page.waitForSelector('.clip');
      await press(page, ...keys, 'Enter');
      if (answer < QUERIES) await answered(page, answer);
    }
    await page.getByRole('heading', { name: 'All done, thank you' }).waitFor();
    await page.getByText('The alignment goes on by itself').waitFor();
    await page.getByText('Server stopped').waitFor();
    expect(await page.getByRole('button', { name: /^Take back/ }).count()).toBe(0);
    return question!;
  } finally {
    await browser.close();
  }
}

/** A ledger with these answers, and no more said beside them than this keeps. */
async function ledgerWith(
  name: string,
  entries: readonly LedgerEntry[],
  keep: (annotation: Annotation) => Annotation,
): Promise<string> {
  const directory = join(folder, name);
  const ledger = await openLedger({ directory });
  for (const { annotation, ...entry } of entries as readonly FeedbackEntry[]) {
    await ledger.append({ ...entry, annotation: keep(annotation!) });
  }
  await ledger.close();
  return directory;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rapport-align-human-'));
  policy = await trainSmallPolicy(folder);
});
afterAll(async () => {
  child?.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

describe.skipIf(chromiumPath === undefined)(
  `rapport align --annotator human${chromiumPath ? '' : `: ${skipReason}`}`,
  () => {
    it('asks a person in the browser and aligns with the order, the strength and the window that decided', async () => {
      const ledger = join(folder, 'ledger');
      const rolled = ['--rollouts=6', '--rollouts-per-start=3', `--queries=${QUERIES}`, '--picture=32'];
      const human = ['--annotator=human', '--question=Which one is better?', `--env=${smallPolicyEnv}`];
      const command = startAsking(folder, [
        ...['align', policy, `--ledger=${ledger}`, `--output=${folder}`],
        ...[...human, ...rolled, ...settings],
      ]);
      child = command.child;
      // The clips stand still; what decided is from the third to the fifth frame; clearly better, and safer.
      const keys = [' ', 'Home', '.', '.', 'i', '.', '.', 'o', 'b', 'b', 'Shift+Digit2', '2', '1'];
      expect(await rankAll(command, keys)).toBe('Which one is better?');
      expect(await command.ended).toBe(0);

      const directory = await run();
      const dataset = await openDataset(join(directory, 'rollouts'));
      const opened = await openLedger({ directory: ledger });
      const entries = await opened.entries({ dataset: dataset.id });
      await opened.close();
      expect(entries).toHaveLength(QUERIES);
      for (const entry of entries) {
        const { value, screenOrder, annotator, annotation } = entry as FeedbackEntry;
        // On screen the second was best, then the first.
        const best = screenOrder[1]!;
        expect(value).toMatchObject({ kind: 'ranking' });
        expect(value.kind === 'ranking' && value.ranks[best]).toBe(0);
        expect(value.kind === 'ranking' && value.ranks[screenOrder[0]!]).toBe(1);
        const window = { start: 2, end: 5 };
        expect(annotation).toEqual({ windows: [window, window, window], reasons: ['safer'], strength: 2 });
        expect(annotator).toBe('human/annotator-1');
      }
      const report = JSON.parse(await readFile(join(directory, 'report.json'), 'utf8'));
      expect(report.preferences).toMatchObject({ labels: QUERIES, synthetic: 0 });

      // What the person said is what the policy was aligned with: all of it gives the same policy, less gives another.
      const weights = (run: string) => readFile(join(run, 'policy', 'model.safetensors'));
      const again = (kept: string, ...more: string[]) => [
        ...[
          'align',
          policy,
          '--dataset',
          join(directory, 'rollouts'),
          '--ledger',
          kept,
          '--output',
          join(folder, 'again'),
        ],
        ...[...settings, ...more],
      ];
      const same = await result<{ directory: string }>(...again(ledger));
      expect(await weights(same.directory)).toEqual(await weights(directory));
      const strengthAlone = await ledgerWith('strength', entries, ({ strength }) => ({ strength: strength! }));
      const other = await result<{ directory: string }>(...again(strengthAlone));
      expect(await weights(other.directory)).not.toEqual(await weights(directory));
      const windowAlone = await ledgerWith('window', entries, ({ windows }) => ({ windows: windows! }));
      const refused = await rapport(...again(windowAlone));
      expect(refused.err).toContain('uses how much better the better one is; no ranking states it');
    });
  },
);
