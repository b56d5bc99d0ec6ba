import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Peer, rosMissing, until } from './peers.js';

const jointState = {
  header: { stamp: { sec: 12, nanosec: 345 }, frame_id: 'base' },
  name: ['fer_joint1', 'Gelenk zwei, äöü', '関節'],
  position: [0.1, -2.5, 3e-9],
  velocity: [],
  effort: [1, 2, 3],
};
const evaluation = {
  header: { stamp: { sec: 1, nanosec: 2 }, frame_id: '' },
  episode: 4,
  seed: 2 ** 40,
  step: 7,
  step_score: 0.25,
  success: true,
  way: 'handle',
  preferred: true,
  fault: 'joint_reflex',
};
const image = {
  header: { stamp: { sec: 0, nanosec: 0 }, frame_id: 'front_color_optical_frame' },
  height: 2,
  width: 3,
  encoding: 'rgb8',
  is_bigendian: 0,
  step: 9,
  data: Array.from({ length: 18 }, (_, index) => (37 * index) % 256),
};
const grasp = { inner: 0.004, outer: 0.006 };

describe.skipIf(rosMissing !== undefined).each([
  ['node', 'python'],
  ['python', 'node'],
] as const)('messages from %s to %s', (from, to) => {
  let sender: Peer;
  let receiver: Peer;
  let count = 0;

  beforeAll(async () => {
    [sender, receiver] = await Promise.all([Peer.start(from), Peer.start(to)]);
  });
  afterAll(() => Promise.all([sender.stop(), receiver.stop()]));

  async function connect(type: string, offered: object = {}, requested: object = {}): Promise<string> {
    const name = `topic_${count++}`;
    await sender.ask('publisher', { name, type, topic: name, qos: offered });
    await receiver.ask('subscribe', { name, type, topic: name, qos: requested });
    return name;
  }

  it.each([
    ['sensor_msgs/msg/JointState', jointState],
    ['rapport_msgs/msg/Evaluation', evaluation],
    ['sensor_msgs/msg/Image', image],
    ['franka_msgs/msg/GraspEpsilon', grasp],
  ])('brings %s over as it is', async (type, message) => {
    const name = await connect(type);
    await sender.untilMatched(name);
    await sender.ask('publish', { name, message });
    expect(await receiver.message(name)).toEqual(message);
  });

  it('fills in the fields of a large message that are left out', async () => {
    const name = await connect('franka_msgs/msg/FrankaRobotState');
    await sender.untilMatched(name);
    const message = { robot_mode: 4, current_errors: { joint_reflex: true }, ddq_d: [1, 2, 3, 4, 5, 6, 7] };
    await sender.ask('publish', { name, message });
    const received = await receiver.message<Record<string, unknown>>(name);
    expect(received).toMatchObject(message);
    expect(received).toMatchObject({ dtau_j: [0, 0, 0, 0, 0, 0, 0], o_t_ee: { pose: { orientation: { w: 1 } } } });
  });

  it('brings the last message to who comes late, when both ends ask for that, and not otherwise', async () => {
    const latched = { durability: 'transient_local', depth: 1 };
    const type = 'std_msgs/msg/String';
    for (const name of ['latched', 'volatile']) {
      await sender.ask('publisher', { name, type, topic: name, qos: latched });
      for (const data of ['first', 'second']) await sender.ask('publish', { name, message: { data } });
    }
    await receiver.ask('subscribe', { name: 'latched', type, topic: 'latched', qos: latched });
    await receiver.ask('subscribe', { name: 'volatile', type, topic: 'volatile' });
    expect(await receiver.message('latched')).toEqual({ data: 'second' });
    await sender.untilMatched('volatile');
    await sender.ask('publish', { name: 'volatile', message: { data: 'third' } });
    expect(await receiver.message('volatile')).toEqual({ data: 'third' });
  });

  it('passes nothing from a best-effort publisher to a reliable subscription, and tells', async () => {
    const type = 'std_msgs/msg/String';
    const name = await connect(type, { reliability: 'best_effort' }, { reliability: 'reliable' });
    const ours = from === 'node' ? sender : receiver;
    expect((await ours.event((one) => one.event === 'incompatible' && one.name === name)).policy).toBe('reliability');
    // A subscription that fits, on the same topic, shows that messages do pass.
    await receiver.ask('subscribe', { name: 'fits', type, topic: name, qos: { reliability: 'best_effort' } });
    // Best effort: the message reaches who knows its publisher, and whom that knows.
    await sender.untilMatched(name);
    await receiver.untilMatched('fits');
    await sender.ask('publish', { name, message: { data: 'hello' } });
    expect(await receiver.message('fits')).toEqual({ data: 'hello' });
    expect(receiver.events.filter((one) => one.event === 'message' && one.name === name)).toEqual([]);
  });
});

describe.skipIf(rosMissing !== undefined)('a node', () => {
  it('applies its namespace and its remapping', async () => {
    const arguments_ = ['--ros-args', '-r', '__ns:=/left', '-r', 'old:=new'];
    const [ours, theirs] = await Promise.all([Peer.start('node', arguments_), Peer.start('python')]);
    const type = 'std_msgs/msg/String';
    await ours.ask('publisher', { name: 'p', type, topic: 'old' });
    await theirs.ask('subscribe', { name: 's', type, topic: '/left/new' });
    await ours.untilMatched('p');
    await ours.ask('publish', { name: 'p', message: { data: 'here' } });
    expect(await theirs.message('s')).toEqual({ data: 'here' });
    expect(await ours.ask('resolve', { topic: '~/mine' })).toBe('/left/node_peer/mine');
    const [theirView] = await theirs.ask<{ hash: string }[]>('endpoints', { topic: '/left/new' });
    expect(await ours.ask('publishers', { topic: 'old' })).toEqual([
      {
        node: '/left/node_peer',
        type,
        typeHash: theirView!.hash,
        qos: { reliability: 'reliable', durability: 'volatile', depth: 0 },
      },
    ]);
  });

  it('survives callbacks that fail and messages of another type, and goes on', async () => {
    const [ours, theirs] = await Promise.all([Peer.start('node'), Peer.start('python')]);
    const type = 'std_msgs/msg/String';
    await ours.ask('fail_on_message', { name: 'bad', type, topic: 'bad' });
    await ours.ask('subscribe', { name: 'good', type, topic: 'good' });
    for (const name of ['bad', 'good']) {
      await theirs.ask('publisher', { name, type, topic: name });
      await theirs.untilMatched(name);
      await theirs.ask('publish', { name, message: { data: name } });
    }
    expect(await ours.message('good')).toEqual({ data: 'good' });
    await ours.says(/this callback fails/);
    await ours.stop();
    expect(await ours.ended).toBe(0);
  });

  it('follows /clock, and tells when it goes back', async () => {
    const [ours, theirs] = await Promise.all([
      Peer.start('node', ['--ros-args', '-p', 'use_sim_time:=true']),
      Peer.start('python'),
    ]);
    await ours.ask('watch_clock');
    await theirs.ask('publisher', { name: 'clock', type: 'rosgraph_msgs/msg/Clock', topic: '/clock' });
    await theirs.untilMatched('clock');
    const set = async (sec: number) => {
      await theirs.ask('publish', { name: 'clock', message: { clock: { sec, nanosec: 500 } } });
      await until(async () => (await ours.ask('now')) === sec * 1e9 + 500, `the clock to be at ${sec} s`);
    };
    await set(100);
    await set(160);
    await set(40);
    const back = await ours.event((one) => one.event === 'jump' && one.delta! < 0);
    expect(back.delta).toBe(-120e9);
  });
});
