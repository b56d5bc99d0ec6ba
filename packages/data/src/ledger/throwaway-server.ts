import { execFile, spawn } from 'node:child_process';
import { chown, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';

/** A PostgreSQL server of a test's own: a temporary folder, a Unix socket in it, no network. */
export interface ThrowawayServer {
  /** Makes an empty database and returns its address. */
  createDatabase(name: string): Promise<string>;
  stop(): Promise<void>;
}

const run = promisify(execFile);

/** Why no server can be started here, or undefined when one can. */
export async function whyNoServer(): Promise<string | undefined> {
  if ((await serverPrograms()) === undefined) return 'PostgreSQL is not installed (apt install postgresql)';
  if (process.getuid?.() === 0 && (await serverUser()) === undefined) {
    return 'PostgreSQL refuses to run as root and there is no user to run it as';
  }
  return undefined;
}

/** Starts a server; call `whyNoServer` first. */
export async function startThrowawayServer(): Promise<ThrowawayServer> {
  const programs = (await serverPrograms())!;
  const user = process.getuid?.() === 0 ? await serverUser() : undefined;
  const folder = await mkdtemp(join(tmpdir(), 'rapport-postgres-'));
  if (user !== undefined) await chown(folder, user.uid, user.gid);
  const options = { cwd: folder, ...user };
  const data = join(folder, 'data');
  await run(join(programs, 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync'], options);
  const server = spawn(join(programs, 'postgres'), ['-D', data, '-k', folder, '-c', 'listen_addresses='], {
    ...options,
    stdio: 'ignore',
  });
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  const address = (database: string) =>
    `postgresql://postgres@localhost/${database}?host=${encodeURIComponent(folder)}`;
  const stop = async () => {
    server.kill('SIGINT');
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await untilReady(address('postgres'));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    createDatabase: async (name) => {
      await execute(address('postgres'), `CREATE DATABASE ${name}`);
      return address(name);
    },
    stop,
  };
}

/** Runs one statement on a connection of its own. */
export async function execute(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

async function untilReady(url: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await execute(url, 'SELECT 1');
    } catch (error) {
      if (attempt === 150) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

/** Debian keeps the server's programs out of PATH, one folder per major version. */
async function serverPrograms(): Promise<string | undefined> {
  const versions = await readdir('/usr/lib/postgresql').catch(() => []);
  const newest = versions.sort((a, b) => Number(b) - Number(a))[0];
  return newest === undefined ? undefined : `/usr/lib/postgresql/${newest}/bin`;
}

async function serverUser(): Promise<{ uid: number; gid: number } | undefined> {
  for (const name of ['postgres', 'nobody']) {
    try {
      const [uid, gid] = await Promise.all(
        ['-u', '-g'].map(async (flag) => Number((await run('id', [flag, name])).stdout)),
      );
      return { uid: uid!, gid: gid! };
    } catch {
      // no such user: try the next
    }
  }
  return undefined;
}
