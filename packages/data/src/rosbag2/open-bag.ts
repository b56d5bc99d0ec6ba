import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { CorruptDataError, InputError } from '@rapport/core';
import { type BagMetadata, METADATA_FILE, parseBagMetadata } from './metadata.js';

/** Where a bag lies. */
export interface BagLocation {
  /** The folder, or the bare file, as it was named. */
  readonly path: string;
  /** Name of the bag, without folder and ending. */
  readonly name: string;
  /** MCAP files in the order of recording. */
  readonly files: readonly string[];
  /** Undefined for bare files, and where `metadata.yaml` is missing or damaged. */
  readonly metadata: BagMetadata | undefined;
  /** What is wrong with `metadata.yaml`, of which the recording itself does not depend. */
  readonly metadataProblem: CorruptDataError | undefined;
}

/** Whether a path looks like a bag: a .mcap file, or a folder with `metadata.yaml` or recordings in it. */
export async function isBag(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return false;
  if (found.isFile()) return path.endsWith('.mcap');
  return (await readdir(path)).some((entry) => entry === METADATA_FILE || /\.(mcap|db3)$/.test(entry));
}

/**
 * Finds the files of a rosbag2 folder or of a bare `.mcap`. A missing or damaged `metadata.yaml` is no obstacle: the files
 * are taken in the order of their numbers then.
 * @throws InputError when there is nothing, or a recording of another kind; CorruptDataError when a named file is missing
 */
export async function locateBag(path: string): Promise<BagLocation> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw new InputError(`there is no bag at ${path}`, { fix: 'check the path' });
  if (found.isFile()) {
    refuseOtherStorage([path]);
    const name = basename(path, '.mcap');
    return { path, name, files: [path], metadata: undefined, metadataProblem: undefined };
  }
  const entries = await readdir(path);
  const { metadata, metadataProblem } = await readMetadata(path, entries);
  if (metadata !== undefined && metadata.storageIdentifier !== 'mcap') {
    throw otherStorage(path, `its storage is ${metadata.storageIdentifier}`);
  }
  const recordings = entries.filter((entry) => /\.(mcap|db3)(\.zstd)?$/.test(entry)).sort(byNumber);
  const named = metadata?.relativeFilePaths.map((file) => basename(file)) ?? [];
  const missing = named.find((file) => !entries.includes(file));
  if (missing !== undefined) {
    throw new CorruptDataError(`${join(path, missing)} is missing, which ${METADATA_FILE} names`, {
      fix: `restore it, or remove ${METADATA_FILE} to go on with the files that are there`,
    });
  }
  const files = (named.length > 0 ? named : recordings).map((file) => join(path, file));
  if (files.length === 0) {
    throw new InputError(`${path} holds no .mcap file`, { fix: 'name a .mcap file, or the folder of a bag' });
  }
  refuseOtherStorage(files);
  return { path, name: basename(path), files, metadata, metadataProblem };
}

async function readMetadata(
  path: string,
  entries: readonly string[],
): Promise<Pick<BagLocation, 'metadata' | 'metadataProblem'>> {
  const file = join(path, METADATA_FILE);
  if (!entries.includes(METADATA_FILE)) {
    const metadataProblem = new CorruptDataError(`${file} is missing`, { fix: 'rapport repair rebuilds it' });
    return { metadata: undefined, metadataProblem };
  }
  try {
    return { metadata: parseBagMetadata(await readFile(file, 'utf8'), file), metadataProblem: undefined };
  } catch (error) {
    if (!(error instanceof CorruptDataError)) throw error;
    return { metadata: undefined, metadataProblem: error };
  }
}

function refuseOtherStorage(files: readonly string[]): void {
  for (const file of files) {
    if (file.endsWith('.db3') || file.endsWith('.db3.zstd')) throw otherStorage(file, 'its storage is sqlite3');
    if (file.endsWith('.zstd')) {
      throw new InputError(`${file} is compressed as a whole`, { fix: `zstd -d ${file}` });
    }
  }
}

function otherStorage(path: string, found: string): InputError {
  return new InputError(`${path} cannot be read: ${found}; expected mcap`, {
    fix: 'ros2 bag convert, with "storage_id: mcap" in its output options, makes an MCAP bag of it',
  });
}

/** `name_2.mcap` comes before `name_10.mcap`. */
function byNumber(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
