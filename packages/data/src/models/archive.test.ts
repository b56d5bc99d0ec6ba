import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CorruptDataError } from '@rapport/core';
import { zipSync } from 'fflate';
import { expect, it } from 'vitest';
import { readTgzMember, readZipMember } from './archive.js';

const content = Uint8Array.from({ length: 3000 }, (_, index) => index % 251);

it('reads a stored and a compressed file out of a zip archive', () => {
  const archive = zipSync({ 'a/one.bin': content, 'a/two.bin': [content.slice(0, 7), { level: 0 }] });
  expect(readZipMember(archive, 'a/one.bin', 'w.whl')).toEqual(content);
  expect(readZipMember(archive, 'a/two.bin', 'w.whl')).toEqual(content.slice(0, 7));
  expect(() => readZipMember(archive, 'a/three.bin', 'w.whl')).toThrow('w.whl holds no file a/three.bin');
  expect(() => readZipMember(archive.slice(0, 100), 'a/one.bin', 'w.whl')).toThrow(CorruptDataError);
});

it('reads a file out of what tar and gzip wrote', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rapport-archive-'));
  try {
    mkdirSync(join(folder, 'package'));
    writeFileSync(join(folder, 'package', 'first.txt'), 'x'.repeat(513));
    writeFileSync(join(folder, 'package', 'weights.data'), content);
    execFileSync('tar', ['-czf', 'p.tgz', '--format=ustar', 'package'], { cwd: folder });
    const archive = readFileSync(join(folder, 'p.tgz'));
    expect(readTgzMember(archive, 'package/weights.data', 'p.tgz')).toEqual(content);
    expect(() => readTgzMember(archive, 'weights.data', 'p.tgz')).toThrow('p.tgz holds no file weights.data');
    expect(() => readTgzMember(archive.subarray(0, 200), 'package/weights.data', 'p.tgz')).toThrow(CorruptDataError);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
