import { mkdir, mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InputError } from '@rapport/core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { latestCheckpoint, saveCheckpoint } from './checkpoint.js';

let run: string;
beforeEach(async () => {
  run = await mkdtemp(join(tmpdir(), 'rapport-checkpoints-'));
});
afterEach(() => rm(run, { recursive: true, force: true }));

it('saves files under the step and points the last link at it', async () => {
  await saveCheckpoint(run, 100, { 'model.safetensors': Uint8Array.of(1, 2), 'state/step.json': '{"step":100}' });
  const saved = await saveCheckpoint(run, 2_000_000, { 'model.safetensors': Uint8Array.of(3) });
  expect(await readFile(join(run, 'checkpoints/000100/state/step.json'), 'utf8')).toBe('{"step":100}');
  expect(await readlink(join(run, 'checkpoints/last'))).toBe('2000000');
  expect(await readFile(join(run, 'checkpoints/last/model.safetensors'))).toEqual(Buffer.of(3));
  expect(await latestCheckpoint(run)).toEqual(saved);
  expect((await readdir(join(run, 'checkpoints'))).sort()).toEqual(['000100', '2000000', 'last']);
});

it('replaces a checkpoint of the same step as a whole', async () => {
  await saveCheckpoint(run, 5, { old: 'x' });
  await saveCheckpoint(run, 5, { new: 'y' });
  expect(await readdir(join(run, 'checkpoints/000005'))).toEqual(['new']);
});

it('finds the last whole checkpoint when a crash left a draft or a dangling link', async () => {
  expect(await latestCheckpoint(run)).toBeUndefined();
  await saveCheckpoint(run, 1, { a: 'x' });
  await saveCheckpoint(run, 2, { a: 'x' });
  await mkdir(join(run, 'checkpoints/000003.partial'));
  await rm(join(run, 'checkpoints/000002'), { recursive: true });
  expect((await latestCheckpoint(run))?.step).toBe(1);
});

it('goes back to the checkpoint written last, not to the greatest step', async () => {
  await saveCheckpoint(run, 9, { a: 'x' });
  await saveCheckpoint(run, 4, { a: 'x' });
  expect((await latestCheckpoint(run))?.step).toBe(4);
  await expect(saveCheckpoint(run, 1.5, {})).rejects.toThrow(InputError);
});
