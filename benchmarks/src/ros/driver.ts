// One measuring process: sends images to the loop under test, and prints as JSON how fast answers come (`latency`), how
// evenly the command stream comes (`jitter`) and how many images get through (`throughput`).
import { setTimeout as sleep } from 'node:timers/promises';
import { type Image, type JointTrajectory, openNode, qosProfiles, toRosTime, waitUntil } from '@rapport/robot';

const seconds = Number(process.argv[2]);
const node = await openNode({ name: 'driver' });
const images = node.publisher<Image>('sensor_msgs/msg/Image', '/bench/image', qosProfiles.default);
const small = { width: 96, height: 96 };
const large = { width: 640, height: 480 };

const sentAt = new Map<string, number>();
const latencies: number[] = [];
/** Of the command stream, ms: when messages came here, and when the loop sent them, as the middleware tells. */
const stream: { readonly arrived: number; readonly sent: number }[] = [];
let answers = 0;
const key = ({ sec, nanosec }: { readonly sec: number; readonly nanosec: number }) => `${sec}.${nanosec}`;
node.subscribe<JointTrajectory>(
  'trajectory_msgs/msg/JointTrajectory',
  '/bench/answer',
  qosProfiles.default,
  ({ header }) => {
    const at = sentAt.get(key(header.stamp));
    if (at !== undefined) latencies.push(performance.now() - at);
    sentAt.delete(key(header.stamp));
    answers += 1;
  },
);
const subscription = node.subscribeRaw(
  'trajectory_msgs/msg/JointTrajectory',
  '/bench/stream',
  qosProfiles.default,
  (_bytes, sentAt) => {
    stream.push({ arrived: performance.now(), sent: Number(sentAt) / 1e6 });
  },
);
if (!(await waitUntil(() => images.subscriptionCount > 0 && subscription.publisherCount > 0, 20_000))) process.exit(1);
// Both compile what they do often meanwhile.
await sleep(2000);

function send({ width, height }: { readonly width: number; readonly height: number }, data: Uint8Array): void {
  const stamp = toRosTime(node.now());
  sentAt.set(key(stamp), performance.now());
  images.publish({ header: { stamp, frame_id: 'camera' }, width, height, encoding: 'rgb8', step: 3 * width, data });
}

// Latency and jitter together: the loop does both, as a runner does.
const smallData = new Uint8Array(3 * small.width * small.height).fill(7);
const start = performance.now();
// What waited in the queue when the two met.
stream.length = 0;
while (performance.now() - start < 1000 * seconds) {
  send(small, smallData);
  await sleep(100);
}
await sleep(300);
const measured = latencies.slice();
const intervals = (times: readonly number[]) => times.slice(1).map((time, index) => time - times[index]!);
const arrivals = intervals(stream.map(({ arrived }) => arrived));
const sendings = intervals(stream.map(({ sent }) => sent));

// Never more than four images on their way.
const largeData = new Uint8Array(3 * large.width * large.height).fill(9);
answers = 0;
let sent = 0;
const from = performance.now();
while (performance.now() - from < 500 * seconds) {
  if (sent - answers < 4) {
    send(large, largeData);
    sent += 1;
  }
  await new Promise((resolve) => setImmediate(resolve));
}
const perSecond = answers / ((performance.now() - from) / 1000);
process.stdout.write(JSON.stringify({ latencies: measured, arrivals, sendings, imagesPerSecond: perSecond }));
node.close();
process.exit(0);
