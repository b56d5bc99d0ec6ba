import { readFileSync } from 'node:fs';
import { LimitChecker, readLimits } from '@rapport/robot';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { liveOptions, Peer, rosMissing, until } from './peers.js';

interface Trajectory {
  header: { stamp: { sec: number; nanosec: number } };
  points: { positions: number[]; velocities: number[] }[];
}
interface JointState {
  position: number[];
  velocity: number[];
}

const policy = ['ros', 'run', 'scripted/by-handle', '--env', 'franka/cup', '--limits', 'panda'];
const simTime = ['--ros-args', '-p', 'use_sim_time:=true'];

describe.skipIf(rosMissing !== undefined)('ros run', liveOptions, () => {
  let simulator: Peer;
  let observer: Peer;
  const runners: Peer[] = [];

  beforeAll(async () => {
    simulator = Peer.command(['ros', 'sim', 'franka/cup']);
    observer = await Peer.start('node');
    await simulator.says('is active');
    await observer.ask('subscribe', {
      name: 'joints',
      type: 'sensor_msgs/msg/JointState',
      topic: '/franka_robot_state_broadcaster/measured_joint_states',
      qos: { reliability: 'best_effort', depth: 1 },
    });
    await observer.untilMatched('joints');
  });
  const call = (type: string, service: string, request: object) =>
    observer.ask('call', { type, service, request, timeout_s: 10, attempts: 5 });
  beforeEach(() => call('std_srvs/srv/Trigger', '/simulator/reset', {}));

  async function run(words: readonly string[] = [...policy, ...simTime]): Promise<Peer> {
    const runner = Peer.command(words);
    runners.push(runner);
    await runner.says('is active');
    return runner;
  }

  const messages = <T>(name: string): T[] =>
    observer.events.filter((one) => one.event === 'message' && one.name === name).map(({ message }) => message);
  const speed = () => Math.max(...(messages<JointState>('joints').at(-1)?.velocity.map(Math.abs) ?? [0]));
  const told = () => `${simulator.errors}${runners.map(({ errors }) => errors).join('')}`;
  const untilMoving = () => until(() => speed() > 0.1, 'the arm to move', told);
  const untilResting = () => until(() => speed() < 0.01, 'the arm to rest', told);

  /** Another rate of what the task observes, as an operator would set it. */
  async function setObjectRate(hz: number): Promise<void> {
    const value = { type: 3, double_value: hz };
    const parameters = [{ name: 'object_rate', value }];
    await call('rcl_interfaces/srv/SetParameters', '/simulator/set_parameters', { parameters });
  }

  it('sends commands within the limits, each with the stop that follows should no other come', async () => {
    const limits = await readLimits('panda');
    await observer.ask('subscribe', {
      name: 'commands',
      type: 'trajectory_msgs/msg/JointTrajectory',
      topic: '/fer_arm_controller/joint_trajectory',
      qos: { depth: 200 },
    });
    const runner = await run();
    await untilMoving();
    await until(() => messages('commands').length > 120, 'commands', told);
    await untilMoving();
    // Killed in mid-motion, the runner cannot say stop any more: the controller has the stop already.
    runner.process.kill('SIGKILL');
    await untilResting();

    const commands = messages<Trajectory>('commands');
    const checker = new LimitChecker(limits, 0.01);
    let sent = 0;
    let before = commands[0]!.points[0]!.positions;
    for (const { points } of commands) {
      const [last, next] = points as [Trajectory['points'][0], Trajectory['points'][0]];
      // A message that this listener missed ends what can be checked.
      if (last.positions.some((value, joint) => value !== before[joint])) break;
      checker.check(next.positions);
      before = next.positions;
      sent += 1;
      expect(points.at(-1)!.velocities).toEqual([0, 0, 0, 0, 0, 0, 0]);
    }
    expect(checker.breaches).toEqual([]);
    expect(sent).toBeGreaterThan(50);
  });

  it('holds the arm while what the policy observes is lost, names the topic, and brings it to rest at Ctrl+C', async () => {
    const runner = await run();
    await untilMoving();
    await setObjectRate(0.1);
    await runner.says('stopped, observation_age (/task_observation)');
    await untilResting();
    await setObjectRate(100);
    await untilMoving();

    // Ctrl+C lets the runner bring the arm to rest before it leaves the graph.
    runner.process.kill('SIGINT');
    expect(await runner.ended).toBe(0);
    expect(runner.errors).toContain('the arm rests after');
    expect(runner.errors).not.toContain('no commands are sent any more');
    await untilResting();
  });

  it('holds the arm and ends with one line when the policy’s process dies', async () => {
    const runner = await run();
    await untilMoving();
    const children = readFileSync(`/proc/${runner.process.pid}/task/${runner.process.pid}/children`, 'utf8');
    for (const child of children.trim().split(' ')) process.kill(Number(child), 'SIGKILL');
    expect(await runner.ended).toBe(1);
    expect(runner.errors).toContain('the process of policy "scripted/by-handle" has ended: SIGKILL');
    await untilResting();
  });

  it('refuses what does not fit, each in one line', async () => {
    const refusals: [why: string, words: readonly string[], line: string][] = [
      ['wall time in simulated time', policy, '/clock is published: this graph runs in simulated time'],
      [
        'a controller that is not there',
        [...policy, ...simTime, '-p', 'controller_name:=other_arm_controller'],
        'no node listens to /other_arm_controller/joint_trajectory',
      ],
      [
        'a topic of another type',
        [...policy, ...simTime, '-r', 'franka/joint_states:=/current_pose'],
        '/current_pose is of type geometry_msgs/msg/PoseStamped; expected sensor_msgs/msg/JointState',
      ],
      [
        'joints of another arm',
        [...policy, ...simTime, '-p', 'joint_prefix:=fr3'],
        '/franka/joint_states: it holds no joint fr3_joint1; it holds fer_joint1',
      ],
      [
        'poses in another frame',
        [...policy, ...simTime, '-p', 'world_frame:=map'],
        '/task_observation: it is in frame "world"; expected "map"',
      ],
    ];
    const runners = refusals.map(([, words]) => {
      const at = words.indexOf('--ros-args');
      const own = at < 0 ? words : words.slice(0, at);
      return Peer.command([...own, '--patience', '8', ...(at < 0 ? [] : words.slice(at))]);
    });
    for (const [place, [why, , line]] of refusals.entries()) {
      const runner = runners[place]!;
      expect(await runner.ended, why).toBe(1);
      expect(runner.errors.split('\n').filter((text) => text.startsWith('rapport: '))).toEqual([
        expect.stringContaining(line),
      ]);
    }
  });
});
