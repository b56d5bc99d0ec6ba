import { spawn } from 'node:child_process';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { throwIfAborted, UnavailableError } from '@rapport/core';
import { requireRos, rosEnvironment, rosPython } from '@rapport/robot';
import type { Benchmark, BenchReport, BenchRow } from '../report.js';
import { type RunnerFigures, runWholeRunner } from './whole-runner.js';

/** What a driver prints; milliseconds. */
interface LoopFigures {
  readonly latencies: readonly number[];
  /** From one command of the stream to the next, where they arrive, and where they are sent. */
  readonly arrivals: readonly number[];
  readonly sendings: readonly number[];
  readonly imagesPerSecond: number;
}

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));
/** A graph of its own. */
const DOMAIN = String(100 + (process.pid % 100));

/** A policy runner's delays, and what of them is the node's, against rclpy. */
export const rosBenchmark: Benchmark = {
  name: 'ros',
  summary:
    'milliseconds from a camera message to the command that it caused, how evenly commands are sent, images per second',
  async run(options): Promise<BenchReport> {
    const installation = requireRos();
    const env = { ...rosEnvironment(installation), ROS_DOMAIN_ID: DOMAIN };
    const seconds = options.quick ? 6 : 20;
    const rounds = options.quick ? 1 : 3;
    const loads = [loadavg()[0]!];
    options.onProgress?.({ label: 'the runner with a policy that looks at a camera', done: 0, total: rounds + 1 });
    const runner = await runWholeRunner(env, seconds);
    const ours: LoopFigures[] = [];
    const peer: LoopFigures[] = [];
    for (let round = 0; round < rounds; round++) {
      throwIfAborted(options.signal);
      options.onProgress?.({ label: `loop, round ${round + 1}`, done: round + 1, total: rounds + 1 });
      ours.push(await measureLoop([process.execPath, file('./loop.js')], env, seconds));
      if (options.peer)
        peer.push(await measureLoop([rosPython(installation), file('../../peers/ros_loop.py')], env, seconds));
      loads.push(loadavg()[0]!);
    }
    return report(runner, ours, peer, installation.distro, loads);
  },
};

/** Starts a loop and a driver that measures it. */
async function measureLoop(
  [program, script]: readonly string[],
  env: NodeJS.ProcessEnv,
  seconds: number,
): Promise<LoopFigures> {
  const loop = spawn(program!, [script!], { env, stdio: 'ignore' });
  const ended = new Promise((resolve) => loop.on('close', resolve));
  try {
    return await new Promise<LoopFigures>((resolve, reject) => {
      const driver = spawn(process.execPath, [file('./driver.js'), String(seconds)], {
        env,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let out = '';
      driver.stdout.on('data', (chunk) => {
        out += chunk;
      });
      driver.on('close', (code) => {
        if (code === 0) resolve(JSON.parse(out) as LoopFigures);
        else reject(new UnavailableError(`the loop ${script} was not found on the graph`));
      });
    });
  } finally {
    loop.kill('SIGTERM');
    await ended;
  }
}

function report(
  runner: RunnerFigures,
  ours: readonly LoopFigures[],
  peer: readonly LoopFigures[],
  distro: string,
  loads: readonly number[],
): BenchReport {
  const milliseconds = (name: string, value: number, aim?: string): BenchRow => ({
    name,
    unit: 'ms',
    ours: 1000 * value,
    better: 'lower',
    ...(aim !== undefined && { aim }),
  });
  const compared = (
    name: string,
    unit: string,
    better: BenchRow['better'],
    value: (figures: LoopFigures) => number,
    aim: string,
  ): BenchRow => {
    const mine = median(ours.map(value));
    const theirs = peer.length === 0 ? undefined : median(peer.map(value));
    return { name, unit, ours: mine, better, aim, ...(theirs !== undefined && { peer: theirs, ratio: mine / theirs }) };
  };
  const off = (end: 'arrivals' | 'sendings', share: number) => (figures: LoopFigures) =>
    percentile(
      figures[end].map((interval) => Math.abs(interval - 10)),
      share,
    );
  return {
    title: 'ROS 2: from messages to commands',
    rows: [
      milliseconds('runner, picture to command, p50', runner.reaction.p50),
      milliseconds('runner, picture to command, p99', runner.reaction.p99, '< 100, one control period'),
      milliseconds('runner, planning, p50', runner.inference.p50),
      milliseconds('runner, between commands, p99', runner.commandIntervals.p99),
      compared('loop, image to command, p50', 'ms', 'lower', ({ latencies }) => percentile(latencies, 0.5), '<= 1'),
      compared('loop, image to command, p99', 'ms', 'lower', ({ latencies }) => percentile(latencies, 0.99), '<= 1'),
      compared('loop, commands sent off their 10 ms, p50', 'ms', 'lower', off('sendings', 0.5), '<= 1'),
      compared('loop, commands sent off their 10 ms, p99', 'ms', 'lower', off('sendings', 0.99), '<= 1'),
      compared('loop, commands come off their 10 ms, p50', 'ms', 'lower', off('arrivals', 0.5), '<= 1'),
      compared('loop, commands come off their 10 ms, p99', 'ms', 'lower', off('arrivals', 0.99), '<= 1'),
      compared('loop, images of 640 x 480', '1/s', 'higher', ({ imagesPerSecond }) => imagesPerSecond, '>= 1'),
    ],
    notes: [
      `runner: ${runner.steps} control steps at 10 Hz, ${runner.missedSteps} without an action, against the simulator on the same machine;`,
      'a diffusion policy of random weights with one 96 x 96 camera, planning at every step; wall time.',
      'loop: every 96 x 96 image at 10 Hz is answered with a trajectory of 25 points, while 100 a second are sent; no policy in it.',
      'sent: by the middleware’s time stamps; come: where a node of Rapport gets them, whose own delays are in it.',
      `ROS 2 ${distro}; load average ${loads.map((load) => load.toFixed(1)).join(', ')}; medians of ${ours.length} rounds.`,
    ],
  };
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}
