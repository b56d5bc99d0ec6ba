import type { ArmCell } from '@rapport/sim';
import { matrixToQuaternion } from '@rapport/sim';
import type {
  Clock,
  FrankaRobotState,
  JointState,
  JointTrajectoryControllerState,
  NamedValues,
  PoseStamped,
  TfMessage,
  TwistStamped,
  WrenchStamped,
} from '../graph/messages.js';
import type { RosNode } from '../graph/node.js';
import { type QosProfile, qosProfiles } from '../graph/qos.js';
import { type RosTime, toRosTime } from '../graph/time.js';
import type { Publisher } from '../graph/topics.js';
import { movingTransforms, staticTransforms } from './frames.js';
import type { RobotNames } from './names.js';
import type { SimulatedRobot } from './robot.js';
import { mergedJoints, RobotStateView, toPose } from './robot-state.js';

/** franka_ros2's convenience topics: best effort, the newest. */
const convenience: QosProfile = qosProfiles.newest;
const broadcaster = 'franka_robot_state_broadcaster';

/** Rates of topics, Hz of simulated time. */
export interface StateRates {
  readonly joint_state_rate: number;
  readonly robot_state_rate: number;
  readonly convenience_publish_rate: number;
  readonly merged_joint_state_rate: number;
  readonly gripper_state_rate: number;
  readonly object_rate: number;
  readonly tf_rate: number;
  readonly clock_rate: number;
}

type Action = (stamp: RosTime, now: bigint) => void;

/** Everything that the simulator tells at regular times, but for pictures. */
export class StateTopics {
  readonly #robot: SimulatedRobot;
  readonly #cell: ArmCell;
  readonly #names: RobotNames;
  readonly #view: RobotStateView;
  readonly #node: RosNode;
  readonly #staticTransforms: Publisher<TfMessage>;
  readonly #actions: readonly { readonly rate: keyof StateRates; readonly publish: Action }[];
  #due: readonly { readonly ticks: number; readonly publish: Action }[] = [];

