import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rewardFolder } from './policy-folder.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rapport-folders-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('rewardFolder', () => {
  it.each([[[]], [['reward']], [['rewards', '0']]])('finds a reward in %j below a run', (parts) => {
    const run = mkdtempSync(join(folder, 'run-'));
    const place = join(run, ...parts);
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, 'reward.json'), '{}');
    expect(rewardFolder(run)).toBe(place);
  });

  it('names the folder itself when there is none', () => {
    const run = mkdtempSync(join(folder, 'run-'));
    expect(rewardFolder(run)).toBe(run);
  });
});
