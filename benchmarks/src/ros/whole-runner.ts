import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RandomStream, UnavailableError } from '@rapport/core';
import { cloningConfigSchema, cloningDiffusionConfig, diffusionNetwork, saveDiffusionPolicy } from '@rapport/policy';

/** What `rapport ros run --json` tells, as far as it is used here; seconds. */
export interface RunnerFigures {
  readonly steps: number;
  readonly missedSteps: number;
  readonly inference: { readonly p50: number; readonly p99: number };
  readonly reaction: { readonly p50: number; readonly p99: number };
  readonly commandIntervals: { readonly p50: number; readonly p99: number };
}

const main = fileURLToPath(new URL('../../../packages/cli/dist/main.js', import.meta.url));
const PICTURE = 96;
/** What `franka/cup` observes and takes. */
const OBSERVED = 43;
const ACTIONS = 7;

/**
 * The runner as a user starts it, against the simulator, with a small diffusion policy that looks at one camera and plans at
 * every control step, 10 times a second. Its weights are random and its actions tiny.
 */
export async function runWholeRunner(env: NodeJS.ProcessEnv, seconds: number): Promise<RunnerFigures> {
  const folder = await mkdtemp(join(tmpdir(), 'rapport-bench-ros-'));
  const policy = join(folder, 'policy');
  await writePolicy(policy);
  const picture = ['-p', `image_width:=${PICTURE}`, '-p', `image_height:=${PICTURE}`];
  const wallTime = ['--ros-args', '-p', 'use_sim_time:=false'];
  const simulator = spawn(process.execPath, [main, 'ros', 'sim', 'franka/cup', ...wallTime, ...picture], {
    env,
    stdio: 'ignore',
  });
  try {
    const limits = ['--limits', 'panda-full', '--patience', '60', '--seconds', String(seconds), '--json'];
    return JSON.parse(await output([main, 'ros', 'run', policy, ...limits, ...wallTime], env)) as RunnerFigures;
  } finally {
    simulator.kill('SIGTERM');
    await rm(folder, { recursive: true });
  }
}

async function writePolicy(directory: string): Promise<void> {
  const config = cloningDiffusionConfig(cloningConfigSchema.parse({ downDims: [64, 128], actionSteps: 1 }), {
    inputFeatures: {
      'observation.state': { type: 'STATE', shape: [OBSERVED] },
      'observation.images.front': { type: 'VISUAL', shape: [3, PICTURE, PICTURE] },
    },
    outputFeatures: { action: { type: 'ACTION', shape: [ACTIONS] } },
  });
  const stream = new RandomStream(0, 'bench/ros');
  const { trained, fixed } = diffusionNetwork(config);
  const parameters = Object.fromEntries(
    [...trained, ...fixed].map(({ attributes: { name, shape, initializer } }) => [
      name,
      { shape, data: initializer(shape, stream.fork(name)) },
    ]),
  );
  const range = (size: number, value: number) => ({
    min: new Float32Array(size).fill(-value),
    max: new Float32Array(size).fill(value),
    mean: new Float32Array(size),
    std: new Float32Array(size).fill(1),
  });
  const statistics = {
    'observation.state': range(OBSERVED, 1),
    'observation.images.front': range(3, 1),
    action: range(ACTIONS, 1e-3),
  };
  await saveDiffusionPolicy(directory, {
    name: 'random',
    envId: 'franka/cup',
    checkpoint: { config, statistics, parameters },
  });
}

function output(words: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, words, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, errors] = ['', ''];
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      errors += chunk;
    });
    child.on('close', (code) => {
      if (code === 0) resolve(out);
      else reject(new UnavailableError(errors.split('\n').findLast((line) => line.startsWith('rapport: ')) ?? errors));
    });
  });
}