  /** @param gripper where the names of the gripper begin */
  constructor(node: RosNode, robot: SimulatedRobot, names: RobotNames, gripper: string, publishesClock: boolean) {
    this.#node = node;
    this.#robot = robot;
    this.#cell = robot.cell;
    this.#names = names;
    this.#view = new RobotStateView(robot, names);
    this.#staticTransforms = node.publisher('tf2_msgs/msg/TFMessage', '/tf_static', qosProfiles.latched);
    this.#actions = [
      ...(publishesClock ? [{ rate: 'clock_rate' as const, publish: this.#clock() }] : []),
      { rate: 'joint_state_rate', publish: this.#jointStates() },
      { rate: 'joint_state_rate', publish: this.#controllerState() },
      { rate: 'robot_state_rate', publish: this.#robotState() },
      { rate: 'convenience_publish_rate', publish: this.#convenience() },
      { rate: 'merged_joint_state_rate', publish: this.#merged() },
      { rate: 'gripper_state_rate', publish: this.#fingers(gripper) },
      { rate: 'object_rate', publish: this.#objects() },
      { rate: 'tf_rate', publish: this.#transforms() },
    ];
  }

  /** Takes other rates from now on. */
  setRates(rates: StateRates): void {
    const perSecond = 1 / this.#cell.timestep;
    this.#due = this.#actions.map(({ rate, publish }) => ({
      ticks: Math.max(1, Math.round(perSecond / rates[rate])),
      publish,
    }));
  }

  /** What never changes, for those that are there and those that come later. */
  publishStatic(stamp: RosTime): void {
    this.#staticTransforms.publish({ transforms: staticTransforms(this.#cell, this.#names, stamp) });
  }

  /** What is due after a tick. @param tick ticks since the start @param now nanoseconds */
  publish(tick: number, now: bigint): void {
    const due = this.#due.filter(({ ticks }) => tick % ticks === 0);
    if (due.length === 0) return;
    this.#view.update();
    const stamp = toRosTime(now);
    for (const { publish } of due) publish(stamp, now);
  }

  #clock(): Action {
    const clock = this.#node.publisher<Clock>('rosgraph_msgs/msg/Clock', '/clock', qosProfiles.default);
    return (stamp) => clock.publish({ clock: stamp });
  }

  #jointStates(): Action {
    const joints = this.#joints('franka/joint_states', qosProfiles.default);
    return (stamp) => joints.publish(this.#view.measuredJoints(stamp));
  }

  #controllerState(): Action {
    const state = this.#node.publisher<JointTrajectoryControllerState>(
      'control_msgs/msg/JointTrajectoryControllerState',
      `${this.#names.trajectoryController}/controller_state`,
      qosProfiles.systemDefault,
    );
    return (stamp) => {
      if (state.subscriptionCount === 0) return;
      const { positions, velocities, torques } = this.#cell.drive;
      const { setpoint } = this.#robot.trajectory;
      state.publish({
        header: { stamp },
        joint_names: this.#names.joints,
        reference: setpoint,
        feedback: { positions, velocities },
        error: {
          positions: setpoint.positions.map((value, joint) => value - positions[joint]!),
          velocities: setpoint.velocities.map((value, joint) => value - velocities[joint]!),
        },
        output: { effort: torques.last },
        speed_scaling_factor: 1,
      });
    };
  }

  #robotState(): Action {
    const state = this.#node.publisher<FrankaRobotState>(
      'franka_msgs/msg/FrankaRobotState',
      `${broadcaster}/robot_state`,
      qosProfiles.systemDefault,
    );
    return (stamp, now) => {
      if (state.subscriptionCount > 0) state.publish(this.#view.robotState(stamp, Number(now) / 1e9));
    };
  }

  /** The broadcaster's topics for who wants only a part of the state, and CRISP's `current_pose`. */
  #convenience(): Action {
    const view = this.#view;
    const base = (stamp: RosTime) => ({ stamp, frame_id: this.#names.base });
    const poses = (topic: string) =>
      this.#node.publisher<PoseStamped>('geometry_msgs/msg/PoseStamped', topic, convenience);
    const wrenches = (topic: string) =>
      this.#node.publisher<WrenchStamped>('geometry_msgs/msg/WrenchStamped', topic, convenience);
    const currentPose = poses(`${broadcaster}/current_pose`);
    const crispPose = poses('current_pose');
    const desiredPose = poses(`${broadcaster}/last_desired_pose`);
    const twist = this.#node.publisher<TwistStamped>(
      'geometry_msgs/msg/TwistStamped',
      `${broadcaster}/desired_end_effector_twist`,
      convenience,
    );
    const measured = this.#joints(`${broadcaster}/measured_joint_states`, convenience);
    const desired = this.#joints(`${broadcaster}/desired_joint_states`, convenience);
    const external = this.#joints(`${broadcaster}/external_joint_torques`, convenience);
    const wrenchInBase = wrenches(`${broadcaster}/external_wrench_in_base_frame`);
    const wrenchInTool = wrenches(`${broadcaster}/external_wrench_in_stiffness_frame`);
    return (stamp) => {
      const pose = { header: base(stamp), pose: view.currentPose() };
      currentPose.publish(pose);
      crispPose.publish(pose);
      desiredPose.publish({ header: base(stamp), pose: view.desiredPose() });
      twist.publish({ header: base(stamp), twist: view.desiredTwist() });
      measured.publish(view.measuredJoints(stamp));
      desired.publish(view.desiredJoints(stamp));
      external.publish(view.externalTorques(stamp));
      wrenchInBase.publish({ header: base(stamp), wrench: view.wrenchInBase() });
      wrenchInTool.publish({ header: { stamp, frame_id: this.#names.tcp }, wrench: view.wrenchInTool() });
    };
  }

  #merged(): Action {
    const all = this.#joints('joint_states', qosProfiles.default);
    return (stamp) => all.publish(mergedJoints(this.#cell, this.#names, stamp));
  }

  #fingers(gripper: string): Action {
    const fingers = this.#joints(`${gripper}/joint_states`, qosProfiles.systemDefault);
    return (stamp) => {
      const half = this.#cell.state.gripperWidth / 2;
      const position = [half, half];
      fingers.publish({ header: { stamp }, name: this.#names.fingers, position, velocity: [0, 0], effort: [0, 0] });
    };
  }

  #objects(): Action {
    const cell = this.#cell;
    const poses = cell.objects.map((name) => ({
      body: cell.body(name),
      topic: this.#node.publisher<PoseStamped>(
        'geometry_msgs/msg/PoseStamped',
        `objects/${name}/pose`,
        qosProfiles.default,
      ),
    }));
    const names = cell.taskEntries.map(({ name }) => name);
    const values = new Float32Array(names.length);
    const observation = this.#node.publisher<NamedValues>(
      'rapport_msgs/msg/NamedValues',
      'task_observation',
      qosProfiles.default,
    );
    return (stamp) => {
      const header = { stamp, frame_id: this.#names.world };
      for (const { body, topic } of poses) {
        topic.publish({ header, pose: toPose(body.position, matrixToQuaternion(body.rotation)) });
      }
      cell.observeTask(values);
      observation.publish({ header, names, values });
    };
  }

  #transforms(): Action {
    const tf = this.#node.publisher<TfMessage>('tf2_msgs/msg/TFMessage', '/tf', { ...qosProfiles.default, depth: 100 });
    return (stamp) => tf.publish({ transforms: movingTransforms(this.#cell, this.#names, stamp) });
  }

  #joints(topic: string, qos: QosProfile): Publisher<JointState> {
    return this.#node.publisher<JointState>('sensor_msgs/msg/JointState', topic, qos);
  }
}
