import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { UnavailableError } from '@rapport/core';

/** Says who holds a folder, in a file that is created whole or not at all. */
interface Holder {
  readonly pid: number;
  /** When the process started, in the kernel's clock ticks: tells a new process of the same number from the old one. */
  readonly started: string | undefined;
}

/**
 * Takes the lock file `path`, which one running process can hold; a lock left behind by a killed process is taken over.
 * @returns a function that releases the lock
 * @throws UnavailableError when a running process holds it
 */
export async function takeLock(path: string, what: string): Promise<() => Promise<void>> {
  const own = JSON.stringify({ pid: process.pid, started: await startTime(process.pid) } satisfies Holder);
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, own);
  try {
    while (!(await createdByLink(draft, path))) {
      const found = await readFile(path, 'utf8').catch(() => undefined);
      if (found === undefined) continue;
      const holder = parseHolder(found);
      if (holder !== undefined && (await isRunning(holder))) {
        throw new UnavailableError(`${what} is in use by process ${holder.pid}`, {
          fix: `end that process, or set DATABASE_URL to a PostgreSQL server that several processes can share`,
        });
      }
      await removeStale(path, found);
    }
  } finally {
    await rm(draft, { force: true });
  }
  return () => rm(path, { force: true });
}

/** `link` fails when the target exists, so exactly one of several processes succeeds. */
async function createdByLink(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Removes the stale lock, unless another process took over in between: then its lock is put back. */
async function removeStale(path: string, expected: string): Promise<void> {
  const aside = `${path}.stale.${process.pid}`;
  try {
    await rename(path, aside);
  } catch {
    return; // somebody else was faster
  }
  if ((await readFile(aside, 'utf8')) !== expected) await createdByLink(aside, path);
  await rm(aside, { force: true });
}

function parseHolder(content: string): Holder | undefined {
  try {
    const { pid, started } = JSON.parse(content) as Partial<Holder>;
    return typeof pid === 'number' ? { pid, started } : undefined;
  } catch {
    return undefined;
  }
}

async function isRunning({ pid, started }: Holder): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: the process exists and belongs to another user.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const now = await startTime(pid);
  return started === undefined || now === undefined || started === now;
}

/** Field 22 of `/proc/PID/stat`; undefined where there is no such file system. */
async function startTime(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in brackets and may hold blanks.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
