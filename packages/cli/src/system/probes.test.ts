import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { probeAll, probeSome } from './probes.js';
import { findProgram } from './programs.js';

const path = process.env.PATH;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rapport-probes-'));
  process.env.PATH = folder;
});

afterEach(() => {
  process.env.PATH = path;
  rmSync(folder, { recursive: true, force: true });
});

it('finds a program by the first name that is executable', async () => {
  writeFileSync(join(folder, 'one'), '', { mode: 0o644 });
  writeFileSync(join(folder, 'two'), '#!/bin/sh\n', { mode: 0o755 });
  expect(await findProgram('none', 'one', 'two')).toBe(join(folder, 'two'));
  expect(await findProgram('none')).toBeUndefined();
});

it('says of what is missing how to get it and what needs it', async () => {
  const findings = await probeSome(['ffmpeg', 'Python']);
  expect(findings.map(({ name, state, fix }) => [name, state, fix])).toEqual([
    ['ffmpeg', 'missing', 'apt-get install -y ffmpeg'],
    ['Python', 'missing', 'apt-get install -y python3 python3-venv python3-pip'],
  ]);
  for (const { uses } of findings) expect(uses).not.toBe('');
});

it('reads the version that a program prints', async () => {
  writeFileSync(join(folder, 'ffmpeg'), '#!/bin/sh\necho "ffmpeg version 5.1.9-0+deb12u1 Copyright"\n', {
    mode: 0o755,
  });
  expect(await probeSome(['ffmpeg'])).toMatchObject([{ state: 'present', detail: '5.1.9-0+deb12u1' }]);
});

it('finds everything required on a machine that can run this test', async () => {
  const required = (await probeAll()).filter(({ required }) => required);
  expect(required.map(({ name }) => name)).toContain('onnxruntime');
  expect(required.filter(({ state }) => state === 'missing')).toEqual([]);
});
