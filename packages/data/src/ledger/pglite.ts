import { closeSync, fsyncSync, openSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { NodeFS } from '@electric-sql/pglite/nodefs';
import { CorruptDataError, InputError, RapportError, UnavailableError } from '@rapport/core';
import type { Database, Row } from './database.js';
import { takeLock } from './lock.js';

/** Major version of the PostgreSQL inside PGlite; another version's folder cannot be opened. */
const postgresVersion = '18';

/**
 * Opens the PGlite database in `directory/postgres`, made when it is not there.
 * @throws UnavailableError when another process has it open or the folder cannot be written
 * @throws CorruptDataError when what is there is not such a database
 */
export async function openPGlite(directory: string): Promise<Database> {
  const label = resolve(directory);
  await makeDirectory(label);
  const release = await takeLock(join(label, 'lock'), `ledger ${label}`).catch((error) => refuseFolder(label, error));
  try {
    const data = join(label, 'postgres');
    if (!(await exists(data))) await createDatabase(data);
    await checkVersion(data);
    const database = await start(data);
    return {
      label,
      query: async (sql, parameters = []) => (await database.query<Row>(sql, [...parameters])).rows,
      transaction: (work) =>
        database.transaction((transaction) =>
          work(async (sql, parameters = []) => (await transaction.query<Row>(sql, [...parameters])).rows),
        ),
      close: async () => {
        await database.close().finally(release);
      },
    };
  } catch (error) {
    await release();
    throw error;
  }
}

/** Makes the database under a temporary name, so that an interrupted start leaves no half-made one. */
async function createDatabase(data: string): Promise<void> {
  const draft = `${data}.partial`;
  await rm(draft, { recursive: true, force: true });
  const database = await start(draft);
  await database.close();
  await syncTree(draft);
  await rename(draft, data);
  await syncPath(dirname(data));
}

async function start(data: string): Promise<PGlite> {
  try {
    return await PGlite.create({
      fs: new SyncingNodeFS(data),
      relaxedDurability: false,
      // PGlite's own defaults without `-F`, which switches fsync off. Its `fdatasync` does nothing, so WAL is flushed
      // by `fsync`.
      startParams: [...PGlite.defaultStartParams.filter((flag) => flag !== '-F'), '-c', 'wal_sync_method=fsync'],
    });
  } catch (error) {
    throw new CorruptDataError(`ledger database ${data} does not open: ${String(error)}`, {
      fix: 'move the folder away and restore a copy, or start a new ledger in another folder',
      cause: error,
    });
  }
}

/** PGlite's file system of a real folder, with `fsync`, which the original leaves out. */
class SyncingNodeFS extends NodeFS {
  override async init(...[pg, options]: Parameters<NodeFS['init']>): ReturnType<NodeFS['init']> {
    const { emscriptenOpts } = await super.init(pg, options);
    emscriptenOpts.preRun = [
      ...(emscriptenOpts.preRun ?? []),
      (module) => {
        const fileSystem: NodeFileSystem = module.NODEFS;
        fileSystem.stream_ops.fsync = ({ nfd, node }) => {
          if (nfd !== undefined) fsyncSync(nfd);
          else syncPathNow(fileSystem.realPath(node)); // folders have no descriptor of their own
          return 0;
        };
      },
    ];
    return { emscriptenOpts };
  }
}

/** The part of Emscripten's NODEFS used above. */
interface NodeFileSystem {
  stream_ops: { fsync?: (stream: { nfd?: number; node: object }) => number };
  realPath(node: object): string;
}

function syncPathNow(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

async function syncPath(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncTree(directory: string): Promise<void> {
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) await syncTree(path);
    else await syncPath(path);
  }
  await syncPath(directory);
}

async function makeDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' || code === 'ENOTDIR') {
      throw new InputError(`ledger ${directory} is not a folder`, { cause: error });
    }
    refuseFolder(directory, error);
  }
}

function refuseFolder(directory: string, error: unknown): never {
  if (error instanceof RapportError) throw error;
  throw new UnavailableError(`ledger folder ${directory} cannot be written: ${(error as Error).message}`, {
    fix: 'choose a folder that you may write to, or free some disk space',
    cause: error,
  });
}

async function checkVersion(data: string): Promise<void> {
  const found = (await readFile(join(data, 'PG_VERSION'), 'utf8').catch(() => 'nothing')).trim();
  if (found === postgresVersion) return;
  throw new CorruptDataError(
    `ledger database ${data} has PG_VERSION ${found}; this Rapport opens version ${postgresVersion}`,
    { fix: 'open it with the version of Rapport that wrote it, export it there, and start a new ledger' },
  );
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
