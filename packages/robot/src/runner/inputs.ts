import { type CameraView, InputError } from '@rapport/core';
import { imagePicture } from '@rapport/data';
import { messageCodec } from '../graph/codec.js';
import {
  type FrankaRobotState,
  type Image,
  type JointState,
  type NamedValues,
  robotModes,
  type Vector,
} from '../graph/messages.js';
import type { RosNode } from '../graph/node.js';
import { type QosProfile, qosProfiles } from '../graph/qos.js';
import { secondsOf } from '../graph/time.js';
import type { ControlLoop } from './control-loop.js';
import type { NeededTopic } from './graph-check.js';

/** Only the newest message counts, and it comes from reliable and best-effort publishers alike. */
const newest: QosProfile = qosProfiles.newest;
/** Messages of the arm are read this often at most, seconds: at 1 kHz reading each would cost a core. */
const LEAST_SPACING = 0.004;
/** Modes in which a Franka does not follow commands. */
const stoppedModes: ReadonlyMap<number, string> = new Map([
  [robotModes.guiding, 'guiding'],
  [robotModes.reflex, 'reflex'],
  [robotModes.userStopped, 'user stopped'],
  [robotModes.automaticErrorRecovery, 'automatic error recovery'],
]);

/** Names on the graph of what the runner listens to. */
export interface InputNames {
  readonly joints: readonly string[];
  readonly gripper: string;
  readonly worldFrame: string;
  /** Names of the task's values, in the policy's order. */
  readonly taskValues: readonly string[];
  readonly cameras: readonly CameraView[];
  readonly watchesRobotState: boolean;
  /** Empty: none. */
  readonly deadManTopic: string;
}

/** Topics of what is listened to, relative to the node's namespace. */
export const inputTopics = {
  joints: 'franka/joint_states',
  gripper: (name: string) => `${name}/joint_states`,
  taskValues: 'task_observation',
  robotState: 'franka_robot_state_broadcaster/robot_state',
  camera: (name: string) => `camera/${name}/color/image_raw`,
} as const;

/** What cannot be done without, for checking that the graph offers it. */
export function neededTopics(names: InputNames): NeededTopic[] {
  const need = (topic: string, type: string, reason: string): NeededTopic => ({ topic, type, reason, qos: newest });
  return [
    need(inputTopics.joints, 'sensor_msgs/msg/JointState', 'it tells where the arm is'),
    need(inputTopics.gripper(names.gripper), 'sensor_msgs/msg/JointState', 'the policy observes the gripper'),
    ...(names.taskValues.length > 0
      ? [
          need(
            inputTopics.taskValues,
            'rapport_msgs/msg/NamedValues',
            `the policy observes ${names.taskValues[0]}, ...`,
          ),
        ]
      : []),
    ...names.cameras.map(({ camera }) =>
      need(inputTopics.camera(camera), 'sensor_msgs/msg/Image', `the policy looks at camera ${camera}`),
    ),
    ...(names.watchesRobotState
      ? [need(inputTopics.robotState, 'franka_msgs/msg/FrankaRobotState', 'it tells of contacts and faults')]
      : []),
    ...(names.deadManTopic === ''
      ? []
      : [need(names.deadManTopic, 'std_msgs/msg/Bool', 'the operator signs there that the arm may move')]),
  ];
}

/**
 * Reads messages, checks them, and hands them to the control loop. A message that cannot be used is told once per kind of
 * problem, by topic, and left aside: the arm is held when no good one follows.
 */
export class RunnerInputs {
  /** What is wrong with the last message of a topic, by topic. */
  readonly problems = new Map<string, string>();
  readonly #node: RosNode;
  readonly #loop: ControlLoop;

