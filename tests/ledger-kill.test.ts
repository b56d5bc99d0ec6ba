import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { RandomStream } from '@rapport/core';
import { openLedger } from '@rapport/data';
import { afterAll, beforeAll, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const script = fileURLToPath(new URL('ledger-kill/append-labels.mjs', import.meta.url));

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rapport-kill-'));
  // The child is a plain Node process and runs the built package.
  await promisify(execFile)(join(root, 'node_modules/.bin/tsc'), ['-b', 'packages/data'], { cwd: root });
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** Starts a process that appends labels, kills it when `shouldKill` resolves, and returns what it had acknowledged. */
async function labelUntilKilled(round: number, killAfterLabels: number, killAfterMs: number): Promise<string[]> {
  const child = spawn(process.execPath, [script, directory, String(round)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let complaints = '';
  child.stderr.on('data', (chunk) => {
    complaints += chunk;
  });
  const acknowledged: string[] = [];
  const lines = createInterface({ input: child.stdout });
  const enough = new Promise<void>((resolve) => {
    if (killAfterLabels === 0) resolve();
    lines.on('line', (line) => {
      acknowledged.push(line);
      if (acknowledged.length === killAfterLabels) resolve();
    });
  });
  const ended = new Promise<NodeJS.Signals | null>((resolve) =>
    child.once('close', (_code, signal) => resolve(signal)),
  );
  await Promise.race([enough, ended]);
  await sleep(killAfterMs);
  child.kill('SIGKILL');
  expect(await ended, complaints).toBe('SIGKILL');
  return acknowledged;
}

it('loses no acknowledged label when the process is killed 24 times', async () => {
  const stream = new RandomStream(7, 'kill-times');
  const acknowledged: string[] = [];
  for (let round = 0; round < 24; round++) {
    // Every fourth process is killed while it starts or recovers, the others in the middle of labelling.
    const whileStarting = round % 4 === 0;
    const labels = whileStarting ? 0 : 1 + stream.integer(60);
    const delayMs = whileStarting ? stream.uniformBetween(100, 900) : stream.uniformBetween(0, 6);
    acknowledged.push(...(await labelUntilKilled(round, labels, delayMs)));
  }
  expect(acknowledged.length).toBeGreaterThan(100);

  const ledger = await openLedger({ directory });
  const stored = (await ledger.entries()).map((entry) => entry.id);
  await ledger.close();
  const known = new Set(acknowledged);
  expect(stored.filter((id) => known.has(id))).toEqual(acknowledged);
  // At most the one label in flight may be there without its acknowledgement having been read, for each kill.
  expect(stored.length - acknowledged.length).toBeLessThanOrEqual(24);
  expect(new Set(stored).size).toBe(stored.length);
}, 600_000);
