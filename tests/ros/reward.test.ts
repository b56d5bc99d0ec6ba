import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ClipReference, RandomStream } from '@rapport/core';
import { clipKey, loadEncoder, lookupIn, type RaplModel, raplConfig, saveReward, trainRapl } from '@rapport/reward';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { liveOptions, Peer, rosMissing, until } from './peers.js';

interface NamedValues {
  header: { stamp: { sec: number; nanosec: number } };
  names: string[];
  values: number[];
}
interface MultiArray {
  layout: { dim: { label: string; size: number }[] };
  data: number[];
}

const SIZE = 16;
const FRAMES = 6;
const topic = '/camera/front/color/image_raw';
const stream = new RandomStream(5, 'pictures');
const randomFrames = (count: number) =>
  Uint8Array.from({ length: count * SIZE * SIZE * 3 }, () => Math.floor(256 * stream.uniform()));

const told = ({ names, values }: NamedValues): Record<string, number> =>
  Object.fromEntries(names.map((name, place) => [name, values[place]!]));

describe.skipIf(rosMissing !== undefined)('ros reward', liveOptions, () => {
  let folder: string;
  let model: RaplModel;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rapport-live-reward-'));
    const encoder = await loadEncoder('pixels16');
    const { kind, hash, features, featureSize } = encoder;
    const clips: ClipReference[] = [0, 1, 2].map((episode) => ({ dataset: 'made-up', episode, start: 0, end: 8 }));
    const videos = new Map<string, { frames: number; width: number; data: Float32Array }>();
    for (const clip of clips) {
      const data = await encoder.encode({ camera: 'front', width: SIZE, height: SIZE, data: randomFrames(8) });
      videos.set(clipKey(clip), { frames: 8, width: featureSize, data });
    }
    const trained = await trainRapl({
      rankings: [{ items: clips, ranks: [1, 2, 3] }],
      videos: lookupIn(videos),
      encoder: { kind, hash, features, featureSize },
      config: raplConfig({ epochs: 1, referenceEpochs: 0, embeddingSize: 8 }),
      stream: new RandomStream(0, 'rapl'),
    });
    model = trained.model;
    await saveReward(folder, model);
  });
  afterAll(() => rm(folder, { recursive: true }));

  const messages = <T>(peer: Peer, name: string): T[] =>
    peer.events.filter((one) => one.event === 'message' && one.name === name).map(({ message }) => message);
  const call = (peer: Peer, service: string) =>
    peer.ask<{ success: boolean; message: string }>('call', {
      type: 'std_srvs/srv/Trigger',
      service,
      request: {},
      attempts: 5,
    });

  it('gives pictures of a camera the rewards and the plan that the library gives, picture by picture and at the end', async () => {
    const observer = await Peer.start('node');
    await observer.ask('publisher', { name: 'camera', type: 'sensor_msgs/msg/Image', topic });
    const reward = Peer.command(['ros', 'reward', folder, '--picture', String(SIZE)]);
    await reward.says('is active');
    const listen = (name: string, type: string) =>
      observer.ask('subscribe', { name, type, topic: `/reward/${name}`, qos: { depth: 50 } });
    await listen('reward', 'rapport_msgs/msg/NamedValues');
    await listen('frame_rewards', 'std_msgs/msg/Float64MultiArray');
    await listen('plan', 'std_msgs/msg/Float64MultiArray');
    for (const name of ['camera', 'reward', 'frame_rewards', 'plan']) await observer.untilMatched(name);

    expect(await call(observer, '/reward/finish')).toEqual({ success: false, message: 'no episode is running' });
    expect((await call(observer, '/reward/start')).success).toBe(true);
    const start = Date.now() / 1000 + 0.1;
    const send = (number: number, data: Uint8Array, encoding = 'rgb8') => {
      const stamp = start + number / 10;
      const sec = Math.floor(stamp);
      const header = { stamp: { sec, nanosec: Math.floor((stamp - sec) * 1e9) } };
      const message = { header, width: SIZE, height: SIZE, encoding, step: 3 * SIZE, data: [...data] };
      return observer.ask('publish', { name: 'camera', message });
    };
    const bytes = SIZE * SIZE * 3;
    const pictures = randomFrames(FRAMES);
    for (let number = 0; number < FRAMES; number++) {
      await send(number, pictures.subarray(number * bytes, (number + 1) * bytes));
      await until(() => messages(observer, 'reward').length > number, `the reward of picture ${number}`);
    }
    await send(FRAMES, pictures.subarray(0, bytes), 'yuv422');
    await until(
      () => reward.errors.includes(`${topic}: its encoding is "yuv422"; expected one of rgb8`),
      'the refusal',
    );
    expect((await call(observer, '/reward/finish')).success).toBe(true);
    await until(() => messages(observer, 'plan').length > FRAMES, 'the plan of the whole episode');

    const encoder = await loadEncoder('pixels16');
    const data = await encoder.encode({ camera: 'front', width: SIZE, height: SIZE, data: pictures });
    const rewards = messages<NamedValues>(observer, 'reward').map(told);
    const all = messages<MultiArray>(observer, 'frame_rewards');
    const plans = messages<MultiArray>(observer, 'plan');
    for (const [place, frames] of [1, 2, 3, 4, 5, 6, 6].entries()) {
      const complete = place === FRAMES;
      const video = { frames, width: encoder.featureSize, data: data.slice(0, frames * encoder.featureSize) };
      expect(all[place]!.data).toEqual([...model.rewards(video)]);
      expect(plans[place]!.data).toEqual([...model.compare(video).plan]);
      expect(plans[place]!.layout.dim[0]!.label).toBe(complete ? 'frames (complete)' : 'frames (partial)');
      expect(rewards[place]).toMatchObject({ complete: complete ? 1 : 0, episode: 1, frames, reference: 0 });
    }
    await reward.stop();
    expect(await reward.ended).toBe(0);
  });

  it('judges the simulator’s episodes from reset to reset', async () => {
    const simulator = Peer.command([
      'ros',
      'sim',
      'franka/cup',
      '--ros-args',
      '-p',
      'image_width:=64',
      '-p',
      'image_height:=48',
    ]);
    await simulator.says('is active');
    // It waits for the graph to be known, meanwhile under a name of its own.
    const refused = Peer.command([
      ...['ros', 'reward', folder, '--picture', '16', '--patience', '10', '--seconds', '60'],
      ...['--ros-args', '-r', '__node:=refused'],
    ]);
    const reward = Peer.command(['ros', 'reward', folder, '--picture', '16', '--ros-args', '-p', 'use_sim_time:=true']);
    await reward.says('is active');
    const observer = await Peer.start('node');
    await observer.ask('subscribe', {
      name: 'reward',
      type: 'rapport_msgs/msg/NamedValues',
      topic: '/reward/reward',
      qos: { depth: 50 },
    });
    await observer.untilMatched('reward');
    const judgement = async (matches: (values: Record<string, number>) => boolean) => {
      const found = () => messages<NamedValues>(observer, 'reward').map(told).find(matches);
      await until(() => found() !== undefined, 'a judgement');
      return found()!;
    };
    await call(observer, '/simulator/reset');
    // One that is seen from its first picture: what comes before is the episode that the reset has ended.
    const { episode } = await judgement(({ frames, complete }) => frames === 1 && complete === 0);
    await judgement((values) => values.episode === episode && values.frames! >= 3);
    await call(observer, '/simulator/reset');
    await judgement((values) => values.episode === episode! + 1);
    const all = messages<NamedValues>(observer, 'reward').map(told);
    const first = all.filter((values) => values.episode === episode);
    // One picture for each, in order, and at the end once more as a whole.
    const frames = first.slice(0, -1).map((values) => values.frames);
    expect(frames).toEqual(frames.map((_, place) => place + 1));
    expect(first.slice(0, -1).every(({ complete }) => complete === 0)).toBe(true);
    expect(first.at(-1)).toEqual({ ...first.at(-2), complete: 1 });
    expect(await refused.ended).toBe(1);
    expect(refused.errors).toContain('/clock is published: this graph runs in simulated time');
  });
});
