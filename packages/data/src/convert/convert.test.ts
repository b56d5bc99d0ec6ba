import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from '@foxglove/rosmsg';
import { MessageWriter } from '@foxglove/rosmsg2-serialization';
import { encode as encodeJpeg } from 'jpeg-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDataset, openDataset, validateDataset } from '../lerobot/index.js';
import { SYNTHETIC_OPTIONS, syntheticEpisode } from '../lerobot/synthetic-episode.js';
import { createBag, DEFAULT_RECORDED_QOS } from '../rosbag2/index.js';
import { bagToDataset } from './bag-to-dataset.js';
import { datasetToBag } from './dataset-to-bag.js';
import { type BagMappingInput, parseMapping } from './mapping.js';
import { writableTypes } from './message-types.js';
import { messagePicture } from './picture.js';

const sample = fileURLToPath(new URL('../../../../tests/fixtures/mcap/sample.mcap', import.meta.url));
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rapport-convert-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface Message {
  readonly topic: string;
  readonly type: string;
  /** Milliseconds. */
  readonly at: number;
  readonly content: object;
  /** Of the log; `at` when absent. */
  readonly loggedAt?: number;
}

async function makeBag(messages: readonly Message[]): Promise<string> {
  const path = join(folder, 'bag');
  const bag = await createBag(path, { compression: 'none' });
  for (const [sequence, { topic: name, type, at, content, loggedAt }] of messages.entries()) {
    const { definition, hasHeader } = writableTypes[type]!;
    const stamp = { sec: Math.floor(at / 1000), nanosec: (at % 1000) * 1e6 };
    const writer = new MessageWriter(parse(definition, { ros2: true }));
    const time = BigInt(loggedAt ?? at) * 1_000_000n;
    await bag.write({
      topic: {
        name,
        type,
        serializationFormat: 'cdr',
        qos: [DEFAULT_RECORDED_QOS],
        typeHash: '',
        schemaEncoding: 'ros2msg',
        definition: Buffer.from(definition),
      },
      logTime: time,
      publishTime: time,
      sequence,
      data: writer.writeMessage(hasHeader ? { header: { stamp, frame_id: 'base' }, ...content } : content),
    });
  }
  await bag.close();
  return path;
}

/** Joints at 50 Hz whose position is the time in seconds, a command every 100 ms that says which it is. */
function armMessages(from: number, to: number): Message[] {
  const messages: Message[] = [];
  for (let at = from; at <= to; at += 20) {
    const joints = { name: ['j1', 'j2'], position: [at / 1000, -at / 1000] };
    messages.push({ topic: '/joint_states', type: 'sensor_msgs/msg/JointState', at, content: joints });
    if ((at - from) % 100 === 0) {
      const pose = { position: { x: at, y: 0, z: 0 }, orientation: { x: 0, y: 0, z: 0, w: 1 } };
      messages.push({ topic: '/target_pose', type: 'geometry_msgs/msg/PoseStamped', at, content: { pose } });
    }
  }
  return messages;
}

const marker = (at: number, data: string): Message => ({
  topic: '/rapport/episode',
  type: 'std_msgs/msg/String',
  at,
  content: { data },
});
const choices = { fps: 10, task: 'reach', picture: 0 };

