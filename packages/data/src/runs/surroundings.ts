import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const here = dirname(fileURLToPath(import.meta.url));

/** Rapport's own version. */
export async function rapportVersion(): Promise<string> {
  const manifest: { version: string } = JSON.parse(
    await readFile(new URL('../../package.json', import.meta.url), 'utf8'),
  );
  return manifest.version;
}

/** Revision of the program's own checkout and whether files differ from it; null without git or outside a checkout. */
export async function gitState(): Promise<{ revision: string; dirty: boolean } | null> {
  const git = async (...args: string[]) => (await promisify(execFile)('git', ['-C', here, ...args])).stdout.trim();
  try {
    return { revision: await git('rev-parse', 'HEAD'), dirty: (await git('status', '--porcelain')) !== '' };
  } catch {
    return null;
  }
}

/** The machine in one line: processor, cores, memory, system. */
export function describeHardware(): string {
  const processors = cpus();
  const model = processors[0]?.model.trim() ?? 'unknown processor';
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  return `${model}, ${processors.length} cores, ${gigabytes} GiB, ${process.platform} ${process.arch}`;
}
