import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Peer, rosMissing } from './peers.js';

interface GoalReport {
  accepted: boolean;
  status: string;
  result: Record<string, unknown>;
  feedback: Record<string, unknown>[];
}

/** The first answer can be lost: a server may know a client's requests before it knows where answers go. */
const patient = { timeout_s: 3, attempts: 10 };

describe.skipIf(rosMissing !== undefined).each([
  ['node', 'python'],
  ['python', 'node'],
] as const)('calls from %s to %s', (from, to) => {
  let client: Peer;
  let server: Peer;

  beforeAll(async () => {
    [client, server] = await Promise.all([Peer.start(from), Peer.start(to)]);
  });
  afterAll(() => Promise.all([client.stop(), server.stop()]));

  it('brings a request there and the answer back', async () => {
    const type = 'rapport_msgs/srv/SetSeed';
    await server.ask('serve', { type, service: 'seed', response: { success: true, message: 'gesät: ä' } });
    const answer = await client.ask('call', { type, service: 'seed', request: { seed: 123456789012 }, ...patient });
    expect(answer).toEqual({ success: true, message: 'gesät: ä' });
    expect((await server.event(({ event }) => event === 'request')).message).toEqual({ seed: 123456789012 });
  });

  it.each(['succeeded', 'aborted'] as const)('sees a goal through that ends as %s', async (ending) => {
    const type = 'franka_msgs/action/Move';
    const action = `move_${ending}`;
    const result = { success: ending === 'succeeded', error: ending === 'succeeded' ? '' : 'held up' };
    await server.ask('serve_action', { type, action, ending, result, feedback: { current_width: 0.03 } });
    const goal = { width: 0.04, speed: 0.1 };
    const sent = client.ask<GoalReport>('send_goal', { type, action, goal });
    // The server tells how far it is until it has been heard: the first time may be before the client is known to it.
    await client.event((one) => one.event === 'feedback' && one.name === action, 'feedback');
    await server.ask('finish', { action });
    const report = await sent;
    expect(report).toMatchObject({ accepted: true, status: ending, result });
    expect(report.feedback[0]).toEqual({ current_width: 0.03 });
    expect((await server.event((one) => one.event === 'goal' && one.name === action)).message).toEqual(goal);
  });

  it('brings a long goal with nested arrays over, cancels it, and has another one refused', async () => {
    const type = 'control_msgs/action/FollowJointTrajectory';
    const trajectory = {
      joint_names: ['a', 'b'],
      points: [1, 2, 3].map((sec) => ({ positions: [sec, -sec], time_from_start: { sec, nanosec: 5 } })),
    };
    const goal = { trajectory, goal_tolerance: [{ name: 'a', position: 0.1 }] };
    const result = { error_code: -1, error_string: 'cancelled' };
    await server.ask('serve_action', {
      type,
      action: 'follow',
      ending: 'canceled',
      result,
      feedback: { joint_names: ['a'] },
    });
    const report = await client.ask<GoalReport>('send_goal', { type, action: 'follow', goal, cancel_after_s: 0.2 });
    expect(report).toMatchObject({ accepted: true, status: 'canceled', result });
    const received = (await server.event((one) => one.event === 'goal' && one.name === 'follow')).message;
    expect(received).toMatchObject(goal);

    await server.ask('serve_action', { type, action: 'no', ending: 'rejected', result, feedback: {} });
    expect(await client.ask<GoalReport>('send_goal', { type, action: 'no', goal })).toEqual({ accepted: false });
  });
});

describe.skipIf(rosMissing !== undefined)('a client', () => {
  const type = 'std_srvs/srv/Trigger';

  it('says that no node offers a service, and finds one that was killed and started again', async () => {
    const ours = await Peer.start('node');
    // A killed server stays in the graph for a while, and takes requests with it: the client asks again.
    const call = () => ours.ask('call', { type, service: 'again', request: {}, ...patient });
    await expect(ours.ask('call', { type, service: 'none', request: {}, timeout_s: 0.3 })).rejects.toThrow(
      'UnavailableError: no node offers the service /none (std_srvs/srv/Trigger)',
    );
    for (const message of ['first', 'second']) {
      const server = await Peer.start('python');
      await server.ask('serve', { type, service: 'again', response: { success: true, message } });
      expect(await call()).toEqual({ success: true, message });
      server.process.kill('SIGKILL');
      await server.ended;
    }
    await ours.stop();
    expect(await ours.ended).toBe(0);
  });
});
