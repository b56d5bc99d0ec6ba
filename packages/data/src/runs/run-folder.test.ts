import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CorruptDataError, InputError, UnavailableError } from '@rapport/core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRunFolder, openRunFolder, type RunDescription } from './run-folder.js';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'rapport-runs-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

function description(changes: Partial<RunDescription> = {}): RunDescription {
  return {
    root,
    verb: 'train-policy',
    name: 'avoid-longstick',
    startedAt: new Date(2026, 2, 4, 9, 5, 7),
    config: { policy: { type: 'sac', lr: 3e-4 }, seed: 7, cameras: ['top'] },
    overrides: ['policy.lr=3e-4', 'note="a: b # c"'],
    commandLine: ['rapport', 'train', 'policy', 'policy.lr=3e-4'],
    seed: 7,
    ...changes,
  };
}

it('writes the folder that the date, the time and the name say, and reads it back', async () => {
  const run = await createRunFolder(description());
  expect(run.directory).toBe(join(root, 'train-policy', '2026-03-04', '09-05-07_avoid-longstick'));
  expect((await readdir(run.directory)).sort()).toEqual(['config.yaml', 'overrides.yaml', 'run.json']);
  expect(await readFile(join(run.directory, 'config.yaml'), 'utf8')).toBe(
    'policy:\n  type: sac\n  lr: 0.0003\nseed: 7\ncameras:\n  - top\n',
  );
  const record = JSON.parse(await readFile(join(run.directory, 'run.json'), 'utf8'));
  expect(record).toMatchObject({ seed: 7, commandLine: ['rapport', 'train', 'policy', 'policy.lr=3e-4'] });
  expect(record.versions.node).toBe(process.versions.node);
  expect(record.versions['onnxruntime-node']).toMatch(/^\d+\.\d+\.\d+$/);
  expect(record.versions.rapport).toMatch(/^\d+\.\d+\.\d+/);
  expect(await openRunFolder(run.directory)).toEqual(run);
  expect(await readdir(join(root, 'train-policy', '2026-03-04'))).toEqual(['09-05-07_avoid-longstick']);
});

it('refuses to overwrite a run and leaves it as it was', async () => {
  const first = await createRunFolder(description({ name: 'once' }));
  const second = createRunFolder(description({ name: 'once', seed: 8 }));
  await expect(second).rejects.toThrow(InputError);
  await expect(second).rejects.toThrow(/once is there already; nothing was overwritten/);
  expect((await openRunFolder(first.directory)).record.seed).toBe(7);
});

it('refuses names that cannot be folders and places that cannot be written', async () => {
  await expect(createRunFolder(description({ name: '../x' }))).rejects.toThrow(
    /name "\.\.\/x" cannot be a folder name/,
  );
  await writeFile(join(root, 'file'), '');
  await expect(createRunFolder(description({ root: join(root, 'file') }))).rejects.toThrow(UnavailableError);
});

it('names what is wrong with a folder that cannot be resumed', async () => {
  await expect(openRunFolder(root)).rejects.toThrow(/is no run folder: it has no run\.json/);
  const { directory } = await createRunFolder(description({ name: 'damaged' }));
  const file = join(directory, 'run.json');
  const whole = await readFile(file, 'utf8');
  const cases: [string, RegExp][] = [
    [whole.slice(0, 40), /run\.json is not JSON/],
    [whole.replace('"format": 1', '"format": 2'), /has format 2; this Rapport reads format 1/],
    [whole.replace('"seed": 7', '"seed": "seven"'), /run\.json is damaged: seed/],
  ];
  for (const [content, message] of cases) {
    await writeFile(file, content);
    await expect(openRunFolder(directory)).rejects.toThrow(message);
    await expect(openRunFolder(directory)).rejects.toThrow(CorruptDataError);
  }
  await writeFile(file, whole);
  await writeFile(join(directory, 'config.yaml'), 'a: [1, 2');
  await expect(openRunFolder(directory)).rejects.toThrow(/config\.yaml cannot be read/);
});
