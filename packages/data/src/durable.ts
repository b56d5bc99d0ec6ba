import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Names of files that are still being written; readers skip them, and the next writer removes them. */
export const TEMPORARY_SUFFIX = '.tmp';

/**
 * Writes a file so that after a crash it is either absent (or as it was before) or whole: a temporary file beside it,
 * fsync, rename, fsync of the folder.
 */
export async function writeDurably(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${path}${TEMPORARY_SUFFIX}`;
  await makeDirectoryDurably(dirname(path));
  try {
    const handle = await open(temporary, 'w');
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await publish(temporary, path);
}

/** Moves a finished temporary file, already fsynced, to its place, and makes the move itself durable. */
export async function publish(temporary: string, path: string): Promise<void> {
  await rename(temporary, path);
  await syncDirectory(dirname(path));
}

/** Fsyncs a file that another process wrote. */
export async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  await handle.sync().finally(() => handle.close());
}

/** Cuts `path` to `length` bytes, appends `text`, and fsyncs. What lay behind `length` was never acknowledged. */
export async function appendDurably(path: string, length: number, text: string): Promise<number> {
  const bytes = Buffer.from(text, 'utf8');
  const handle = await openOrCreate(path);
  try {
    await handle.truncate(length);
    await handle.write(bytes, 0, bytes.length, length);
    await handle.sync();
  } finally {
    await handle.close();
  }
  return length + bytes.length;
}

/** Creates the folder and those above it, each entry fsynced. */
export async function makeDirectoryDurably(directory: string): Promise<void> {
  const created = await mkdir(directory, { recursive: true });
  if (created === undefined) return;
  for (let current = directory; current.length >= created.length; current = dirname(current)) {
    await syncDirectory(dirname(current));
  }
}

/** Removes what a crash left half-written anywhere below `directory`. */
export async function removeTemporaryFiles(directory: string): Promise<void> {
  for (const entry of await readdir(directory, { recursive: true })) {
    if (entry.endsWith(TEMPORARY_SUFFIX)) await rm(join(directory, entry), { force: true });
  }
}

async function openOrCreate(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r+');
  } catch {
    const handle = await open(path, 'w+');
    await syncDirectory(dirname(path));
    return handle;
  }
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  await handle.sync().finally(() => handle.close());
}
