import { existsSync, readFileSync } from 'node:fs';
import { readdir, stat, statfs } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { arch, cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { projectRoot, rapportVersion } from '../version.js';
import { findPostgresServer, findProgram, outputOf } from './programs.js';

/** What was found of one thing that Rapport uses. */
export interface Finding {
  readonly name: string;
  readonly state: 'present' | 'missing';
  /** Version or place, or what is missing. */
  readonly detail: string;
  /** What does not work without it. */
  readonly uses: string;
  /** Rapport itself does not run without it. */
  readonly required: boolean;
  /** The command that gets it, when it is missing. */
  readonly fix?: string;
}

interface Probe {
  readonly name: string;
  readonly uses: string;
  readonly required?: true;
  /** The command that gets it. */
  readonly fix: string;
  /** Version or place; undefined when it is missing. */
  find(): Promise<string | undefined> | string | undefined;
}

/** Space below which runs and fetched models are likely to fail. */
const LOW_DISK_GB = 2;

const probes: readonly Probe[] = [
  { name: 'Rapport', uses: 'this program', required: true, fix: '', find: describeRapport },
  {
    name: 'Node.js',
    uses: 'everything',
    required: true,
    fix: 'install version 20.20 or newer from https://nodejs.org',
    find: () => `${process.versions.node} (${process.platform} ${arch()}, ${release()})`,
  },
  { name: 'processor and memory', uses: 'everything', required: true, fix: '', find: describeMachine },
  {
    name: 'disk',
    uses: 'runs, datasets, models',
    fix: `free ${LOW_DISK_GB} GB in ${projectRoot}`,
    find: describeDisk,
  },
  {
    name: 'onnxruntime',
    uses: 'training and running networks',
    required: true,
    fix: 'rm -rf node_modules && ./rapport doctor',
    find: describeOnnxRuntime,
  },
  {
    name: 'viewer page',
    uses: 'rank, demo --annotator human',
    fix: 'rm -rf packages/viewer/dist && ./rapport doctor',
    find: () => (existsSync(join(projectRoot, 'packages/viewer/dist/web/index.html')) ? 'built' : undefined),
  },
  {
    name: 'model weights',
    uses: 'the pre-trained encoders; without them the demo takes one that npm brings',
    fix: './rapport models get lite0',
    find: describeModels,
  },
  {
    name: 'ffmpeg',
    uses: 'frames as MP4; without it they are pictures in Parquet',
    fix: 'apt-get install -y ffmpeg',
    find: async () => firstVersion(await outputOf('ffmpeg', ['-hide_banner', '-version'])),
  },
  {
    name: 'Chromium',
    uses: 'the browser tests',
    fix: 'apt-get install -y chromium',
    find: findChromium,
  },
  {
    name: 'PostgreSQL server',
    uses: 'the ledger tests on a server; the ledger itself has one built in',
    fix: 'apt-get install -y postgresql',
    find: async () => {
      const folder = await findPostgresServer();
      return folder === undefined ? undefined : firstVersion(await outputOf(join(folder, 'postgres'), ['--version']));
    },
  },
  {
    name: 'Python',
    uses: 'bench --peer, and the check that LeRobot reads our datasets',
    fix: 'apt-get install -y python3 python3-venv python3-pip',
    find: async () => firstVersion(await outputOf('python3', ['--version'])),
  },
  {
    name: 'pip',
    uses: 'models get: some weights come from Python packages',
    fix: 'apt-get install -y python3-pip',
    find: async () => firstVersion(await outputOf('python3', ['-m', 'pip', '--version'])),
  },
  {
    name: 'ROS 2',
    uses: 'the ros commands and their live tests',
    fix: './rapport ros setup',
    find: describeRos,
  },
];

/** Looks for everything that Rapport uses, in a fixed order. */
export function probeAll(): Promise<Finding[]> {
  return Promise.all(probes.map(runProbe));
}

/** Looks for some of it, by name. */
export function probeSome(names: readonly string[]): Promise<Finding[]> {
  return Promise.all(probes.filter(({ name }) => names.includes(name)).map(runProbe));
}

async function runProbe({ name, uses, required, fix, find }: Probe): Promise<Finding> {
  const detail = await find();
  const common = { name, uses, required: required === true };
  return detail === undefined
    ? { ...common, state: 'missing', detail: 'missing', fix }
    : { ...common, state: 'present', detail };
}

async function describeRapport(): Promise<string> {
  const revision = await outputOf('git', ['-C', projectRoot, 'rev-parse', '--short', 'HEAD']);
  return revision === undefined ? rapportVersion : `${rapportVersion} (git ${revision})`;
}

function describeMachine(): string {
  const processors = cpus();
  return `${processors.length} x ${processors[0]?.model.trim() ?? 'unknown'}, ${gigabytes(totalmem())} GB`;
}

async function describeDisk(): Promise<string | undefined> {
  const { bavail, bsize } = await statfs(projectRoot);
  const free = bavail * bsize;
  return free < LOW_DISK_GB * 1e9 ? undefined : `${gigabytes(free)} GB free`;
}

async function describeOnnxRuntime(): Promise<string | undefined> {
  // The engine's own copy, seen from the engine's package.
  const require = createRequire(join(projectRoot, 'packages/nn/package.json'));
  try {
    require('onnxruntime-node');
    const manifest = JSON.parse(readFileSync(join(projectRoot, 'packages/nn/package.json'), 'utf8'));
    return `${manifest.dependencies['onnxruntime-node']}, CPU library loads`;
  } catch {
    return undefined;
  }
}

async function describeModels(): Promise<string | undefined> {
  const { modelCacheDirectory } = await import('@rapport/data');
  const folder = modelCacheDirectory();
  const files = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const names = files.filter((file) => file.isFile()).map(({ name }) => name);
  if (names.length === 0) return undefined;
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
  return `${names.join(', ')} (${(sizes.reduce((sum, size) => sum + size, 0) / 1e6).toFixed(0)} MB in ${folder})`;
}

async function describeRos(): Promise<string | undefined> {
  const { rosLayout, rosState } = await import('@rapport/robot');
  const state = rosState();
  if (!state.ready) return undefined;
  const { distro, source } = state.installation;
  const from = source === 'wheels' ? 'Python wheels' : 'the sourced installation';
  return `${distro} from ${from}, rclnodejs, in ${rosLayout.root}`;
}

async function findChromium(): Promise<string | undefined> {
  const path = await findProgram('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable');
  return path === undefined ? undefined : firstVersion(await outputOf(path, ['--version']));
}

/** The version in the first line that a program prints about itself. */
function firstVersion(text: string | undefined): string | undefined {
  return text === undefined ? undefined : (/\d+(\.\d+)+\S*/.exec(text.split('\n')[0]!)?.[0] ?? text.split('\n')[0]!);
}

function gigabytes(bytes: number): string {
  return (bytes / 1e9).toFixed(1);
}