describe('a bag becomes a dataset', () => {
  it('with joints interpolated and commands held, at the times of the grid', async () => {
    const bag = await makeBag(armMessages(1000, 2000));
    const made = await bagToDataset(bag, join(folder, 'set'), { mapping: choices });
    expect(made).toMatchObject({ episodes: 1, frames: 10, skipped: [] });
    expect(await validateDataset(made.output)).toEqual([]);
    const dataset = await openDataset(made.output);
    expect(dataset.observationSpace.entries.map(({ name, unit }) => `${name} ${unit}`)).toEqual([
      'j1_position rad',
      'j2_position rad',
    ]);
    const { observations, actions } = await dataset.readEpisode(0, { frames: false });
    for (let step = 0; step <= 10; step++) expect(observations[2 * step]).toBeCloseTo(1 + step / 10, 6);
    for (let step = 0; step < 10; step++) expect(actions[7 * step]).toBe(1000 + 100 * step);
  });

  it('with one episode for each pair of markers, and none for one that never ended', async () => {
    const messages = [
      marker(1200, 'pick'),
      marker(1800, ''),
      marker(2000, 'place'),
      marker(2500, ''),
      marker(2700, 'x'),
    ];
    const bag = await makeBag([...armMessages(1000, 3000), ...messages].toSorted((a, b) => a.at - b.at));
    const made = await bagToDataset(bag, join(folder, 'set'), { mapping: choices });
    const { episodes } = await openDataset(made.output);
    expect(episodes.map(({ length, tasks }) => ({ length, tasks }))).toEqual([
      { length: 6, tasks: ['pick'] },
      { length: 5, tasks: ['place'] },
    ]);
    expect(made.skipped).toEqual([expect.stringMatching(/second 1\.700 has no end/)]);
  });

  it('with an episode that ends at each gap, where a topic that is silent is an error otherwise', async () => {
    const bag = await makeBag([...armMessages(1000, 1500), ...armMessages(3000, 3800)]);
    const gaps = { by: 'gap', seconds: 0.5 } as const;
    const made = await bagToDataset(bag, join(folder, 'set'), { mapping: { ...choices, episodes: gaps } });
    const { episodes } = await openDataset(made.output);
    expect(episodes.map(({ length }) => length)).toEqual([5, 8]);
    await expect(bagToDataset(bag, join(folder, 'other'), { mapping: choices })).rejects.toMatchObject({
      message: expect.stringMatching(/topic \/joint_states has no message within 0\.2 s of second 0\.600/),
      fix: expect.stringContaining('maxAge'),
    });
    expect(await readdir(folder)).not.toContain('other.partial');
  });

  it('by the clock that is asked for', async () => {
    const late = armMessages(1000, 2000).map((message) => ({ ...message, loggedAt: message.at + 50 }));
    const bag = await makeBag(late);
    for (const [clock, first] of [
      ['header', 1.1],
      ['log', 1.1],
    ] as const) {
      const made = await bagToDataset(bag, join(folder, clock), { mapping: { ...choices, clock } });
      const { observations } = await (await openDataset(made.output)).readEpisode(0, { frames: false });
      expect(observations[2]).toBeCloseTo(first, 6);
      const record: { episodeStarts: string[] } = JSON.parse(
        await readFile(join(made.output, 'meta/rapport/conversion.json'), 'utf8'),
      );
      expect(record.episodeStarts).toEqual([clock === 'header' ? '1000000000' : '1050000000']);
    }
  });

  it('and refuses stamps of another clock beside topics that have none', async () => {
    const simulated = armMessages(1000, 2000).map((message) => ({ ...message, loggedAt: message.at + 1e9 }));
    const bag = await makeBag([...simulated, { ...marker(0, 'pick'), loggedAt: 1e9 }]);
    await expect(bagToDataset(bag, join(folder, 'set'), { mapping: choices })).rejects.toThrow(
      /stamped by another clock than the recorder's, and \/rapport\/episode has no stamps/,
    );
  });

  it('as far as it goes when a crash cut it, without metadata.yaml', async () => {
    const bag = await makeBag(armMessages(1000, 9000));
    const file = join(bag, 'bag_0.mcap');
    await rm(join(bag, 'metadata.yaml'));
    await truncate(file, Math.floor((await readFile(file)).length * 0.3));
    const made = await bagToDataset(bag, join(folder, 'set'), { mapping: choices });
    expect(made.skipped).toEqual([expect.stringMatching(/bag_0\.mcap record \d+ .* the file ends/)]);
    expect(made.frames).toBeGreaterThan(20);
    expect(made.frames).toBeLessThan(80);
  });

  it('but not from a bag with a hole, which repair has to close first', async () => {
    const bag = await makeBag(armMessages(1000, 2000));
    const file = join(bag, 'bag_0.mcap');
    const bytes = await readFile(file);
    bytes[3000]! ^= 0xff;
    await writeFile(file, bytes);
    await expect(bagToDataset(bag, join(folder, 'set'), { mapping: choices })).rejects.toMatchObject({
      message: expect.stringContaining('Incorrect chunk CRC'),
      fix: expect.stringContaining('rapport repair'),
    });
  });

  const mapping = (changes: Partial<BagMappingInput>) =>
    parseMapping(
      {
        fps: 10,
        task: 'watch',
        observation: [{ topic: '/joint_states', fields: ['position[0]'], rule: 'linear' }],
        action: [{ topic: '/joint_states', fields: ['position[0]'], ahead: 1 }],
        ...changes,
      },
      'test',
    );

  it('from a file of another program, with pictures, and with the next state as action', async () => {
    const cameras = [{ topic: '/camera/color/image_raw', name: 'front', width: 64, height: 64 }];
    const made = await bagToDataset(sample, join(folder, 'set'), { mapping: mapping({ cameras }) });
    expect(made).toMatchObject({ episodes: 1, frames: 49 });
    expect(await validateDataset(made.output)).toEqual([]);
    const { observations, actions, frames } = await (await openDataset(made.output)).readEpisode(0, { frames: true });
    for (let step = 0; step < 49; step++) expect(actions[step]).toBeCloseTo(observations[step + 1]!, 2);
    expect(frames[0]!.data.length).toBe(49 * 64 * 64 * 3);
  });

  it('only when the topics and fields of the mapping are there, which it names', async () => {
    const lacking = [{ topic: '/nothing', fields: ['x'] }];
    const to = join(folder, 'set');
    await expect(bagToDataset(sample, to, { mapping: mapping({ observation: lacking }) })).rejects.toThrow(
      /no message of topic \/nothing/,
    );
    const wrong = [{ topic: '/joint_states', fields: ['position[elbow]'] }];
    await expect(bagToDataset(sample, to, { mapping: mapping({ observation: wrong }) })).rejects.toThrow(
      /topic \/joint_states: it has no "position\[elbow\]"; its names are /,
    );
    await expect(bagToDataset(sample, to, { mapping: choices })).rejects.toThrow(
      /no topic of the bag stands for actions; it has \/joint_states \(sensor_msgs\/msg\/JointState\)/,
    );
    expect(() => parseMapping({ fps: 10, task: 'x', observation: [], action: [] }, 'cup.yaml')).toThrow(
      /cup\.yaml: observation/,
    );
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('a dataset becomes a bag', () => {
  it('that becomes the same dataset again', async () => {
    const writer = await createDataset(join(folder, 'set'), { ...SYNTHETIC_OPTIONS, imageStorage: 'parquet' });
    for (const [seed, length] of [
      [1, 12],
      [2, 5],
    ] as const)
      await writer.append(syntheticEpisode(seed, length), `task ${seed}`);
    await datasetToBag(join(folder, 'set'), join(folder, 'bag'));
    const mapping = { fps: 20, task: 'unused', picture: 64 };
    await bagToDataset(join(folder, 'bag'), join(folder, 'again'), { mapping });
    const [before, after] = [await openDataset(join(folder, 'set')), await openDataset(join(folder, 'again'))];
    expect(after.episodes.map(({ tasks, length }) => ({ tasks, length }))).toEqual([
      { tasks: ['task 1'], length: 12 },
      { tasks: ['task 2'], length: 5 },
    ]);
    for (const index of [0, 1]) {
      const [a, b] = [
        await before.readEpisode(index, { frames: false }),
        await after.readEpisode(index, { frames: false }),
      ];
      expect(b.observations).toEqual(a.observations);
      expect(b.actions).toEqual(a.actions);
    }
  });

  it('with its own topics and times when it was made from a bag', async () => {
    const bag = await makeBag(armMessages(1000, 2000));
    await bagToDataset(bag, join(folder, 'set'), { mapping: choices });
    const { topics } = await datasetToBag(join(folder, 'set'), join(folder, 'back'));
    expect(topics.map(({ name, type, messages }) => `${name} ${type} ${messages}`)).toEqual([
      '/rapport/episode std_msgs/msg/String 2',
      '/joint_states sensor_msgs/msg/JointState 11',
      '/target_pose geometry_msgs/msg/PoseStamped 10',
    ]);
    await bagToDataset(join(folder, 'back'), join(folder, 'again'), { mapping: choices });
    const read = async (name: string) => (await openDataset(join(folder, name))).readEpisode(0, { frames: false });
    expect(await read('again')).toEqual(await read('set'));
  });
});

describe('a picture', () => {
  const red = {
    width: 4,
    height: 2,
    data: Uint8Array.from({ length: 32 }, (_, place) => [200, 20, 10, 255][place % 4]!),
  };

  it('is RGB whatever its encoding', () => {
    const size = { width: 2, height: 2 };
    const bgra = Uint8Array.from(red.data, (_, place) => [10, 20, 200, 255][place % 4]!);
    const image = { width: 4, height: 2, step: 16, encoding: 'rgba8', data: red.data };
    expect([...messagePicture(image, size)].slice(0, 3)).toEqual([200, 20, 10]);
    expect([...messagePicture({ ...image, encoding: 'bgra8', data: bgra }, size)].slice(0, 3)).toEqual([200, 20, 10]);
    const jpeg = { format: 'jpeg', data: Uint8Array.from(encodeJpeg(red, 95).data) };
    for (const [index, value] of [200, 20, 10].entries()) {
      expect(Math.abs(messagePicture(jpeg, size)[index]! - value)).toBeLessThan(8);
    }
  });

  it('is refused when it is encoded in another way, or cut', () => {
    const image = { width: 4, height: 2, step: 16, encoding: '16UC1', data: red.data };
    expect(() => messagePicture(image, { width: 2, height: 2 })).toThrow(/encoding is "16UC1"/);
    expect(() => messagePicture({ ...image, encoding: 'rgba8', height: 3 }, { width: 2, height: 2 })).toThrow(
      /holds 32 bytes/,
    );
    const cut = { format: 'jpeg', data: Uint8Array.of(0xff, 0xd8, 1) };
    expect(() => messagePicture(cut, { width: 2, height: 2 })).toThrow(/jpeg picture of 3 bytes is damaged/);
  });
});
