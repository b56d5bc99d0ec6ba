import { cp, mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CorruptDataError, InputError, UnavailableError } from '@rapport/core';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { findFfmpeg } from '../ffmpeg.js';
import { openPrivilegedDataset } from './privileged.js';
import { openDataset } from './reader.js';
import { SYNTHETIC_OPTIONS, syntheticEpisode } from './synthetic-episode.js';
import { validateDataset } from './validate.js';
import { createDataset, openDatasetForAppend } from './writer.js';

const canEncode = ((await findFfmpeg())?.encoders.length ?? 0) > 0;
let folder: string;
/** A sound dataset of two episodes, and a copy of it to damage. */
let sound: string;
let damaged: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rapport-bad-'));
  sound = join(folder, 'sound');
  damaged = join(folder, 'damaged');
  const writer = await createDataset(sound, { ...SYNTHETIC_OPTIONS, imageStorage: 'parquet' });
  await writer.append(syntheticEpisode(1, 5));
  await writer.append(syntheticEpisode(2, 6));
});
beforeEach(async () => {
  await rm(damaged, { recursive: true, force: true });
  await cp(sound, damaged, { recursive: true });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function editInfo(change: (text: string) => string): Promise<void> {
  const path = join(damaged, 'meta/info.json');
  await writeFile(path, change(await readFile(path, 'utf8')));
}

const readAll = async (directory: string) => {
  const { dataset, readPrivileged } = await openPrivilegedDataset(directory);
  for (const { index } of dataset.episodes) {
    await dataset.readEpisode(index, { frames: true });
    await readPrivileged(index);
  }
};

describe('a damaged dataset', () => {
  const cases: readonly [name: string, damage: () => Promise<unknown>, message: RegExp][] = [
    ['without info.json', () => rm(join(damaged, 'meta/info.json')), /meta\/info\.json: is missing.*half-written/],
    ['with a cut info.json', () => truncate(join(damaged, 'meta/info.json'), 200), /meta\/info\.json: is not JSON/],
    [
      'of version 2.1',
      () => editInfo((text) => text.replace('"v3.0"', '"v2.1"')),
      /codebase_version is "v2\.1"; expected "v3\.0"/,
    ],
    [
      'of a later version',
      () => editInfo((text) => text.replace('"v3.0"', '"v4.0"')),
      /codebase_version is "v4\.0"; expected "v3\.0"/,
    ],
    ['with a wrong type', () => editInfo((text) => text.replace('"fps": 20', '"fps": "20"')), /"fps": .*number/],
    [
      'whose vectors have another length',
      () => editInfo((text) => text.replace(/("action": \{\s*"dtype": "float32",\s*"shape": \[\s*)2/, '$13')),
      /file-000\.parquet row 0: column "action" has 2 numbers; meta\/info\.json says 3/,
    ],
    [
      'that counts more episodes than it has',
      () => editInfo((text) => text.replace('"total_episodes": 2', '"total_episodes": 3')),
      /meta\/episodes: has no row for episode 2; meta\/info\.json counts 3/,
    ],
    [
      'without a data file',
      () => rm(join(damaged, 'data/chunk-000/file-001.parquet')),
      /data\/chunk-000\/file-001\.parquet: is missing/,
    ],
    [
      'with a cut data file',
      () => truncate(join(damaged, 'data/chunk-000/file-001.parquet'), 900),
      /file-001\.parquet: is not a whole Parquet file \(900 bytes\)/,
    ],
    [
      'with data files that changed places',
      () => cp(join(damaged, 'data/chunk-000/file-001.parquet'), join(damaged, 'data/chunk-000/file-000.parquet')),
      /file-000\.parquet row 0: column "episode_index" is 1; expected 0/,
    ],
    [
      'with an empty row file',
      () => truncate(join(damaged, 'meta/episodes/chunk-000/file-000.parquet'), 0),
      /meta\/episodes\/chunk-000\/file-000\.parquet: is not a whole Parquet file \(0 bytes\)/,
    ],
    ['without tasks', () => rm(join(damaged, 'meta/tasks.parquet')), /meta\/tasks\.parquet: is missing/],
    [
      'with a cut episode card',
      () => truncate(join(damaged, 'meta/rapport/episodes.jsonl'), 300),
      /episodes\.jsonl: has 1 whole lines; meta\/info\.json counts 2/,
    ],
    [
      'with a foreign episode card',
      () => writeFile(join(damaged, 'meta/rapport/episodes.jsonl'), '{"episode":0}\nnonsense\n'),
      /episodes\.jsonl row 0: "envId"/,
    ],
    [
      'of a newer Rapport',
      () => writeFile(join(damaged, 'meta/rapport/dataset.json'), '{"format":"rapport-dataset","version":2}'),
      /dataset\.json: "version"/,
    ],
    [
      'without its privileged half',
      () => rm(join(damaged, 'meta/rapport/privileged/chunk-000/file-001.parquet')),
      /privileged\/chunk-000\/file-001\.parquet: is missing/,
    ],
    [
      'without a scene',
      () => rm(join(damaged, 'meta/rapport/privileged/scenes'), { recursive: true }),
      /scenes\/[0-9a-f]{16}\.json: is missing/,
    ],
  ];

  it.each(cases)('%s is refused with the file and what is wrong', async (_name, damage, message) => {
    await damage();
    const failure = readAll(damaged);
    await expect(failure).rejects.toThrow(CorruptDataError);
    await expect(failure).rejects.toThrow(message);
    await expect(failure).rejects.toMatchObject({ fix: expect.stringMatching(/./) });
    await expect(failure).rejects.not.toThrow('\n');
    const problems = await validateDataset(damaged);
    expect(
      problems.map(({ file, row, problem }) => `${file}${row === undefined ? '' : ` row ${row}`}: ${problem}`),
    ).toEqual(expect.arrayContaining([expect.stringMatching(message)]));
  });

  it('of version 2.1 is told that it cannot be converted yet', async () => {
    await editInfo((text) => text.replace('"v3.0"', '"v2.1"'));
    await expect(openDataset(damaged)).rejects.toMatchObject({ fix: expect.stringContaining('not convert') });
  });
});

describe('validateDataset', () => {
  it('finds nothing wrong with a sound dataset', async () => {
    expect(await validateDataset(sound)).toEqual([]);
  });

  it('names file and row of a frame that is off the clock', async () => {
    await editInfo((text) => text.replace('"fps": 20', '"fps": 21'));
    const problems = await validateDataset(damaged);
    expect(problems[0]).toMatchObject({
      file: 'data/chunk-000/file-000.parquet',
      row: 1,
      problem: expect.stringContaining('timestamp is 0.05'),
    });
    expect(problems).toHaveLength(4 + 5);
  });

  it('goes on after the first damaged episode, and finds what a crash left', async () => {
    await truncate(join(damaged, 'data/chunk-000/file-000.parquet'), 10);
    await truncate(join(damaged, 'data/chunk-000/file-001.parquet'), 10);
    await writeFile(join(damaged, 'data/chunk-000/file-002.parquet.tmp'), 'half');
    expect(new Set((await validateDataset(damaged)).map(({ file }) => file))).toEqual(
      new Set([
        'data/chunk-000/file-000.parquet',
        'data/chunk-000/file-001.parquet',
        'data/chunk-000/file-002.parquet.tmp',
      ]),
    );
  });

  it('counts the frames', async () => {
    await editInfo((text) => text.replace('"total_frames": 11', '"total_frames": 12'));
    expect(await validateDataset(damaged)).toEqual([
      { file: 'meta/info.json', problem: 'total_frames is 12; the episodes have 11', fix: 'set total_frames to 11' },
    ]);
  });
});

describe('asking for what is not there', () => {
  it('names what there is', async () => {
    const dataset = await openDataset(sound);
    await expect(dataset.readEpisode(2, { frames: false })).rejects.toThrow('has no episode 2; it has 2');
    await expect(dataset.readFrames(0, 'wrist')).rejects.toThrow('has no camera "wrist"; it has top');
    await expect(dataset.readFrames(0, 'top', { start: 3, end: 9 })).rejects.toThrow('it has frames 0 to 5');
  });
});

describe('createDataset', () => {
  it('never writes over a folder that holds something', async () => {
    await expect(createDataset(sound, SYNTHETIC_OPTIONS)).rejects.toThrow(InputError);
    await expect(createDataset(join(sound, 'meta/info.json'), SYNTHETIC_OPTIONS)).rejects.toThrow('is not a folder');
    expect(await validateDataset(sound)).toEqual([]);
  });

  it.each([
    [{ fps: 12.5 }, 'fps is 12.5'],
    [{ cameras: [{ camera: '../up', width: 4, height: 4 }] }, 'camera name "../up"'],
    [{ cameras: [{ camera: 'a', width: 0, height: 4 }] }, 'is 0x4'],
    [{ actionSpace: { kind: 'box' as const, entries: [] } }, 'at least one entry'],
  ])('refuses %j and leaves nothing behind', async (change, message) => {
    const directory = join(folder, 'refused');
    await expect(createDataset(directory, { ...SYNTHETIC_OPTIONS, ...change })).rejects.toThrow(message);
    await expect(readFile(directory)).rejects.toThrow('ENOENT');
  });

  it.skipIf(!canEncode)('refuses video of odd size', async () => {
    const cameras = [{ camera: 'top', width: 65, height: 64 }];
    await expect(
      createDataset(join(folder, 'odd'), { ...SYNTHETIC_OPTIONS, cameras, imageStorage: 'video' }),
    ).rejects.toThrow('video needs even numbers');
  });
});

describe('append', () => {
  it('refuses an episode that does not fit and leaves the dataset as it was', async () => {
    const directory = join(folder, 'fits');
    const writer = await createDataset(directory, { ...SYNTHETIC_OPTIONS, imageStorage: 'parquet' });
    const good = syntheticEpisode(1, 5);
    const bad = (change: object) => writer.append({ ...good, episode: { ...good.episode, ...change } });
    await expect(bad({ actions: new Float32Array(9) })).rejects.toThrow('actions hold 9 numbers; expected 10');
    await expect(bad({ rewards: new Float32Array(5).fill(Number.NaN) })).rejects.toThrow('rewards hold NaN at place 0');
    await expect(bad({ frames: [] })).rejects.toThrow('no pictures of camera "top"');
    expect(writer.episodeCount).toBe(0);
    expect(await writer.append(good)).toBe(0);
    expect(await validateDataset(directory)).toEqual([]);
  });

  it('keeps the dataset whole when the disk refuses a file, and goes on afterwards', async () => {
    const directory = join(folder, 'refusing');
    const writer = await createDataset(directory, { ...SYNTHETIC_OPTIONS, imageStorage: 'parquet' });
    await writer.append(syntheticEpisode(1, 5));
    const blocked = join(directory, 'meta/episodes/chunk-000/file-001.parquet');
    await mkdir(join(blocked, 'in-the-way'), { recursive: true });
    await expect(writer.append(syntheticEpisode(2, 5))).rejects.toThrow();
    await rm(blocked, { recursive: true });
    expect((await openDataset(directory)).episodes).toHaveLength(1);
    expect(await writer.append(syntheticEpisode(3, 5))).toBe(1);
    expect((await openDataset(directory)).episodes.map(({ seed }) => seed)).toEqual([1, 3]);
    expect(await validateDataset(directory)).toEqual([]);
  });

  it('notices that another writer is at work', async () => {
    const directory = join(folder, 'shared');
    const first = await createDataset(directory, { ...SYNTHETIC_OPTIONS, imageStorage: 'parquet' });
    const second = await openDatasetForAppend(directory);
    await first.append(syntheticEpisode(1, 4));
    await expect(second.append(syntheticEpisode(2, 4))).rejects.toThrow('has 1 episodes, but this writer left 0');
    expect(await validateDataset(directory)).toEqual([]);
  });

  it('refuses datasets of other programs', async () => {
    await rm(join(damaged, 'meta/rapport'), { recursive: true });
    await expect(openDatasetForAppend(damaged)).rejects.toThrow('was not written by Rapport');
  });

  it.skipIf(!canEncode)('says how to get ffmpeg when it is gone', async () => {
    const directory = join(folder, 'video');
    const writer = await createDataset(directory, { ...SYNTHETIC_OPTIONS, imageStorage: 'video' });
    await writer.append(syntheticEpisode(1, 4));
    vi.stubEnv('PATH', folder);
    await expect(writer.append(syntheticEpisode(2, 4))).rejects.toThrow(UnavailableError);
    await expect((await openDataset(directory)).readFrames(0, 'top')).rejects.toMatchObject({
      fix: 'install it: apt-get install -y ffmpeg',
    });
    vi.unstubAllEnvs();
    expect(await writer.append(syntheticEpisode(2, 4))).toBe(1);
    expect(await validateDataset(directory)).toEqual([]);
  });
});
