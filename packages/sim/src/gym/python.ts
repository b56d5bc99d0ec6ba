import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { UnavailableError, type WorkOptions } from '@rapport/core';

const run = promisify(execFile);

/** What the bridge needs in Python, and what the environments that come with Gymnasium need. */
export const gymRequirements: readonly string[] = [
  'gymnasium[classic-control,mujoco]==1.4.0',
  'mujoco==4.0.0',
  'msgpack==1.2.4',
];

const packageFolder = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
/** The Python environment that the bridge makes for itself. */
export const gymFolder = join(packageFolder, '../../.rapport/gym');
/** The script that serves an environment. */
export const gymServer = join(packageFolder, 'python/gym_server.py');

const stamp = join(gymFolder, 'requirements.installed');
const wanted = `${gymRequirements.join('\n')}\n`;

/**
 * The interpreter of the Python environment.
 * @throws UnavailableError when it has not been made, or was made for other versions
 */
export function gymPython(): string {
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return join(gymFolder, 'bin/python');
  throw new UnavailableError('the Python environment of the Gymnasium bridge is not there', {
    fix: 'make it with `rapport gym-bridge`',
  });
}

/**
 * Makes the Python environment in `.rapport/gym` where it is missing or of other versions.
 * @param packages further requirements, as pip takes them, for environments of other packages
 * @throws UnavailableError when Python, venv or a package cannot be had; nothing half-made is left
 */
export async function prepareGym(packages: readonly string[], work: WorkOptions): Promise<void> {
  const ready = existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted;
  const requirements = [...(ready ? [] : gymRequirements), ...packages];
  if (requirements.length === 0) return;
  const python = join(gymFolder, 'bin/python');
  try {
    if (!ready) {
      await rm(gymFolder, { recursive: true, force: true });
      await mkdir(dirname(gymFolder), { recursive: true });
      work.onProgress?.({ label: 'making a Python environment', done: 0, total: 2 });
      await run('python3', ['-m', 'venv', gymFolder]);
    }
    work.onProgress?.({ label: `installing ${requirements.join(', ')}`, done: 1, total: 2 });
    const options = { maxBuffer: 64 * 2 ** 20 };
    await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...requirements], options);
    await writeFile(stamp, wanted);
    work.onProgress?.({ label: 'the Python environment is ready', done: 2, total: 2 });
  } catch (cause) {
    if (!ready) await rm(gymFolder, { recursive: true, force: true });
    throw new UnavailableError(`the Gymnasium bridge could not be installed: ${firstError(cause)}`, {
      fix: 'install Python 3.11 or newer with venv (Debian: apt install python3-venv), and check that pip reaches its index',
      cause,
    });
  }
}

function firstError(error: unknown): string {
  const lines = (error instanceof Error ? error.message : String(error)).split('\n');
  return (lines.find((line) => line.includes('ERROR')) ?? lines[0] ?? '').trim();
}
