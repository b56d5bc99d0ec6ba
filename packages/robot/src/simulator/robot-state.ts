import { type ArmCell, Kinematics, matrixToQuaternion, type Quaternion } from '@rapport/sim';
import type { FrankaRobotState, JointState, Outgoing, Pose, Vector } from '../graph/messages.js';
import type { RosTime } from '../graph/time.js';
import type { RobotNames } from './names.js';
import type { SimulatedRobot } from './robot.js';

/** External torques from which a joint counts as touched: lower thresholds of franka_ros2's default behaviour, N m. */
const CONTACT_TORQUES = [25, 25, 22, 20, 19, 17, 14];
/** The sign of the elbow changes at this position of joint 4, rad (Franka Control Interface documentation). */
const ELBOW_FLIP = -0.467002423653011;

/** A rigid transform as a message. */
export function toPose(position: ArrayLike<number>, [w, x, y, z]: Quaternion): Pose {
  return { position: toVector(position), orientation: { x, y, z, w } };
}

export function toVector(values: ArrayLike<number>, start = 0): Vector {
  return { x: values[start]!, y: values[start + 1]!, z: values[start + 2]! };
}

/** What is known of the arm at one moment, as the messages of franka_robot_state_broadcaster tell it. */
export class RobotStateView {
  readonly #robot: SimulatedRobot;
  readonly #names: RobotNames;
  readonly #measured: Kinematics;
  readonly #desired: Kinematics;
  readonly #flangeFromTcp: Outgoing<Pose>;
  readonly #twist = new Float64Array(6);

  constructor(robot: SimulatedRobot, names: RobotNames) {
    const { hand } = robot.cell.arm;
    this.#robot = robot;
    this.#names = names;
    this.#measured = new Kinematics(robot.cell.arm);
    this.#desired = new Kinematics(robot.cell.arm);
    const [, , z] = hand.tcp.position;
    this.#flangeFromTcp = toPose([0, 0, z], hand.mount.rotation);
  }

  /** Takes the arm as it is now; the messages below are of this moment. */
  update(): void {
    const { drive } = this.#robot.cell;
    this.#measured.update(drive.positions);
    this.#desired.update(this.#robot.trajectory.setpoint.positions);
    const { jacobian } = this.#desired;
    const { velocities } = this.#robot.trajectory.setpoint;
    for (let row = 0; row < 6; row++) {
      let sum = 0;
      for (let joint = 0; joint < 7; joint++) sum += jacobian[7 * row + joint]! * velocities[joint]!;
      this.#twist[row] = sum;
    }
  }

  measuredJoints(stamp: RosTime): Outgoing<JointState> {
    const { positions, velocities, motorTorques } = this.#robot.cell.drive;
    return this.#joints(stamp, positions, velocities, motorTorques);
  }

  desiredJoints(stamp: RosTime): Outgoing<JointState> {
    const { positions, velocities } = this.#robot.trajectory.setpoint;
    return this.#joints(stamp, positions, velocities, this.#robot.cell.drive.torques.last);
  }

  externalTorques(stamp: RosTime): Outgoing<JointState> {
    return this.#joints(stamp, [], [], this.#robot.cell.drive.externalTorques);
  }

  currentPose(): Pose {
    return toPose(this.#measured.position, matrixToQuaternion(this.#measured.rotation));
  }

  desiredPose(): Pose {
    return toPose(this.#desired.position, matrixToQuaternion(this.#desired.rotation));
  }

  desiredTwist(): { readonly linear: Vector; readonly angular: Vector } {
    return { linear: toVector(this.#twist), angular: toVector(this.#twist, 3) };
  }

  /** The wrench of the surroundings on the tool, in the frame of the base. */
  wrenchInBase(): { readonly force: Vector; readonly torque: Vector } {
    const wrench = this.#robot.cell.externalWrench;
    return { force: toVector(wrench), torque: toVector(wrench, 3) };
  }

  /** The same in the stiffness frame, which is that of the tool. */
  wrenchInTool(): { readonly force: Vector; readonly torque: Vector } {
    const wrench = this.#robot.cell.externalWrench;
    const { rotation } = this.#measured;
    const turned = (start: number): Vector => {
      const along = (column: number) =>
        rotation[column]! * wrench[start]! +
        rotation[3 + column]! * wrench[start + 1]! +
        rotation[6 + column]! * wrench[start + 2]!;
      return { x: along(0), y: along(1), z: along(2) };
    };
    return { force: turned(0), torque: turned(3) };
  }

  /** @param seconds of the robot's own clock */
  robotState(stamp: RosTime, seconds: number): Outgoing<FrankaRobotState> {
    const { drive } = this.#robot.cell;
    const base = { stamp, frame_id: this.#names.base };
    const tool = { stamp, frame_id: this.#names.tcp };
    const flange = { stamp, frame_id: this.#names.link(8) };
    const desired = { header: base, pose: this.desiredPose() };
    const twist = { header: base, twist: this.desiredTwist() };
    const joints = this.measuredJoints(stamp);
    return {
      header: base,
      collision_indicators: {
        is_joint_contact: drive.externalTorques.map((torque, joint) =>
          Number(Math.abs(torque) > CONTACT_TORQUES[joint]!),
        ),
        is_joint_collision: drive.externalTorques.map(() => Number(this.#robot.fault === 'joint_reflex')),
      },
      measured_joint_state: joints,
      desired_joint_state: this.desiredJoints(stamp),
      measured_joint_motor_state: joints,
      ddq_d: this.#robot.trajectory.setpoint.accelerations,
      tau_ext_hat_filtered: this.externalTorques(stamp),
      elbow: { position: [drive.positions[2]!, drive.positions[3]! >= ELBOW_FLIP ? 1 : -1] },
      k_f_ext_hat_k: { header: tool, wrench: this.wrenchInTool() },
      o_f_ext_hat_k: { header: base, wrench: this.wrenchInBase() },
      o_t_ee: { header: base, pose: this.currentPose() },
      o_t_ee_d: desired,
      o_t_ee_c: desired,
      f_t_ee: { header: flange, pose: this.#flangeFromTcp },
      ee_t_k: { header: tool, pose: { orientation: { w: 1 } } },
      o_dp_ee_d: twist,
      o_dp_ee_c: twist,
      time: seconds,
      control_command_success_rate: 1,
      robot_mode: this.#robot.mode,
      current_errors: errors(this.#robot.fault),
      last_motion_errors: errors(this.#robot.lastFault),
    };
  }

  #joints(
    stamp: RosTime,
    position: ArrayLike<number>,
    velocity: ArrayLike<number>,
    effort: ArrayLike<number>,
  ): Outgoing<JointState> {
    return { header: { stamp, frame_id: this.#names.base }, name: this.#names.joints, position, velocity, effort };
  }
}

/** Joint states that merge arm and fingers; the fingers' positions are half the width each. */
export function mergedJoints(cell: ArmCell, names: RobotNames, stamp: RosTime): Outgoing<JointState> {
  const { positions, velocities, motorTorques } = cell.drive;
  const half = cell.state.gripperWidth / 2;
  return {
    header: { stamp },
    name: [...names.joints, ...names.fingers],
    position: [...positions, half, half],
    velocity: [...velocities, 0, 0],
    effort: [...motorTorques, 0, 0],
  };
}

function errors(fault: string | undefined): Record<string, boolean> {
  // A simulation that went wrong has no flag on a robot.
  if (fault === undefined || fault === 'simulation_unsound') return {};
  return { [fault]: true };
}
