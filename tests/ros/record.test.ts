import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  bagToDataset,
  locateBag,
  openDataset,
  readBag,
  readMapping,
  validateBag,
  validateDataset,
} from '@rapport/data';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { liveOptions, Peer, rosMissing } from './peers.js';

const mapping = `
fps: 10
task: unused
episodes: { by: marker, topic: /rapport/episode }
observation:
  - { topic: /arm/joint_states, fields: ["position[j1]"], rule: linear, maxAge: 30 }
action:
  - { topic: /arm/target_pose, fields: [pose.position.x], maxAge: 30 }
`;

describe.skipIf(rosMissing !== undefined)('the recorder', liveOptions, () => {
  let folder: string;
  let sender: Peer;
  let sent = 0;

  // One for each try: an earlier one would still know a recorder that was killed.
  async function startSender(): Promise<void> {
    sender = await Peer.start('python');
    const publisher = (name: string, type: string, topic: string, reliability: string) =>
      sender.ask('publisher', { name, type, topic, qos: { reliability, depth: 50 } });
    await publisher('joints', 'sensor_msgs/msg/JointState', '/arm/joint_states', 'best_effort');
    await publisher('pose', 'geometry_msgs/msg/PoseStamped', '/arm/target_pose', 'reliable');
    await publisher('episode', 'std_msgs/msg/String', '/rapport/episode', 'reliable');
  }
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rapport-record-'));
    await writeFile(join(folder, 'mapping.yaml'), mapping);
    sent = 0;
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function startRecorder(to: string, more = ['--mapping', join(folder, 'mapping.yaml')]): Promise<Peer> {
    const recorder = Peer.command(['ros', 'record', join(folder, to), ...more]);
    await startSender();
    await recorder.says('records 2 topics');
    for (const name of ['joints', 'pose', 'episode']) await sender.untilMatched(name);
    return recorder;
  }

  /** Half a second of messages at least, which count up. */
  async function move(): Promise<void> {
    const endsAt = Date.now() + 500;
    do {
      const now = Date.now();
      const header = { stamp: { sec: Math.floor(now / 1000), nanosec: (now % 1000) * 1e6 }, frame_id: 'base' };
      await sender.ask('publish', { name: 'joints', message: { header, name: ['j1'], position: [sent] } });
      const pose = { position: { x: sent, y: 0, z: 0 } };
      await sender.ask('publish', { name: 'pose', message: { header, pose } });
      sent++;
    } while (Date.now() < endsAt);
  }

  async function episode(recorder: Peer, task: string, count: number): Promise<void> {
    await move();
    await sender.ask('publish', { name: 'episode', message: { data: task } });
    await move();
    await sender.ask('publish', { name: 'episode', message: { data: '' } });
    await recorder.says(`episode ${count} is on disk`);
  }

  /** Of every message with a header: stamped here, then sent by the other process, then recorded by a third. */
  async function expectTimesInOrder(bag: string): Promise<void> {
    let seen = 0;
    for await (const { topic, data, publishTime, logTime } of readBag(await locateBag(bag))) {
      if (topic.name === '/rapport/episode') continue;
      // The stamp follows the four bytes with which every message begins.
      const { buffer, byteOffset } = data;
      const view = new DataView(buffer, byteOffset);
      const stamp = BigInt(view.getInt32(4, true)) * 1_000_000_000n + BigInt(view.getUint32(8, true));
      expect(publishTime).toBeGreaterThan(stamp);
      expect(logTime).toBeGreaterThan(publishTime);
      seen++;
    }
    // Every pose, and the joints that arrived: those are sent with best effort.
    expect(seen).toBeGreaterThan(sent);
  }

  it('makes a valid bag and a valid dataset of one session, with every message and three files', async () => {
    const recorder = await startRecorder('session');
    await episode(recorder, 'pick', 1);
    await episode(recorder, 'place', 2);
    await move();
    // What is on its way when a recorder is told to stop is not in its bag.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    recorder.process.kill('SIGINT');
    await recorder.ended;
    const bag = join(folder, 'session/bag');
    const { problems, survey } = await validateBag(bag);
    expect(problems, recorder.errors).toEqual([]);
    expect(survey.files).toHaveLength(3);
    const poses = survey.topics.find(({ name }) => name === '/arm/target_pose');
    expect(poses).toMatchObject({ messageCount: sent, qos: [{ reliability: 'reliable' }] });
    expect(survey.topics.find(({ name }) => name === '/arm/joint_states')!.qos).toMatchObject([
      { reliability: 'best_effort' },
    ]);
    await expectTimesInOrder(bag);
    const dataset = await openDataset(join(folder, 'session/dataset'));
    expect(dataset.episodes.map(({ tasks }) => tasks[0])).toEqual(['pick', 'place']);
    expect(await validateDataset(join(folder, 'session/dataset'))).toEqual([]);
    const { actions } = await dataset.readEpisode(1, { frames: false });
    // A held command may fill two steps where this machine is slow, but never goes back.
    expect([...actions]).toEqual([...actions].sort((a, b) => a - b));
    expect(Math.max(...actions)).toBeLessThan(sent);
  });

  it('loses no finished episode when it is killed', async () => {
    const recorder = await startRecorder('killed');
    await episode(recorder, 'pick', 1);
    await sender.ask('publish', { name: 'episode', message: { data: 'place' } });
    await move();
    recorder.process.kill('SIGKILL');
    await recorder.ended;
    const bag = join(folder, 'killed/bag');
    expect((await validateBag(bag)).problems).toEqual([]);
    let ends = 0;
    for await (const { topic, data } of readBag(await locateBag(bag))) {
      if (topic.name === '/rapport/episode' && data.length <= 12) ends++; // an empty text is 9 bytes and padding
    }
    expect(ends).toBe(1);
    const made = await bagToDataset(bag, join(folder, 'killed/dataset'), {
      mapping: await readMapping(join(folder, 'mapping.yaml')),
    });
    expect(made.episodes).toBe(1);
    expect(await validateDataset(made.output)).toEqual([]);
  });

  it('takes what a recording of a robot needs where no topic is named, also what appears later', async () => {
    const recorder = await startRecorder('default', []);
    const type = 'rapport_msgs/msg/NamedValues';
    await sender.ask('publisher', { name: 'task', type, topic: '/task_observation' });
    await sender.ask('publisher', { name: 'other', type, topic: '/something_else' });
    await recorder.says('/task_observation has appeared');
    await sender.untilMatched('task');
    await sender.ask('publish', { name: 'task', message: { names: ['cup'], values: [1] } });
    await episode(recorder, 'pick', 1);
    recorder.process.kill('SIGINT');
    await recorder.ended;
    const { problems, survey } = await validateBag(join(folder, 'default/bag'));
    expect(problems, recorder.errors).toEqual([]);
    const counts = survey.topics.map(({ name, messageCount }) => [name, messageCount > 0]);
    expect(counts.sort()).toEqual([
      ['/arm/joint_states', true],
      ['/arm/target_pose', true],
      ['/rapport/episode', true],
      ['/task_observation', true],
    ]);
  });

  it('does not start while a topic is missing, which it names', async () => {
    const to = join(folder, 'refused');
    const recorder = Peer.command(['ros', 'record', to, '--topics', '/nowhere']);
    expect(await recorder.ended).not.toBe(0);
    expect(recorder.errors).toMatch(/no node publishes \/nowhere/);
    await expect(readFile(join(to, 'bag/metadata.yaml'))).rejects.toThrow();
  });
});
