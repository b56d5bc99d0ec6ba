import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findProgram } from './programs.js';

const run = promisify(execFile);

/** Whether this process may install Debian packages. */
export async function canInstallPackages(): Promise<boolean> {
  return process.getuid?.() === 0 && (await findProgram('apt-get')) !== undefined;
}

/**
 * Installs Debian packages without questions.
 * @returns undefined when it worked, otherwise the reason in one line
 */
export async function installPackages(packages: readonly string[]): Promise<string | undefined> {
  const options = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, maxBuffer: 64 * 2 ** 20 };
  try {
    await run('apt-get', ['update', '-qq'], options);
    await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], options);
    return undefined;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return text.split('\n').find((line) => line.startsWith('E:')) ?? text.split('\n')[0]!;
  }
}
