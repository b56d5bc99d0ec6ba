import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const here = dirname(fileURLToPath(import.meta.url));

/** Versions of Rapport, Node and every package that a package of Rapport names (they are named with exact versions). */
export async function versions(): Promise<Record<string, string>> {
  const packages = fileURLToPath(new URL('../../../', import.meta.url));
  const found: Record<string, string> = { rapport: await ownVersion(), node: process.versions.node };
  for (const folder of (await readdir(packages)).sort()) {
    const text = await readFile(join(packages, folder, 'package.json'), 'utf8').catch(() => '{}');
    const { dependencies = {} }: { dependencies?: Record<string, string> } = JSON.parse(text);
    for (const [name, version] of Object.entries(dependencies)) {
      if (!version.startsWith('workspace:')) found[name] = version;
    }
  }
  return found;
}

async function ownVersion(): Promise<string> {
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
