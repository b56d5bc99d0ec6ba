import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { boxSpace, type Query, type RecordedEpisode } from '@rapport/core';
import { createDataset } from '@rapport/data';
import { queryStream } from '@rapport/viewer';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { followRecording } from './arriving-queries.js';
import { isHeldOut } from './held-out.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rapport-arriving-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const space = boxSpace([{ name: 'x', unit: 'm', low: -1, high: 1 }]);

function episode(seed: number): RecordedEpisode {
  return {
    episode: {
      envId: 'test/line',
      seed,
      policy: 'scripted',
      length: 2,
      observations: new Float32Array(3),
      actions: new Float32Array(2),
      rewards: new Float32Array(2),
      terminated: true,
      truncated: false,
      frames: [],
    },
    privileged: {
      stepScores: new Float32Array(2),
      success: false,
      scene: { bodies: [], bounds: { min: [0, 0, 0], max: [1, 1, 1] }, view: 'planar' },
      poses: new Float32Array(0),
    },
  };
}

it('asks about episodes as they are recorded, the same again later, held-out ones apart', async () => {
  const writer = await createDataset(join(folder, 'line'), {
    envId: 'test/line',
    fps: 10,
    observationSpace: space,
    actionSpace: space,
    cameras: [],
    robotType: 'test',
  });
  const asked: Query[] = [];
  const stream = queryStream(4);
  const options = { directory: join(folder, 'line'), count: 4, clipsPerQuery: 2, everyMs: 5 };
  const following = followRecording(stream, { ...options, signal: new AbortController().signal });
  // Ten episodes hold eight to learn from and two held out: four queries of the one kind and one of the other.
  for (let seed = 0; seed < 10; seed++) await writer.append(episode(seed));
  await following;
  for (let query = await stream.next(); query !== undefined; query = await stream.next()) asked.push(query);
  expect(asked).toHaveLength(4);
  const shown = asked.flatMap(({ items }) => items.map(({ episode: index }) => index));
  expect(new Set(shown).size).toBe(8);
  for (const { items } of asked) expect(new Set(items.map(isHeldOut)).size).toBe(1);

  const again = queryStream();
  await followRecording(again, { ...options, signal: new AbortController().signal });
  for (const query of asked) expect(await again.next()).toEqual(query);
});

it('ends its stream when it is stopped, or when there is no dataset', async () => {
  const stream = queryStream();
  const gone = followRecording(stream, {
    directory: join(folder, 'nothing'),
    count: 1,
    clipsPerQuery: 2,
    everyMs: 1,
    signal: new AbortController().signal,
  });
  await expect(gone).rejects.toThrow(/info\.json/);
  expect(await stream.next()).toBeUndefined();
  const stopped = queryStream();
  await followRecording(stopped, {
    directory: folder,
    count: 1,
    clipsPerQuery: 2,
    everyMs: 1,
    signal: AbortSignal.abort(),
  });
  expect(await stopped.next()).toBeUndefined();
});
