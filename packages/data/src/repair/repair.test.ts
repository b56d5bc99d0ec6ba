import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from '@foxglove/rosmsg';
import { MessageWriter } from '@foxglove/rosmsg2-serialization';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type BagTopic, createBag, DEFAULT_RECORDED_QOS, locateBag, readBag } from '../rosbag2/index.js';
import { repairBag, validateBag } from './index.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rapport-bag-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const DEFINITION = 'string data';
const topic: BagTopic = {
  name: '/text',
  type: 'std_msgs/msg/String',
  serializationFormat: 'cdr',
  qos: [{ ...DEFAULT_RECORDED_QOS, reliability: 'best_effort' }],
  typeHash: 'RIHS01_df668c740482bbd48fb39d76a70dfd4bd59db1288021743503259e948f6b1a18',
  schemaEncoding: 'ros2msg',
  definition: Buffer.from(DEFINITION),
};
const silent: BagTopic = { ...topic, name: '/silent' };

/** A bag of `count` messages in several chunks; message i says so, at log time 1000 + i and publish time 900 + i. */
async function makeBag(count: number, compression: 'zstd' | 'none' = 'none'): Promise<string> {
  const path = join(folder, 'bag');
  const like = { version: 9, customData: { operator: 'annotator-1' }, rosDistro: 'kilted' };
  const bag = await createBag(path, { compression, like });
  const writer = new MessageWriter(parse(DEFINITION, { ros2: true }));
  await bag.addTopic(silent);
  for (let index = 0; index < count; index++) {
    const data = writer.writeMessage({ data: `message ${index} ${'.'.repeat(20_000)}` });
    await bag.write({
      topic,
      logTime: BigInt(1000 + index),
      publishTime: BigInt(900 + index),
      sequence: index,
      data,
    });
  }
  await bag.close();
  return path;
}

async function timesOf(path: string): Promise<(readonly [log: bigint, publish: bigint, sequence: number])[]> {
  const times: (readonly [bigint, bigint, number])[] = [];
  for await (const { logTime, publishTime, sequence } of readBag(await locateBag(path))) {
    times.push([logTime, publishTime, sequence]);
  }
  return times;
}

const expected = (count: number) =>
  Array.from({ length: count }, (_, index) => [BigInt(1000 + index), BigInt(900 + index), index] as const);

it('finds nothing wrong with a bag of its own', async () => {
  const path = await makeBag(100, 'zstd');
  const { problems, survey } = await validateBag(path);
  expect(problems).toEqual([]);
  expect(survey.messageCount).toBe(100);
  expect(await timesOf(path)).toEqual(expected(100));
});

it('recovers every message before the place where a crash cut the bag, and rebuilds index and metadata', async () => {
  const path = await makeBag(100);
  const file = join(path, 'bag_0.mcap');
  const { length } = await readFile(file);
  await truncate(file, Math.floor(length * 0.77));
  await rm(join(path, 'metadata.yaml'));
  const before = await validateBag(path);
  expect(before.problems.map(({ problem }) => problem)).toEqual([
    expect.stringMatching(/bag_0\.mcap record \d+ \(byte \d+\): the file ends \d+ bytes before the end of the record/),
    expect.stringContaining('metadata.yaml is missing'),
  ]);
  const kept = before.survey.messageCount;
  expect(kept).toBeGreaterThanOrEqual(75); // messages are as large as one another, and the chunk that is cut gives its own
  const repaired = await repairBag(path, join(folder, 'repaired'));
  expect(repaired.metadata.messageCount).toBe(kept);
  expect((await validateBag(repaired.output)).problems).toEqual([]);
  expect(await timesOf(repaired.output)).toEqual(expected(kept));
  expect(await readdir(folder)).not.toContain('repaired.partial');
});

