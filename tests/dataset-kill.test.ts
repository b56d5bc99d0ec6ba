import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { RandomStream } from '@rapport/core';
import { findFfmpeg, openDatasetForAppend, openPrivilegedDataset, validateDataset } from '@rapport/data';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const script = fileURLToPath(new URL('dataset-kill/record-episodes.mjs', import.meta.url));
const canEncode = ((await findFfmpeg())?.encoders.length ?? 0) > 0;
const ROUNDS = 12;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rapport-dataset-kill-'));
  // The child is a plain Node process and runs the built package.
  await promisify(execFile)(join(root, 'node_modules/.bin/tsc'), ['-b', 'packages/data'], { cwd: root });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Records until `episodes` were acknowledged, waits `delayMs`, kills the process, and returns what it had acknowledged. */
async function recordUntilKilled(
  directory: string,
  imageStorage: string,
  episodes: number,
  delayMs: number,
): Promise<number[]> {
  const child = spawn(process.execPath, [script, directory, imageStorage], { stdio: ['ignore', 'pipe', 'pipe'] });
  let complaints = '';
  child.stderr.on('data', (chunk) => {
    complaints += chunk;
  });
  const acknowledged: number[] = [];
  const lines = createInterface({ input: child.stdout });
  const enough = new Promise<void>((resolve) => {
    lines.on('line', (line) => {
      acknowledged.push(Number(line));
      if (acknowledged.length === episodes) resolve();
    });
  });
  const ended = new Promise<NodeJS.Signals | null>((resolve) =>
    child.once('close', (_code, signal) => resolve(signal)),
  );
  if (episodes > 0) await Promise.race([enough, ended]);
  await sleep(delayMs);
  child.kill('SIGKILL');
  expect(await ended, complaints).toBe('SIGKILL');
  return acknowledged;
}

/**
 * Reads every counted episode as the killed process left it, and compares each number with its formula.
 * @param picturesFrom the first episode whose pictures are decoded too
 */
async function checkEveryEpisode(directory: string, picturesFrom: number): Promise<number> {
  const { dataset, readPrivileged } = await openPrivilegedDataset(directory);
  for (const { index, seed, length } of dataset.episodes) {
    expect(seed).toBe(index);
    expect(length).toBe(5 + (seed % 4));
    const frames = index >= picturesFrom;
    const episode = await dataset.readEpisode(index, { frames });
    const number = (place: number) => Math.fround(Math.sin(seed * 1000 + place));
    expect(episode.policy).toBe(`policy-${seed}`);
    expect([...episode.observations]).toEqual(Array.from({ length: (length + 1) * 2 }, (_, place) => number(place)));
    expect([...episode.actions]).toEqual(Array.from({ length }, (_, place) => number(place)));
    if (frames) {
      const { data } = episode.frames[0]!;
      expect(data).toHaveLength(length * 64 * 64 * 3);
      expect(Math.abs(data[0]! - (seed % 256))).toBeLessThanOrEqual(3);
    }
    const { stepScores, success } = await readPrivileged(index);
    expect([...stepScores]).toEqual(Array.from({ length }, (_, place) => Math.abs(number(place))));
    expect(success).toBe(seed % 2 === 0);
  }
  return dataset.episodes.length;
}

describe.each(['parquet', 'video'])('a dataset with images in %s', (imageStorage) => {
  it.skipIf(imageStorage === 'video' && !canEncode)(
    `keeps every acknowledged episode when the writer is killed ${ROUNDS} times`,
    async () => {
      const directory = join(folder, imageStorage);
      const stream = new RandomStream(11, `kill-times/${imageStorage}`);
      let acknowledged = 0;
      for (let round = 0; round < ROUNDS; round++) {
        // Every fourth process is killed while it starts or recovers, the others while they record.
        const whileStarting = round % 4 === 3;
        const episodes = whileStarting ? 0 : 1 + stream.integer(6);
        const delayMs = whileStarting ? stream.uniformBetween(200, 700) : stream.uniformBetween(0, 120);
        const indices = await recordUntilKilled(directory, imageStorage, episodes, delayMs);
        const before = acknowledged;
        acknowledged = Math.max(acknowledged, ...indices.map((index) => index + 1));
        const readable = await checkEveryEpisode(directory, before);
        // The one in flight may have become durable before its acknowledgement was printed.
        expect(readable).toBeGreaterThanOrEqual(acknowledged);
        expect(readable).toBeLessThanOrEqual(acknowledged + (whileStarting ? 10 : 1));
      }
      const writer = await openDatasetForAppend(directory);
      await writer.finalize();
      expect(writer.episodeCount).toBeGreaterThanOrEqual(acknowledged);
      expect(await validateDataset(directory)).toEqual([]);
      expect(await checkEveryEpisode(directory, 0)).toBe(writer.episodeCount);
    },
  );
});