  constructor(node: RosNode, loop: ControlLoop, names: InputNames) {
    this.#node = node;
    this.#loop = loop;
    this.#listen<JointState>('sensor_msgs/msg/JointState', inputTopics.joints, LEAST_SPACING, (message) => {
      const order = jointOrder(message, names.joints);
      const pick = (values: Float64Array, what: string) => pickFinite(values, order, message.name, what);
      loop.sensing.offerJoints(
        stampOf(message),
        pick(message.position, 'position'),
        pick(message.velocity, 'velocity'),
      );
    });
    this.#listen<JointState>('sensor_msgs/msg/JointState', inputTopics.gripper(names.gripper), 0, (message) => {
      const { position } = message;
      if (position.length !== 2)
        throw new InputError(`it holds ${position.length} positions; expected those of two fingers`);
      const width = position[0]! + position[1]!;
      if (!Number.isFinite(width)) throw new InputError(`the fingers are at ${position[0]} and ${position[1]}`);
      loop.sensing.offerGripper(stampOf(message), width);
    });
    if (names.taskValues.length > 0) this.#listenToTask(names);
    if (names.watchesRobotState) this.#listenToRobot();
    for (const [index, view] of names.cameras.entries()) {
      this.#listen<Image>('sensor_msgs/msg/Image', inputTopics.camera(view.camera), 0, (message) => {
        loop.sensing.offerPicture(stampOf(message), index, imagePicture(message, view));
      });
    }
    if (names.deadManTopic !== '') {
      this.#listen<{ readonly data: boolean }>('std_msgs/msg/Bool', names.deadManTopic, 0, ({ data }) => {
        loop.offerDeadMan(Number(node.now()) / 1e9, data);
      });
    }
  }

  #listenToTask({ taskValues, worldFrame }: InputNames): void {
    this.#listen<NamedValues>('rapport_msgs/msg/NamedValues', inputTopics.taskValues, 0, (message) => {
      const { names, values, header } = message;
      if (header.frame_id !== worldFrame) {
        throw new InputError(`it is in frame "${header.frame_id}"; expected "${worldFrame}"`);
      }
      const order = taskValues.map((name) => names.indexOf(name));
      const missing = taskValues.find((_, index) => order[index]! < 0);
      if (missing !== undefined) {
        throw new InputError(`it holds no "${missing}", which the policy observes; it holds ${names.join(', ')}`);
      }
      this.#loop.sensing.offerTaskValues(stampOf(message), pickFinite(values, order, names, 'value'));
    });
  }

  #listenToRobot(): void {
    const type = 'franka_msgs/msg/FrankaRobotState';
    this.#listen<FrankaRobotState>(type, inputTopics.robotState, 2 * LEAST_SPACING, (message) => {
      const { force, torque } = message.o_f_ext_hat_k.wrench;
      this.#loop.sensing.offerRobot(stampOf(message), {
        force: length(force),
        moment: length(torque),
        jointTorques: message.tau_ext_hat_filtered.effort.slice(),
        mode: stoppedModes.get(message.robot_mode),
      });
    });
  }

  /**
   * @param spacing seconds of wall time between two messages that are read
   * @param take must copy the arrays that it keeps
   */
  #listen<T extends object>(type: string, topic: string, spacing: number, take: (message: T) => void): void {
    const codec = messageCodec<T>(type);
    let readAt = Number.NEGATIVE_INFINITY;
    const subscription = this.#node.subscribeRaw(type, topic, newest, (bytes) => {
      const now = performance.now() / 1000;
      if (now - readAt < spacing) return;
      readAt = now;
      try {
        take(codec.decode(bytes));
        this.problems.delete(subscription.topic);
      } catch (error) {
        this.#report(subscription.topic, (error as Error).message);
      }
    });
  }

  #report(topic: string, problem: string): void {
    if (this.problems.get(topic) !== problem) this.#node.error(`${topic}: ${problem}`);
    this.problems.set(topic, problem);
  }
}

function stampOf({
  header,
}: {
  readonly header: { readonly stamp: { readonly sec: number; readonly nanosec: number } };
}): number {
  const seconds = secondsOf(header.stamp);
  if (seconds === 0) throw new InputError('its header has no time stamp, so that its age cannot be told');
  return seconds;
}

/** Where each of the arm's joints is in a message. */
function jointOrder({ name }: JointState, joints: readonly string[]): number[] {
  const order = joints.map((joint) => name.indexOf(joint));
  const missing = joints.find((_, index) => order[index]! < 0);
  if (missing === undefined) return order;
  throw new InputError(`it holds no joint ${missing}; it holds ${name.join(', ') || 'none'}`, {
    fix: 'name what the joints begin with: -p joint_prefix:=NAME',
  });
}

function pickFinite(
  values: Float64Array,
  order: readonly number[],
  names: readonly string[],
  what: string,
): Float64Array {
  const picked = new Float64Array(order.length);
  for (const [index, place] of order.entries()) {
    const value = values[place] ?? Number.NaN;
    if (!Number.isFinite(value))
      throw new InputError(`the ${what} of ${names[place]} is ${values[place] ?? 'missing'}`);
    picked[index] = value;
  }
  return picked;
}

function length({ x, y, z }: Vector): number {
  return Math.hypot(x, y, z);
}
