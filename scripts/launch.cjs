// Brings the working tree up to date (dependencies, build) and runs the command line in this same process, so that
// exit codes and signals need no passing on. When nothing changed this costs two stamp checks.
const fs = require('node:fs');
const path = require('node:path');
const { createHash } = require('node:crypto');
const { spawnSync } = require('node:child_process');
const { pathToFileURL } = require('node:url');
const { withLock } = require('./lock.cjs');
const { environmentFor, runAgain } = require('./ros-process.cjs');

const root = path.dirname(__dirname);
const pnpm = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')).packageManager;
const stateFolder = path.join(root, '.rapport');
const main = path.join(root, 'packages/cli/dist/main.js');

/** Free space that a fresh installation and build need, with room to spare. */
const INSTALL_BYTES = 1.5e9;

/** One line that a person reads, and what to do about it. */
class LaunchError extends Error {}

/** Work that is done when its inputs differ from what its stamp file remembers. */
const steps = [
  {
    label: 'installing dependencies (a minute or two on a fresh clone)',
    stamp: path.join(root, 'node_modules/.rapport-installed'),
    output: path.join(root, 'node_modules'),
    fingerprint: () => contentHash(['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml']),
    run: install,
  },
  {
    label: 'building',
    stamp: path.join(stateFolder, 'built-packages'),
    output: main,
    fingerprint: () =>
      treeHash(['packages', 'benchmarks', 'tsconfig.base.json'], /(\.ts|package\.json|tsconfig\.json)$/),
    run: () => runTool(process.execPath, ['node_modules/typescript/bin/tsc', '-b', 'packages/cli'], 'the build'),
  },
  {
    label: 'building the page of the viewer',
    stamp: path.join(stateFolder, 'built-page'),
    output: path.join(root, 'packages/viewer/dist/web/index.html'),
    fingerprint: () => treeHash(['packages/viewer', 'packages/core/src'], /\.(ts|html|css|svg|json|woff2)$/),
    run: () => runTool('npm', ['run', '--silent', '--prefix', 'packages/viewer', 'build:web'], 'the build of the page'),
  },
];

async function launch() {
  try {
    if (!steps.every(isDone)) {
      checkWritable();
      await withLock(path.join(stateFolder, 'launcher.lock'), say, () => {
        for (const step of steps) bringUpToDate(step);
      });
    }
  } catch (error) {
    say(error instanceof LaunchError ? error.message : describeSystemError(error));
    process.exitCode = 1;
    return;
  }
  const args = process.argv.slice(2);
  const environment = await environmentFor(args);
  if (environment !== undefined) return runAgain(main, args, environment);
  process.argv[1] = main;
  await import(pathToFileURL(main).href);
}

function isDone(step) {
  return fs.existsSync(step.output) && readStamp(step.stamp) === step.fingerprint();
}

function bringUpToDate(step) {
  // Taken before the work: a file that changes while the step runs makes the next start do it again.
  const fingerprint = step.fingerprint();
  if (fs.existsSync(step.output) && readStamp(step.stamp) === fingerprint) return;
  say(step.label);
  step.run();
  fs.writeFileSync(step.stamp, fingerprint);
}

function readStamp(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function install() {
  const { bavail, bsize } = fs.statfsSync(root);
  if (!fs.existsSync(path.join(root, 'node_modules')) && bavail * bsize < INSTALL_BYTES) {
    const free = ((bavail * bsize) / 1e9).toFixed(1);
    throw new LaunchError(
      `no space for the dependencies: ${free} GB free in ${root}; free ${INSTALL_BYTES / 1e9} GB and start again`,
    );
  }
  const patience = { npm_config_fetch_retries: '1', npm_config_fetch_timeout: '60000', CI: '1' };
  runTool('npx', ['-y', pnpm, 'install', '--frozen-lockfile', '--reporter=append-only'], 'the installation', patience);
}

/** Runs a program quietly; its output goes to a log, and a failure becomes one line. */
function runTool(program, args, what, extraEnvironment = {}) {
  const result = spawnSync(program, args, {
    cwd: root,
    env: { ...process.env, ...extraEnvironment },
    encoding: 'utf8',
    maxBuffer: 64 * 2 ** 20,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (result.error?.code === 'ENOENT') {
    throw new LaunchError(`${program} is not installed; it comes with Node.js (Debian: apt-get install npm)`);
  }
  if (result.error) throw result.error;
  if (result.signal) throw new LaunchError(`${what} was stopped by ${result.signal}; start again to go on`);
  if (result.status !== 0) throw new LaunchError(explain(what, `${result.stdout}\n${result.stderr}`));
}

/** Finds the cause of a failure in what a tool printed. */
function explain(what, output) {
  const log = path.join(stateFolder, 'launcher.log');
  fs.writeFileSync(log, output);
  if (/ENOSPC|no space left/i.test(output)) {
    return `no disk space left in ${root}; free some and start again`;
  }
  if (
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT/.test(output)
  ) {
    return 'the npm registry cannot be reached; check the network (npm ping) and start again';
  }
  if (/EACCES|EROFS|EPERM/.test(output)) {
    return `${what} may not write in ${root}; make the folder writable for this user and start again`;
  }
  const lines = output.split('\n').map((line) => line.trim());
  const line = lines.find((text) => /error/i.test(text)) ?? lines.findLast((text) => text !== '') ?? 'no output';
  return `${what} failed: ${line} (all of its output: ${log})`;
}

function checkWritable() {
  fs.mkdirSync(stateFolder, { recursive: true });
  fs.accessSync(root, fs.constants.W_OK);
  fs.accessSync(stateFolder, fs.constants.W_OK);
}

function describeSystemError(error) {
  switch (error.code) {
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return `cannot write in ${root}; make the folder writable for this user, or clone Rapport to one that is`;
    case 'ENOSPC':
      return `no disk space left in ${root}; free some and start again`;
    default:
      return `cannot start: ${error.message}`;
  }
}

function contentHash(files) {
  const hash = createHash('sha256');
  for (const file of files) hash.update(fs.readFileSync(path.join(root, file)));
  return hash.digest('hex');
}

/** A hash over the names, sizes and times of the matching files below some folders. */
function treeHash(roots, pattern) {
  const hash = createHash('sha256');
  const visit = (file) => {
    const stat = fs.statSync(file);
    if (stat.isDirectory()) {
      for (const name of fs.readdirSync(file).sort()) {
        if (name !== 'node_modules' && name !== 'dist') visit(path.join(file, name));
      }
    } else if (pattern.test(file)) {
      hash.update(`${path.relative(root, file)} ${stat.size} ${stat.mtimeMs}\n`);
    }
  };
  for (const start of roots) visit(path.join(root, start));
  return hash.digest('hex');
}

function say(line) {
  process.stderr.write(`rapport: ${line}\n`);
}

module.exports = { launch };
