import { beforeAll, describe, expect, it } from 'vitest';
import { liveOptions, Peer, rosMissing, until } from './peers.js';

const ns = '/left';
const joints = [1, 2, 3, 4, 5, 6, 7].map((number) => `fer_joint${number}`);
const controller = `${ns}/fer_arm_controller`;

interface GoalReport {
  accepted: boolean;
  status: string;
  result: { error_code: number; error_string: string; position: number; reached_goal: boolean; success: boolean };
  feedback: unknown[];
}
interface PtpReport {
  status: string;
  result: { target_status: { status: number }; error_message: string };
  feedback: unknown[];
}
interface Joints {
  name: string[];
  position: number[];
}
interface RobotState {
  robot_mode: number;
  current_errors: Record<string, boolean>;
  last_motion_errors: Record<string, boolean>;
}

describe.skipIf(rosMissing !== undefined)('the simulator', liveOptions, () => {
  let simulator: Peer;
  let peer: Peer;
  let count = 0;

  beforeAll(async () => {
    const parameters = ['image_width:=64', 'image_height:=48', 'joint_state_rate:=100.0', 'robot_state_rate:=50.0'];
    simulator = Peer.command([
      ...['ros', 'sim', 'franka/cup', '--ros-args', '-r', `__ns:=${ns}`],
      ...parameters.flatMap((parameter) => ['-p', parameter]),
    ]);
    peer = await Peer.start('python');
    await latest<Joints>('sensor_msgs/msg/JointState', `${ns}/franka/joint_states`);
  });

  /** A message that was sent after this call. */
  async function latest<T>(type: string, topic: string, matches: (message: T) => boolean = () => true): Promise<T> {
    const name = `subscription_${count++}`;
    await peer.ask('subscribe', { name, type, topic, qos: { reliability: 'best_effort', depth: 1 } });
    const message = await peer.message<T>(name, matches);
    await peer.ask('unsubscribe', { name });
    return message;
  }

  const jointPositions = async () =>
    (await latest<Joints>('sensor_msgs/msg/JointState', `${ns}/franka/joint_states`)).position;
  const robotState = (matches?: (state: RobotState) => boolean) =>
    latest<RobotState>('franka_msgs/msg/FrankaRobotState', `${ns}/franka_robot_state_broadcaster/robot_state`, matches);

  const trajectory = (positions: readonly number[], seconds: number, names: readonly string[] = joints) => ({
    joint_names: names,
    points: [{ positions, velocities: positions.map(() => 0), time_from_start: { sec: seconds, nanosec: 0 } }],
  });
  const follow = (goal: object, more: object = {}) =>
    peer.ask<GoalReport>('send_goal', {
      type: 'control_msgs/action/FollowJointTrajectory',
      action: `${controller}/follow_joint_trajectory`,
      goal,
      ...more,
    });
  const moveTo = (positions: readonly number[], velocity: number, more: object = {}) =>
    peer.ask<PtpReport>('send_goal', {
      type: 'franka_msgs/action/PTPMotion',
      action: `${ns}/action_server/ptp_motion`,
      goal: {
        goal_joint_configuration: positions,
        maximum_joint_velocities: joints.map(() => velocity),
        goal_tolerance: 0.01,
      },
      ...more,
    });
  /** On the topic: followed until its end, or until a reset. */
  async function sendTrajectory(message: object): Promise<void> {
    const name = `trajectory_${count++}`;
    const type = 'trajectory_msgs/msg/JointTrajectory';
    await peer.ask('publisher', { name, type, topic: `${controller}/joint_trajectory` });
    await peer.untilMatched(name);
    await peer.ask('publish', { name, message });
  }
  const trigger = (name: string) =>
    peer.ask<{ success: boolean; message: string }>('call', {
      type: 'std_srvs/srv/Trigger',
      service: `${ns}/simulator/${name}`,
      request: {},
      attempts: 5,
    });
  const setParameter = async (name: string, string_value: string) => {
    const { results } = await peer.ask<{ results: { successful: boolean; reason: string }[] }>('call', {
      type: 'rcl_interfaces/srv/SetParameters',
      service: `${ns}/simulator/set_parameters`,
      request: { parameters: [{ name, value: { type: 4, string_value } }] },
      attempts: 5,
    });
    return results[0]!;
  };

  it('offers the topics of a real arm with their types and qualities of service', async () => {
    const topics = await peer.ask<Record<string, string[]>>('topics');
    expect(topics).toMatchObject({
      '/clock': ['rosgraph_msgs/msg/Clock'],
      '/tf': ['tf2_msgs/msg/TFMessage'],
      '/left/joint_states': ['sensor_msgs/msg/JointState'],
      '/left/franka_gripper/joint_states': ['sensor_msgs/msg/JointState'],
      '/left/fer_arm_controller/joint_trajectory': ['trajectory_msgs/msg/JointTrajectory'],
      '/left/fer_arm_controller/controller_state': ['control_msgs/msg/JointTrajectoryControllerState'],
      '/left/franka_robot_state_broadcaster/external_wrench_in_base_frame': ['geometry_msgs/msg/WrenchStamped'],
      '/left/target_pose': ['geometry_msgs/msg/PoseStamped'],
      '/left/objects/cup/pose': ['geometry_msgs/msg/PoseStamped'],
    });
    const quality = async (topic: string) => {
      const [end] = await peer.ask<{ reliability: string; durability: string }[]>('endpoints', { topic });
      return [end!.reliability, end!.durability];
    };
    expect(await quality('/left/franka_robot_state_broadcaster/robot_state')).toEqual(['reliable', 'volatile']);
    expect(await quality('/left/franka_robot_state_broadcaster/current_pose')).toEqual(['best_effort', 'volatile']);
    expect(await quality('/left/camera/front/color/image_raw')).toEqual(['reliable', 'volatile']);
    expect(await quality('/tf_static')).toEqual(['reliable', 'transient_local']);
  });

  it('follows a trajectory of an action to its end', async () => {
    const goal = await jointPositions();
    goal[0]! += 0.2;
    goal[5]! -= 0.1;
    const report = await follow({ trajectory: trajectory(goal, 1) });
    expect(report).toMatchObject({ accepted: true, status: 'succeeded', result: { error_code: 0 } });
    expect(report.feedback.length).toBeGreaterThan(3);
    const reached = await jointPositions();
    for (const [joint, position] of reached.entries()) expect(position).toBeCloseTo(goal[joint]!, 2);
  });

  it('ends an action with the code of what went wrong', async () => {
    const here = await jointPositions();
    const there = here.map((position, joint) => (joint === 0 ? position - 0.3 : position));
    const wrong = await follow({ trajectory: trajectory(there, 1, joints.with(6, 'fr3_joint7')) });
    expect(wrong).toMatchObject({ status: 'aborted', result: { error_code: -2 } });
    expect(wrong.result.error_string).toContain('fr3_joint7');
    const strict = [{ name: joints[0], position: 1e-7 }];
    const strayed = await follow({ trajectory: trajectory(there, 1), path_tolerance: strict });
    expect(strayed).toMatchObject({ status: 'aborted', result: { error_code: -4 } });
    // It has not come to rest so exactly a tenth of a second after it moved.
    const missed = await follow({
      trajectory: trajectory(there, 1),
      goal_tolerance: [{ name: joints[0], position: 1e-12 }],
      goal_time_tolerance: { sec: 0, nanosec: 1e8 },
    });
    expect(missed).toMatchObject({ status: 'aborted', result: { error_code: -5 } });
    const cancelled = await follow({ trajectory: trajectory(there, 20) }, { cancel_after_s: 0.3 });
    expect(cancelled.status).toBe('canceled');
  });

  it('tells where a trajectory leads at a time, or why it cannot', async () => {
    interface Answer {
      success: boolean;
      message: string;
      name: string[];
      position: number[];
      velocity: number[];
    }
    const query = (time: object) =>
      peer.ask<Answer>('call', {
        type: 'control_msgs/srv/QueryTrajectoryState',
        service: `${controller}/query_state`,
        request: { time },
        attempts: 5,
      });
    const idle = await query({ sec: 1, nanosec: 0 });
    expect(idle).toMatchObject({ success: false, message: 'no trajectory is followed', name: joints });
    const here = await jointPositions();
    for (const [joint, position] of idle.position.entries()) expect(position).toBeCloseTo(here[joint]!, 2);

    // Straight on, for 20 s from 5 s after now: halfway it is in the middle, whenever that is asked.
    const { clock } = await latest<{ clock: { sec: number } }>('rosgraph_msgs/msg/Clock', '/clock');
    const there = here.map((position, joint) => (joint === 0 ? position + 0.4 : position));
    const point = (positions: readonly number[], sec: number) => ({ positions, time_from_start: { sec, nanosec: 0 } });
    await sendTrajectory({
      header: { stamp: { sec: clock.sec + 5, nanosec: 0 } },
      joint_names: joints,
      points: [point(here, 0), point(there, 20)],
    });
    let middle = await query({ sec: clock.sec + 15, nanosec: 0 });
    await until(async () => {
      middle = await query({ sec: clock.sec + 15, nanosec: 0 });
      return middle.success;
    }, 'the trajectory to be known');
    expect(middle.position[0]).toBeCloseTo(here[0]! + 0.2, 9);
    expect(middle.velocity[0]).toBeCloseTo(0.02, 9);
    const late = await query({ sec: clock.sec + 60, nanosec: 0 });
    expect(late.success).toBe(false);
    expect(late.message).toContain('the trajectory goes from');
    expect((await trigger('reset')).success).toBe(true);
  });

  it('moves to a configuration, refuses one out of range, and gives way to another goal and to a cancel', async () => {
    const reached = { status: 'succeeded', result: { target_status: { status: 2 }, error_message: '' } };
    const refused = (error_message: string) => ({
      status: 'aborted',
      result: { target_status: { status: 3 }, error_message },
    });
    const here = await jointPositions();
    const there = here.map((position, joint) => (joint === 0 ? position + 0.2 : position));
    const arrived = await moveTo(there, 1);
    expect(arrived).toMatchObject(reached);
    expect(arrived.feedback[0]).toEqual({ target_status: { status: 1 } });
    for (const [joint, position] of (await jointPositions()).entries()) expect(position).toBeCloseTo(there[joint]!, 1);
    const outside = await moveTo(there.with(3, 0.5), 1);
    expect(outside).toMatchObject(refused('the goal of fer_joint4 is 0.5 rad; expected -3.0718 to -0.0698'));
    const tooFast = await moveTo(here, 3);
    expect(tooFast.result.error_message).toContain('the maximum velocity of fer_joint1 is 3 rad/s');

    const slow = moveTo(here, 0.02);
    await robotState(({ robot_mode }) => robot_mode === 2);
    expect((await follow({ trajectory: trajectory(here, 1) })).accepted).toBe(false);
    expect(await moveTo(here, 1)).toMatchObject(reached);
    expect(await slow).toMatchObject(refused('a newer goal took its place'));
    const cancelled = await moveTo(there, 0.02, { cancel_after_s: 0.2 });
    expect(cancelled).toMatchObject({ ...refused('cancelled by the client'), status: 'canceled' });
    await robotState(({ robot_mode }) => robot_mode === 1);
    await sendTrajectory(trajectory(there, 60));
    await robotState(({ robot_mode }) => robot_mode === 2);
    expect((await moveTo(here, 1)).result.error_message).toContain('the arm follows a trajectory');
    expect((await trigger('reset')).success).toBe(true);
  });

  it('follows a trajectory from the topic', async () => {
    const goal = (await jointPositions()).map((position, joint) => (joint === 0 ? position + 0.15 : position));
    await sendTrajectory(trajectory(goal, 1));
    await until(async () => Math.abs((await jointPositions())[0]! - goal[0]!) < 0.01, 'the arm to arrive');
  });

  it('moves the gripper as franka_gripper does, with half widths in and whole widths out', async () => {
    const gripper = (type: string, action: string, goal: object) =>
      peer.ask<GoalReport>('send_goal', { type, action: `${ns}/franka_gripper/${action}`, goal });
    const command = (position: number) =>
      gripper('control_msgs/action/GripperCommand', 'gripper_action', { command: { position, max_effort: 20 } });
    const closed = await gripper('franka_msgs/action/Move', 'move', { width: 0.01, speed: 0.1 });
    expect(closed).toMatchObject({ status: 'succeeded', result: { success: true } });
    const opened = await command(0.02);
    expect(opened).toMatchObject({ status: 'succeeded', result: { reached_goal: true } });
    expect(opened.result.position).toBeCloseTo(0.04, 2);
    expect((await command(0.05)).status).toBe('aborted');
    // Nothing is between the fingers: they close all the way.
    const goal = { width: 0.03, epsilon: { inner: 0.005, outer: 0.005 }, speed: 0.1, force: 20 };
    expect(await gripper('franka_msgs/action/Grasp', 'grasp', goal)).toMatchObject({
      status: 'aborted',
      result: { success: false },
    });
    expect((await gripper('franka_msgs/action/Homing', 'homing', {})).status).toBe('succeeded');
  });

  it('starts the same episode for the same seed, and another one when asked', async () => {
    const observed = async () =>
      (await latest<{ values: number[] }>('rapport_msgs/msg/NamedValues', `${ns}/task_observation`)).values;
    const start = async () => {
      expect((await trigger('reset')).success).toBe(true);
      return observed();
    };
    const seed = { type: 'rapport_msgs/srv/SetSeed', service: `${ns}/simulator/set_seed`, request: { seed: 7 } };
    expect(await peer.ask('call', seed)).toMatchObject({ success: true });
    const first = await start();
    const again = await start();
    for (const [index, value] of again.entries()) expect(value).toBeCloseTo(first[index]!, 3);
    expect((await trigger('randomise')).success).toBe(true);
    const other = await observed();
    expect(Math.abs(other[0]! - first[0]!) + Math.abs(other[1]! - first[1]!)).toBeGreaterThan(1e-3);
  });

  it('stops with a reflex when it hits the table, takes nothing then, and recovers', async () => {
    const down = (await jointPositions()).map((position, joint) => (joint === 1 ? position + 0.6 : position));
    const crash = await follow({ trajectory: trajectory(down, 1) });
    expect(crash.status).toBe('aborted');
    const stopped = await robotState(({ robot_mode }) => robot_mode === 4);
    expect(Object.values(stopped.current_errors).filter(Boolean)).toHaveLength(1);
    expect((await follow({ trajectory: trajectory(down, 1) })).accepted).toBe(false);
    const refused = await moveTo(down, 1);
    expect(refused.status).toBe('aborted');
    expect(refused.result.error_message).toContain('takes no commands');
    const recover = async () => {
      const type = 'franka_msgs/action/ErrorRecovery';
      const action = `${ns}/action_server/error_recovery`;
      expect((await peer.ask<GoalReport>('send_goal', { type, action, goal: {} })).status).toBe('succeeded');
      return robotState(({ robot_mode }) => robot_mode !== 4);
    };
    const after = await recover();
    expect(Object.values(after.current_errors).filter(Boolean)).toEqual([]);
    expect(Object.values(after.last_motion_errors).filter(Boolean)).toHaveLength(1);
    // The tool is at the table still: another motion down ends as the first did.
    const again = await moveTo(down, 1);
    expect(again).toMatchObject({ status: 'aborted', result: { target_status: { status: 3 } } });
    expect(again.result.error_message).toContain('the arm stopped by itself');
    await recover();
  });

  it('follows a target pose with the Cartesian controller, and refuses one in another frame', async () => {
    await trigger('reset');
    expect(await setParameter('controller', 'teleport')).toMatchObject({ successful: false });
    expect(await setParameter('controller', 'cartesian_impedance')).toMatchObject({ successful: true });
    type PoseStamped = { header: object; pose: { position: { x: number; y: number; z: number }; orientation: object } };
    const type = 'geometry_msgs/msg/PoseStamped';
    const pose = () => latest<PoseStamped>(type, `${ns}/franka_robot_state_broadcaster/current_pose`);
    const { position, orientation } = (await pose()).pose;
    const target = { position: { ...position, y: position.y + 0.04, z: position.z + 0.03 }, orientation };
    await peer.ask('publisher', { name: 'target', type, topic: `${ns}/target_pose` });
    await peer.untilMatched('target');
    const send = (frame_id: string) =>
      peer.ask('publish', { name: 'target', message: { header: { frame_id }, pose: target } });
    await send('camera');
    await simulator.says('target_pose is in the frame "camera"');
    await send('base');
    await until(async () => {
      const now = (await pose()).pose.position;
      return Math.abs(now.y - target.position.y) < 0.01 && Math.abs(now.z - target.position.z) < 0.01;
    }, 'the tool to arrive');
    expect(await setParameter('controller', 'joint_trajectory')).toMatchObject({ successful: true });
  });

  it('sends pictures with the stamps and intrinsics of their camera', async () => {
    interface Stamped {
      header: { stamp: { sec: number; nanosec: number }; frame_id: string };
      width: number;
      height: number;
    }
    const color = `${ns}/camera/front/color`;
    // The image is asked for when the intrinsics already come: one that came before them would wait for them in vain.
    const [info, image] = [`info_${count++}`, `image_${count++}`];
    // All of them are kept: those of the picture would be dropped by a peer that gets the processor too seldom.
    const [type, qos] = ['sensor_msgs/msg/CameraInfo', { depth: 10_000 }];
    await peer.ask('subscribe', { name: info, type, topic: `${color}/camera_info`, qos });
    await peer.message(info);
    await peer.ask('subscribe', { name: image, type: 'sensor_msgs/msg/Image', topic: `${color}/image_raw` });
    const picture = await peer.message<Stamped & { data: number[]; encoding: string }>(image);
    expect([picture.width, picture.height, picture.encoding, picture.data.length]).toEqual([
      64,
      48,
      'rgb8',
      64 * 48 * 3,
    ]);
    expect(new Set(picture.data).size).toBeGreaterThan(10);
    const intrinsics = await peer.message<Stamped & { k: number[] }>(info, ({ header }) => {
      return header.stamp.sec === picture.header.stamp.sec && header.stamp.nanosec === picture.header.stamp.nanosec;
    });
    expect(intrinsics.header.frame_id).toBe('front_color_optical_frame');
    expect([intrinsics.k[2], intrinsics.k[5]]).toEqual([31.5, 23.5]);
  });

  it('tells a tree of frames in which the tool is where the state says it is', async () => {
    interface Transforms {
      transforms: {
        header: { frame_id: string };
        child_frame_id: string;
        transform: {
          translation: { x: number; y: number; z: number };
          rotation: { x: number; y: number; z: number; w: number };
        };
      }[];
    }
    // Frames and pose come one after the other: the arm stands still.
    await trigger('reset');
    const type = 'tf2_msgs/msg/TFMessage';
    await peer.ask('subscribe', { name: 'static', type, topic: '/tf_static', qos: { durability: 'transient_local' } });
    const parts = [
      ...(await peer.message<Transforms>('static')).transforms,
      ...(await latest<Transforms>(type, '/tf')).transforms,
    ];
    const found = new Map(parts.map((part) => [part.child_frame_id, part]));
    // From the tool up to the base.
    let frame = 'fer_hand_tcp';
    let point = [0, 0, 0];
    for (let steps = 0; frame !== 'base' && steps < 20; steps++) {
      const { transform, header } = found.get(frame)!;
      const { x, y, z, w } = transform.rotation;
      const [a, b, c] = point as [number, number, number];
      const [u, v, t] = [2 * (y * c - z * b), 2 * (z * a - x * c), 2 * (x * b - y * a)];
      point = [
        a + w * u + y * t - z * v + transform.translation.x,
        b + w * v + z * u - x * t + transform.translation.y,
        c + w * t + x * v - y * u + transform.translation.z,
      ];
      frame = header.frame_id;
    }
    expect(frame).toBe('base');
    const { pose } = await latest<{ pose: { position: { x: number; y: number; z: number } } }>(
      'geometry_msgs/msg/PoseStamped',
      `${ns}/franka_robot_state_broadcaster/current_pose`,
    );
    expect(
      Math.hypot(point[0]! - pose.position.x, point[1]! - pose.position.y, point[2]! - pose.position.z),
    ).toBeLessThan(2e-3);
  });

  it('obeys a lifecycle manager, and survives transitions that it cannot make', async () => {
    const change = (id: number) =>
      peer.ask<{ success: boolean }>('call', {
        type: 'lifecycle_msgs/srv/ChangeState',
        service: `${ns}/simulator/change_state`,
        request: { transition: { id } },
      });
    const [configure, activate, deactivate] = [1, 3, 4];
    expect(await change(configure!)).toEqual({ success: false });
    expect(await change(deactivate!)).toEqual({ success: true });
    expect((await trigger('reset')).message).toContain('not active');
    expect(
      (
        await follow({
          trajectory: trajectory(
            joints.map(() => 0),
            1,
          ),
        })
      ).accepted,
    ).toBe(false);
    expect(await change(activate!)).toEqual({ success: true });
    expect((await trigger('reset')).success).toBe(true);
  });

  it('takes the settings of franka_ros2, or says why it does not', async () => {
    const set = (type: string, name: string, request: object) =>
      peer.ask<{ success: boolean; error: string }>('call', {
        type: `franka_msgs/srv/${type}`,
        service: `${ns}/service_server/${name}`,
        request,
        attempts: 5,
      });
    const done = { success: true, error: '' };
    const identity = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
    const thresholds = {
      upper_torque_thresholds_nominal: joints.map(() => 80),
      upper_force_thresholds_nominal: [90, 90, 90, 60, 60, 60],
    };
    const stiffness = { joint_stiffness: [500, 500, 500, 500, 200, 150, 50] };
    expect(await set('SetJointStiffness', 'set_joint_stiffness', stiffness)).toEqual(done);
    const cartesian = { cartesian_stiffness: [400, 400, 400, 20, 20, 20] };
    expect(await set('SetCartesianStiffness', 'set_cartesian_stiffness', cartesian)).toEqual(done);
    const [force, full] = ['SetForceTorqueCollisionBehavior', 'SetFullCollisionBehavior'];
    expect(await set(force!, 'set_force_torque_collision_behavior', thresholds)).toEqual(done);
    expect(await set(full!, 'set_full_collision_behavior', thresholds)).toEqual(done);
    expect(await set('SetStiffnessFrame', 'set_stiffness_frame', { transformation: identity })).toEqual(done);
    expect(await set('SetTCPFrame', 'set_tcp_frame', { transformation: identity.with(14, 0.1) })).toEqual({
      success: false,
      error: "the transformation is not the identity; expected that: the tool centre point is that of Franka's hand",
    });
    expect(await set('SetLoad', 'set_load', { mass: 0.5 })).toEqual({
      success: false,
      error: 'the mass is 0.5 kg; expected 0: the simulation compensates no load',
    });
  });

  it('tells how it keeps up', async () => {
    const factor = await latest<{ data: number }>('std_msgs/msg/Float64', `${ns}/simulator/real_time_factor`);
    expect(factor.data).toBeGreaterThan(0);
    const diagnostics = await latest<{ status: { name: string; values: { key: string }[] }[] }>(
      'diagnostic_msgs/msg/DiagnosticArray',
      '/diagnostics',
    );
    expect(diagnostics.status.map(({ name }) => name)).toContain(`${ns}/simulator: pace`);
  });

  it('leaves the graph when it is stopped', async () => {
    simulator.process.kill('SIGTERM');
    expect(await simulator.ended).toBe(0);
  });
});

describe.skipIf(rosMissing !== undefined)('ros sim', liveOptions, () => {
  it('refuses what it cannot simulate, each in one line', async () => {
    const refusals: [words: string[], line: string][] = [
      [['franka/cupp'], 'there is no scene "franka/cupp" to simulate; did you mean "franka/cup"?'],
      [['kuka/group'], "the ROS 2 simulator speaks for Franka's arms only"],
      [['franka/cup', '--ros-args', '-p', 'camera_rate:=-3.0'], 'parameter camera_rate'],
    ];
    const commands = refusals.map(([words]) => Peer.command(['ros', 'sim', ...words]));
    for (const [place, [words, line]] of refusals.entries()) {
      expect(await commands[place]!.ended, words.join(' ')).toBe(1);
      expect(commands[place]!.errors).toContain(line);
    }
  });
});