it('keeps quality of service, type hash, custom data and silent topics when metadata.yaml is gone', async () => {
  const path = await makeBag(3);
  await rm(join(path, 'metadata.yaml'));
  const { metadata } = await repairBag(path, join(folder, 'repaired'));
  expect(metadata).toMatchObject({ version: 9, customData: { operator: 'annotator-1' }, rosDistro: 'kilted' });
  const { metadata: read } = await locateBag(join(folder, 'repaired'));
  const text = read?.topics.find(({ name }) => name === '/text');
  expect(text).toMatchObject({ typeHash: topic.typeHash, messageCount: 3, qos: [{ reliability: 'best_effort' }] });
  expect(read?.topics.find(({ name }) => name === '/silent')).toMatchObject({ messageCount: 0 });
});

it('recovers what lies behind a damaged chunk, whose channel only the summary still describes', async () => {
  const path = await makeBag(100);
  const file = join(path, 'bag_0.mcap');
  const bytes = await readFile(file);
  bytes[20_000]! ^= 0xff; // in the first of three chunks of 39 messages
  await writeFile(file, bytes);
  const { problems } = await repairBag(path, join(folder, 'repaired'));
  expect(problems[0]).toMatch(/record 1 \(byte \d+\): Incorrect chunk CRC/);
  const times = await timesOf(join(folder, 'repaired'));
  expect(times.length).toBeGreaterThan(50);
  expect(times).toEqual(expected(100).slice(100 - times.length));
});

it('is a whole bag after each split, whatever becomes of the file that follows', async () => {
  const path = join(folder, 'bag');
  const bag = await createBag(path, { compression: 'zstd' });
  const data = new MessageWriter(parse(DEFINITION, { ros2: true })).writeMessage({ data: 'x' });
  const write = (time: bigint) => bag.write({ topic, logTime: time, publishTime: time, sequence: 0, data });
  await write(5n);
  await bag.split();
  await write(9n);
  await bag.split();
  await write(11n);
  // As a process that dies here leaves it: the third file is begun, and metadata.yaml does not name it.
  expect((await readdir(path)).sort()).toEqual(['bag_0.mcap', 'bag_1.mcap', 'bag_2.mcap', 'metadata.yaml']);
  expect((await validateBag(path)).problems).toEqual([]);
  expect((await timesOf(path)).map(([log]) => log)).toEqual([5n, 9n]);
  const metadata = await bag.close();
  expect(metadata).toMatchObject({ startingTime: 5n, duration: 6n, messageCount: 3 });
  expect((await validateBag(path)).problems).toEqual([]);
});

it('says where metadata.yaml contradicts the recording', async () => {
  const path = await makeBag(5);
  const file = join(path, 'metadata.yaml');
  await writeFile(file, (await readFile(file, 'utf8')).replaceAll('message_count: 5', 'message_count: 6'));
  const { problems } = await validateBag(path);
  expect(problems.map(({ problem }) => problem)).toContain(`${file}: message_count is 6; the recording has 5`);
});

it('tells of messages that are not of their type', async () => {
  const path = join(folder, 'bag');
  const bag = await createBag(path, { compression: 'none' });
  const at = { topic, logTime: 1n, publishTime: 1n, sequence: 0 };
  await bag.write({ ...at, data: Uint8Array.of(0, 1, 0, 0, 200, 0, 0, 0, 65, 0) });
  await bag.close();
  const { problems } = await validateBag(path);
  expect(problems).toHaveLength(1);
  expect(problems[0]!.problem).toMatch(
    /message 0 of its topic: topic \/text has 10 bytes that are no std_msgs\/msg\/String/,
  );
});

it('never repairs in place, and leaves nothing behind when there is nothing to repair', async () => {
  const path = await makeBag(2);
  await expect(repairBag(path, path)).rejects.toThrow(/exists; a bag is never repaired in place/);
  await expect(repairBag(join(folder, 'nowhere'), join(folder, 'new'))).rejects.toThrow(/there is no bag at/);
  expect(await readdir(folder)).toEqual(['bag']);
});

it('names the storage that it cannot read, and how to get another', async () => {
  const file = join(folder, 'old.db3');
  await writeFile(file, '');
  await expect(validateBag(file)).rejects.toMatchObject({
    message: expect.stringContaining('sqlite3'),
    fix: expect.stringContaining('ros2 bag convert'),
  });
});
