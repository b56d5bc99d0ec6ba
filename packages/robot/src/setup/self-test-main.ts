// The process of `selfTest`: started again as its own partner, which sends every message back.
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { UnavailableError } from '@rapport/core';
import { openNode, type RosNode } from '../graph/node.js';
import { qosProfiles } from '../graph/qos.js';
import { waitUntil } from '../graph/wait.js';
import { medianRoundTrip } from './self-test.js';

interface Text {
  readonly data: string;
}

const MESSAGES = 100;
const PATIENCE_MS = 20_000;

if (process.argv[2] === 'echo') await echo();
else await measure();

async function echo(): Promise<void> {
  const node = await openNode({ name: 'rapport_self_test_echo' });
  const back = node.publisher<Text>('std_msgs/msg/String', 'rapport_self_test/back', qosProfiles.default);
  node.subscribe<Text>('std_msgs/msg/String', 'rapport_self_test/there', qosProfiles.default, (text) =>
    back.publish(text),
  );
  process.once('SIGTERM', () => node.close());
}

async function measure(): Promise<void> {
  const partner = spawn(process.execPath, [fileURLToPath(import.meta.url), 'echo'], { stdio: 'inherit' });
  const node = await openNode({ name: 'rapport_self_test' });
  try {
    const times = await roundTrips(node, partner);
    process.stdout.write(`${JSON.stringify({ roundTripMs: medianRoundTrip(times) })}\n`);
  } finally {
    partner.kill();
    node.close();
  }
}

/** Times of round trips one after the other, ms. */
async function roundTrips(node: RosNode, partner: ChildProcess): Promise<number[]> {
  let arrived = 0;
  const there = node.publisher<Text>('std_msgs/msg/String', 'rapport_self_test/there', qosProfiles.default);
  const back = node.subscribe<Text>('std_msgs/msg/String', 'rapport_self_test/back', qosProfiles.default, () => {
    arrived += 1;
    pending?.();
  });
  let pending: (() => void) | undefined;
  const met = () => there.subscriptionCount > 0 && back.publisherCount > 0;
  if (!(await waitUntil(() => met() || partner.exitCode !== null, PATIENCE_MS)) || !met()) {
    throw new UnavailableError(`two processes did not find each other within ${PATIENCE_MS / 1000} s`);
  }
  const times: number[] = [];
  const endsAt = performance.now() + PATIENCE_MS;
  while (times.length < MESSAGES && performance.now() < endsAt) {
    const startedAt = performance.now();
    const answered = new Promise<void>((resolve) => {
      pending = resolve;
    });
    there.publish({ data: `message ${arrived}, with letters beyond ASCII: ä 机` });
    await answered;
    times.push(performance.now() - startedAt);
  }
  return times;
}
