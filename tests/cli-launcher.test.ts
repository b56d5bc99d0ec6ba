import { spawn } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** A small working tree with the real launcher, and stand-ins for npx, npm and tsc that note when they run. */
let tree: string;
let log: string;

beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), 'rapport-launcher-'));
  chmodSync(folder, 0o755);
  tree = join(folder, 'tree');
  log = join(folder, 'log');
  for (const name of [
    'rapport',
    'scripts',
    'package.json',
    'pnpm-lock.yaml',
    'pnpm-workspace.yaml',
    'tsconfig.base.json',
  ]) {
    cpSync(join(root, name), join(tree, name), { recursive: true });
  }
  for (const path of ['packages/core/src', 'packages/viewer', 'benchmarks', 'bin']) {
    mkdirSync(join(tree, path), { recursive: true });
  }
  writeFileSync(join(tree, 'packages/core/src/index.ts'), 'export {};\n');
  writeTool(
    'npx',
    `sleep 0.5; mkdir -p node_modules/typescript/bin; cp "${tree}/tsc.js" node_modules/typescript/bin/tsc`,
  );
  writeTool('npm', 'mkdir -p packages/viewer/dist/web; touch packages/viewer/dist/web/index.html');
  writeFileSync(
    join(tree, 'tsc.js'),
    `require('fs').appendFileSync(${JSON.stringify(log)}, 'tsc\\n');
     require('fs').mkdirSync('packages/cli/dist', { recursive: true });
     require('fs').writeFileSync('packages/cli/dist/main.js', \`
       console.log(process.argv.slice(2).join(' '));
       process.exitCode = 7;
       if (process.argv[2] === 'wait') setTimeout(() => {}, 60000);
     \`);`,
  );
});

afterEach(() => rmSync(dirname(tree), { recursive: true, force: true }));

function writeTool(name: string, script: string): void {
  const path = join(tree, 'bin', name);
  writeFileSync(path, `#!/bin/sh\necho ${name} >> "${log}"\n${script}\n`);
  chmodSync(path, 0o755);
}

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly out: string;
  readonly err: string;
}

function start(args: readonly string[], options: { env?: NodeJS.ProcessEnv; uid?: number; killAfterMs?: number } = {}) {
  return new Promise<Ended>((resolve, reject) => {
    const child = spawn(join(tree, 'rapport'), args, {
      env: { ...process.env, PATH: `${tree}/bin:${process.env.PATH}`, ...options.env },
      ...(options.uid === undefined ? {} : { uid: options.uid }),
    });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
      if (options.killAfterMs !== undefined) setTimeout(() => child.kill('SIGTERM'), options.killAfterMs);
    });
    child.stderr.on('data', (chunk) => {
      err += chunk;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, out, err }));
  });
}

const toolRuns = () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []);
const preload = (script: string) => {
  const path = join(dirname(tree), 'preload.cjs');
  writeFileSync(path, script);
  return { NODE_OPTIONS: `--require ${path}` };
};

it('installs and builds on the first start only, and hands on arguments and exit code', async () => {
  const first = await start(['rollout', '--episodes', '3 4']);
  expect(first).toMatchObject({ code: 7, out: 'rollout --episodes 3 4\n' });
  expect(toolRuns()).toEqual(['npx', 'tsc', 'npm']);
  const second = await start(['again']);
  expect(second).toMatchObject({ code: 7, out: 'again\n', err: '' });
  expect(toolRuns()).toEqual(['npx', 'tsc', 'npm']);
});

it('builds again after a source changed, and installs again after the lock file changed', async () => {
  await start([]);
  utimesSync(join(tree, 'packages/core/src/index.ts'), 1, 1);
  await start([]);
  expect(toolRuns().slice(3)).toEqual(['tsc', 'npm']);
  writeFileSync(join(tree, 'pnpm-lock.yaml'), 'lockfileVersion: 0\n');
  await start([]);
  expect(toolRuns().slice(5)).toEqual(['npx']);
});

it('installs once when several start at the same time', async () => {
  const ended = await Promise.all([1, 2, 3].map((number) => start([`start-${number}`])));
  expect(ended.map(({ code, out }) => [code, out])).toEqual([
    [7, 'start-1\n'],
    [7, 'start-2\n'],
    [7, 'start-3\n'],
  ]);
  expect(toolRuns()).toEqual(['npx', 'tsc', 'npm']);
});

it('takes over the lock of a start that was killed', async () => {
  mkdirSync(join(tree, '.rapport'));
  // The largest process number of Linux is 2^22, so nothing lives under this one.
  writeFileSync(join(tree, '.rapport/launcher.lock'), String(2 ** 22 + 1));
  expect((await start(['on'])).out).toBe('on\n');
  expect(existsSync(join(tree, '.rapport/launcher.lock'))).toBe(false);
});

it('is the process that the signal reaches', async () => {
  const ended = await start(['wait'], { killAfterMs: 0 });
  expect(ended.signal).toBe('SIGTERM');
});

it('says in one line that Node is too old', async () => {
  const env = preload(`Object.defineProperty(process.versions, 'node', { value: '18.19.0' });`);
  const { code, err } = await start([], { env });
  expect(code).toBe(1);
  expect(err).toBe('rapport: Node 18.19.0 is too old; install version 20.20 or newer (https://nodejs.org)\n');
});

it('says in one line that Node is missing', async () => {
  for (const name of ['dirname', 'readlink'])
    writeFileSync(join(tree, 'bin', name), `#!/bin/sh\necho "${tree}"\n`, { mode: 0o755 });
  const { code, err } = await start([], { env: { PATH: join(tree, 'bin') } });
  expect(code).toBe(1);
  expect(err).toBe('rapport: Node.js is not installed; install version 20.20 or newer (https://nodejs.org)\n');
});

it('says in one line that the disk is full before it installs', async () => {
  const env = preload(`require('fs').statfsSync = () => ({ bavail: 1000, bsize: 4096 });`);
  const { code, err } = await start([], { env });
  expect(code).toBe(1);
  expect(err).toMatch(/^rapport: installing .*\nrapport: no space for the dependencies: 0\.0 GB free in .*\n$/);
  expect(toolRuns()).toEqual([]);
});

it('says in one line that the registry cannot be reached', async () => {
  rmSync(join(tree, 'bin/npx'));
  const env = {
    HOME: dirname(tree),
    npm_config_cache: join(dirname(tree), 'cache'),
    npm_config_registry: 'http://127.0.0.1:9',
    npm_config_fetch_retry_mintimeout: '10',
  };
  const { code, err } = await start([], { env });
  expect(code).toBe(1);
  expect(err).toMatch(/^rapport: installing .*\nrapport: the npm registry cannot be reached; check the network .*\n$/);
  expect(existsSync(join(tree, 'node_modules'))).toBe(false);
});

it('says in one line what the build stumbled over, and builds again at the next start', async () => {
  writeFileSync(join(tree, 'tsc.js'), `console.log('a.ts(1,2): error TS1: no'); process.exitCode = 2;`);
  const { code, err } = await start([]);
  expect(code).toBe(1);
  expect(err.split('\n').at(-2)).toMatch(
    /^rapport: the build failed: a\.ts\(1,2\): error TS1: no \(all of its output: .*launcher\.log\)$/,
  );
  expect((await start([])).code).toBe(1);
});

it.skipIf(process.getuid?.() !== 0)('says in one line that the folder cannot be written', async () => {
  const { code, err } = await start([], { uid: 65_534 });
  expect(code).toBe(1);
  expect(err).toMatch(/^rapport: cannot write in .*; make the folder writable for this user, or clone Rapport .*\n$/);
});
