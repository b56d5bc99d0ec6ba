// Runs the simulator with its full rates for a while, with a listener to all that it sends, and prints how large both
// processes are: `node tests/ros/soak.mjs [SECONDS]`. It takes ten minutes and is therefore no part of the test suite.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openNode, qosProfiles, requireRos, rosEnvironment } from '@rapport/robot';

const folder = dirname(fileURLToPath(import.meta.url));
const env = { ...rosEnvironment(requireRos()), ROS_DOMAIN_ID: String(10 + (process.pid % 90)) };

if (process.argv[2] === 'listen') await listen();
else await soak(Number(process.argv[2] ?? 600));

/** Subscribes to every topic of the simulator, and counts. */
async function listen() {
  const node = await openNode({ name: 'listener' });
  const counts = new Map();
  const subscribed = new Set();
  const look = setInterval(() => {
    for (const [topic, [type]] of node.graph.topics()) {
      if (subscribed.has(topic) || topic.includes('_action')) continue;
      subscribed.add(topic);
      counts.set(topic, 0);
      node.subscribe(type, topic, qosProfiles.sensorData, () => counts.set(topic, counts.get(topic) + 1));
    }
  }, 1000);
  process.once('SIGTERM', () => {
    clearInterval(look);
    process.stdout.write(`${JSON.stringify(Object.fromEntries(counts))}\n`);
    node.close();
  });
}

async function soak(seconds) {
  const start = (args) => spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const simulator = start([join(folder, '../../packages/cli/dist/main.js'), 'ros', 'sim', 'franka/cup']);
  const listener = start([fileURLToPath(import.meta.url), 'listen']);
  let counts = '';
  listener.stdout.on('data', (bytes) => {
    counts += bytes;
  });
  for (let second = 0; second <= seconds; second += 10) {
    await sleep(10_000);
    process.stdout.write(
      `${second + 10} s: simulator ${megabytes(simulator)} MB, listener ${megabytes(listener)} MB\n`,
    );
  }
  listener.kill();
  await new Promise((resolve) => listener.on('close', resolve));
  simulator.kill();
  process.stdout.write(`${counts}\n`);
}

/** Resident memory of a process. */
function megabytes({ pid }) {
  const [, pages] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ');
  return Math.round((Number(pages) * 4096) / 1e6);
}
