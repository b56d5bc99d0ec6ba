import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { InputError, InterruptedError } from '@rapport/core';
import { describe, expect, it } from 'vitest';
import { collectEpisodes, streamEpisodes } from './collect.js';

const base = {
  envId: 'xmagical/avoid-longstick',
  policy: 'mixed',
  seeds: [7, 3, 11, 4, 8],
  cameras: [{ camera: 'above', width: 24, height: 24 }],
};

// Workers run the built package (`pnpm build`); the test command builds first.
describe('collectEpisodes', () => {
  it('gives the same episodes in the order of the seeds, whatever the number of workers', async () => {
    const alone = await collectEpisodes({ ...base, workers: 0 });
    expect(alone.map(({ episode }) => episode.seed)).toEqual(base.seeds);
    expect(alone[0]!.episode.frames[0]!.data).toHaveLength(50 * 24 * 24 * 3);
    expect(await collectEpisodes({ ...base, workers: 2 })).toEqual(alone);
  });

  it('ends episodes some steps after their task is done, in every worker', async () => {
    const options = { ...base, envId: 'xmagical/pass-shortstick', policy: 'left', cameras: [] };
    const whole = await collectEpisodes({ ...options, workers: 0 });
    const alone = await collectEpisodes({ ...options, stepsAfterSuccess: 2, workers: 0 });
    for (const [index, { episode }] of alone.entries()) {
      const { rewards, actions, length } = whole[index]!.episode;
      const solved = rewards.findIndex((_, step) => rewards.subarray(step, step + 3).every((reward) => reward === 1));
      expect(solved).toBeGreaterThan(0);
      expect(episode.length).toBe(solved + 3);
      expect(episode.length).toBeLessThan(length);
      expect(episode.truncated).toBe(true);
      expect(episode.actions).toEqual(actions.subarray(0, (episode.length * actions.length) / length));
    }
    expect(await collectEpisodes({ ...options, stepsAfterSuccess: 2, workers: 2 })).toEqual(alone);
  });

  it('ends episodes of an arm at the contacts that it is given, in every worker', async () => {
    // Lifting the cup takes 2 to 7 N.
    const contact = { jointTorques: Array(7).fill(100), force: 1, moment: 100 };
    const options = { ...base, envId: 'franka/cup', policy: 'by-handle', seeds: [1, 2], cameras: [] };
    const free = await collectEpisodes({ ...options, workers: 0 });
    expect(free.map(({ episode }) => [episode.length, episode.terminated])).toEqual(Array(2).fill([60, false]));
    const limited = await collectEpisodes({ ...options, contact, workers: 0 });
    for (const { episode } of limited) {
      expect(episode.terminated).toBe(true);
      expect(episode.length).toBeLessThan(60);
    }
    expect(await collectEpisodes({ ...options, contact, workers: 2 })).toEqual(limited);
  });

  it('reports every episode that is done', async () => {
    const done: number[] = [];
    await collectEpisodes({ ...base, workers: 2, onProgress: (progress) => done.push(progress.done) });
    expect(done).toEqual([1, 2, 3, 4, 5]);
  });

  it('lets a policy act that a module makes, in every worker', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rapport-collect-'));
    const file = join(folder, 'policy.mjs');
    writeFileSync(
      file,
      'export const makePolicy = (data) => ({ name: "always " + data, reset() {}, act: () => Float32Array.of(Number(data), 0) });',
    );
    const options = { ...base, policy: { module: pathToFileURL(file).href, data: '0.5' }, cameras: [] };
    const alone = await collectEpisodes({ ...options, workers: 0 });
    expect(alone[0]!.episode.policy).toBe('always 0.5');
    expect([...alone[0]!.episode.actions.subarray(0, 4)]).toEqual([0.5, 0, 0.5, 0]);
    expect(await collectEpisodes({ ...options, workers: 2 })).toEqual(alone);
    rmSync(folder, { recursive: true });
  });

  it('stops when it is told to', async () => {
    const signal = { aborted: false };
    const onProgress = () => {
      signal.aborted = true;
    };
    await expect(collectEpisodes({ ...base, workers: 2, signal, onProgress })).rejects.toThrow(InterruptedError);
  });

  it('lets workers go at most two episodes each ahead of the caller', async () => {
    const seeds = Array.from({ length: 10 }, (_, seed) => seed);
    let [done, taken, most] = [0, 0, 0];
    const onProgress = (progress: { readonly done: number }) => {
      done = progress.done;
      most = Math.max(most, done - taken);
    };
    const got: number[] = [];
    for await (const { episode } of streamEpisodes({ ...base, seeds, cameras: [], workers: 2, onProgress })) {
      taken += 1;
      got.push(episode.seed);
      while (done < Math.min(seeds.length, taken + 4)) await new Promise(setImmediate);
    }
    expect(got).toEqual(seeds);
    expect(most).toBeLessThanOrEqual(5);
  });

  it('hands over what had ended in order before it stops', async () => {
    const signal = { aborted: false };
    const got: number[] = [];
    const stream = streamEpisodes({
      ...base,
      workers: 1,
      signal,
      onProgress: ({ done }) => (signal.aborted = done === 3),
    });
    const readAll = async () => {
      for await (const { episode } of stream) got.push(episode.seed);
    };
    await expect(readAll()).rejects.toThrow(InterruptedError);
    expect(got).toEqual(base.seeds.slice(0, 3));
  });

  it('refuses an unknown environment before it starts a worker', async () => {
    await expect(collectEpisodes({ ...base, envId: 'xmagical/avoid', workers: 2 })).rejects.toThrow(InputError);
    await expect(collectEpisodes({ ...base, policy: 'best', workers: 2 })).rejects.toThrow('no scripted policy "best"');
  });
});
