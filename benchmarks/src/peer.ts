import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { UnavailableError } from '@rapport/core';
import type { BenchOptions } from './report.js';

const run = promisify(execFile);

/** A Python environment that a comparison needs. */
export interface PeerEnvironment {
  /** Folder name below the peers directory. */
  readonly name: string;
  /** Exact requirements, `package==version`. */
  readonly requirements: readonly string[];
  /** Interpreter to build it with; `python3` when absent. */
  readonly python?: string;
}

/**
 * Makes the environment when it is missing or its requirements changed, and returns its interpreter.
 * @throws UnavailableError when Python, venv or a package cannot be had
 */
export async function ensurePeer(
  peer: PeerEnvironment,
  options: Pick<BenchOptions, 'peersDirectory' | 'onProgress'>,
): Promise<string> {
  const directory = join(options.peersDirectory, peer.name);
  const python = join(directory, 'bin', 'python');
  const stamp = join(directory, 'requirements.installed');
  const wanted = `${peer.requirements.join('\n')}\n`;
  if (existsSync(python) && existsSync(stamp) && (await readFile(stamp, 'utf8')) === wanted) return python;

  await rm(directory, { recursive: true, force: true });
  await mkdir(options.peersDirectory, { recursive: true });
  try {
    options.onProgress?.({ label: `making the Python environment ${peer.name}`, done: 0, total: 2 });
    await run(peer.python ?? 'python3', ['-m', 'venv', directory]);
    options.onProgress?.({ label: `installing ${peer.requirements.join(', ')}`, done: 1, total: 2 });
    await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...peer.requirements], {
      maxBuffer: 64 * 2 ** 20,
    });
  } catch (cause) {
    await rm(directory, { recursive: true, force: true });
    throw new UnavailableError(`the Python environment "${peer.name}" could not be made: ${firstLine(cause)}`, {
      fix: 'run without --peer, or install Python 3.11 or newer with venv and check that pip reaches its registry',
      cause,
    });
  }
  await writeFile(stamp, wanted);
  return python;
}

/** Environment variables that would make NumPy's and torch's linear algebra slower than it is elsewhere. */
const SLOWING_VARIABLES = ['OPENBLAS_CORETYPE', 'OPENBLAS_L2_SIZE'];

/**
 * Runs a Python script that prints one JSON document on standard output, and returns the document.
 * @param variables added to the environment
 */
export async function runPeerScript(
  python: string,
  script: string,
  args: readonly string[] = [],
  variables: Readonly<Record<string, string>> = {},
): Promise<unknown> {
  const env = { ...process.env, ...variables };
  for (const name of SLOWING_VARIABLES) delete env[name];
  return new Promise((resolve, reject) => {
    const child = spawn(python, [script, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let errors = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      errors += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(out));
      else reject(new UnavailableError(`the peer script ${script} ended with code ${code}: ${lastLine(errors)}`));
    });
  });
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n').find((line) => line.includes('ERROR')) ?? text.split('\n')[0] ?? '';
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
