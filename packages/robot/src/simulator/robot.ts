import { InputError } from '@rapport/core';
import type { ArmCell, Fault, Quaternion } from '@rapport/sim';
import { type JointTrajectory, robotModes } from '../graph/messages.js';
import { type ArmName, hardwareLimits } from '../safety/hardware-limits.js';
import { CartesianController } from './cartesian-controller.js';
import { Gripper } from './gripper.js';
import { JointTrajectoryController, type Tolerances, type TrajectoryEnd } from './joint-trajectory-controller.js';
import { PointToPoint, type PointToPointEnd, type PointToPointTarget } from './point-to-point.js';

/** Controllers of the arm, of which one is active. */
export const armControllers = ['joint_trajectory', 'cartesian_impedance'] as const;
export type ArmControllerName = (typeof armControllers)[number];

/**
 * A simulated Franka with its controllers. After a fault, which the robot calls a reflex, it takes no commands until the
 * error has been recovered from or the scene is reset; meanwhile it is held where it was.
 */
export class SimulatedRobot {
  readonly cell: ArmCell;
  readonly gripper: Gripper;
  readonly trajectory: JointTrajectoryController;
  readonly pointToPoint: PointToPoint;
  /** Joint torques of the last tick, as commanded, without gravity, N m, shape [joints]. */
  readonly torques: Float64Array;
  readonly #cartesian: CartesianController;
  readonly #onFault: (fault: Fault) => void;
  #controller: ArmControllerName = 'joint_trajectory';
  #fault: Fault | undefined;
  #lastFault: Fault | undefined;
  #stiffness: Float64Array;

  /** @param onFault told when the arm stops by itself */
  constructor(cell: ArmCell, joints: readonly string[], onFault: (fault: Fault) => void) {
    this.cell = cell;
    this.gripper = new Gripper(cell);
    this.trajectory = new JointTrajectoryController(joints);
    const limits = hardwareLimits[cell.arm.name as ArmName];
    this.pointToPoint = new PointToPoint(limits, joints, this.trajectory.setpoint, cell.timestep);
    this.torques = new Float64Array(joints.length);
    this.#cartesian = new CartesianController(cell.arm);
    this.#onFault = onFault;
    this.#stiffness = Float64Array.from(cell.arm.gains.stiff.stiffness);
    this.#hold('the simulation starts');
  }

  get controller(): ArmControllerName {
    return this.#controller;
  }

  /** franka_msgs' `robot_mode`. */
  get mode(): number {
    if (this.#fault !== undefined) return robotModes.reflex;
    const moving = this.trajectory.moving || this.pointToPoint.moving;
    return moving || this.#controller === 'cartesian_impedance' ? robotModes.move : robotModes.idle;
  }

  /** Whether a trajectory would be followed now. */
  get takesTrajectories(): boolean {
    return this.#fault === undefined && this.#controller === 'joint_trajectory' && !this.pointToPoint.moving;
  }

  /** Why the arm stopped, while it has not been recovered. */
  get fault(): Fault | undefined {
    return this.#fault;
  }

  /** Why the arm stopped last. */
  get lastFault(): Fault | undefined {
    return this.#lastFault;
  }

  /** Makes another controller the active one; the arm is held where it is. */
  switchController(name: ArmControllerName): void {
    if (name === this.#controller) return;
    this.#controller = name;
    this.#hold('another controller is active');
  }

  /** @throws InputError when the arm takes no trajectories now; TrajectoryError when this one cannot be followed */
  follow(trajectory: JointTrajectory, now: bigint): void {
    this.#requireTrajectories();
    this.trajectory.follow(trajectory, now);
  }

  /** Follows a trajectory of an action. @throws InputError when the arm takes no trajectories now */
  followGoal(
    trajectory: JointTrajectory,
    tolerances: Tolerances,
    now: bigint,
    onEnd: (end: TrajectoryEnd) => void,
  ): void {
    this.#requireTrajectories();
    this.trajectory.followGoal(trajectory, tolerances, now, onEnd);
  }

  cancelTrajectory(): void {
    this.trajectory.cancel(this.cell.drive.positions);
  }

  /**
   * Moves the joints to a configuration, see `PointToPoint`.
   * @throws InputError when the arm makes no such motion now, or the target is out of range
   */
  moveTo(target: PointToPointTarget, onEnd: (end: PointToPointEnd) => void): void {
    this.#require('joint_trajectory');
    if (this.trajectory.moving) {
      throw new InputError('the arm follows a trajectory; point-to-point motions are made from rest only');
    }
    this.pointToPoint.start(target, onEnd);
  }

  /**
   * @param position of the tool centre point in the frame of the base, metres
   * @throws InputError when the arm takes no poses now, or a number is not finite
   */
  setTargetPose(position: readonly [number, number, number], [w, x, y, z]: Quaternion): void {
    this.#require('cartesian_impedance');
    const length = Math.hypot(w, x, y, z);
    if (![...position, length].every(Number.isFinite) || length < 0.5) {
      throw new InputError('the target pose is no pose; expected finite numbers and a quaternion of length 1');
    }
    this.#cartesian.setTarget(position, [w / length, x / length, y / length, z / length]);
  }

  /** Stiffness of the joints, N m/rad, shape [joints]. @throws InputError while the arm moves */
  setJointStiffness(stiffness: ArrayLike<number>): void {
    this.#requireStanding();
    const values = Float64Array.from(stiffness);
    // The greatest of the robot's internal controller, libfranka `robot.h`.
    if (!values.every((value) => value >= 0 && value <= 14250)) {
      throw new InputError('joint stiffness is out of range; expected 0 to 14250 N m/rad');
    }
    this.#stiffness = values;
  }

  /**
   * Stiffness of the Cartesian impedance controller, along and about the axes of the base, N/m and N m/rad, shape [6].
   * @throws InputError while the arm moves
   */
  setCartesianStiffness(stiffness: ArrayLike<number>): void {
    this.#requireStanding();
    const values = Float64Array.from(stiffness);
    // The ranges of the robot's internal controller, libfranka `robot.h`.
    const fits = values.every((value, row) => (row < 3 ? value >= 10 && value <= 3000 : value >= 1 && value <= 300));
    if (!fits) {
      throw new InputError('Cartesian stiffness is out of range; expected 10 to 3000 N/m and 1 to 300 N m/rad');
    }
    this.#cartesian.setStiffness(values);
  }

  /** When contacts become faults. @throws InputError while the arm moves */
  setCollisionThresholds(jointTorques: ArrayLike<number>, forces: ArrayLike<number>): void {
    this.#requireStanding();
    this.cell.setThresholds({
      jointTorques: Array.from(jointTorques),
      force: Math.min(forces[0]!, forces[1]!, forces[2]!),
      moment: Math.min(forces[3]!, forces[4]!, forces[5]!),
    });
  }

  /** Ends a reflex; the arm is held where it is. @throws InputError when only a reset helps */
  recover(): void {
    this.cell.recover();
    this.#fault = undefined;
    this.#hold('the arm was recovered from a reflex');
  }

  /** The start of an episode. */
  reset(seed: number): void {
    this.gripper.stop();
    this.cell.reset(seed);
    this.#fault = undefined;
    this.#hold('the scene was reset');
  }

  /** One tick. @param now nanoseconds */
  tick(now: bigint): void {
    const { drive } = this.cell;
    const { positions, velocities } = drive;
    if (this.#controller === 'cartesian_impedance' && this.#fault === undefined) {
      this.#cartesian.update(positions, velocities);
      this.torques.set(this.#cartesian.torques);
    } else {
      if (this.#fault === undefined) {
        this.trajectory.update(now, positions, velocities);
        this.pointToPoint.update();
      }
      this.#trackJoints(positions, velocities);
    }
    this.cell.tick(this.torques);
    this.gripper.update();
    const { fault } = this.cell;
    if (fault !== undefined && this.#fault === undefined) this.#stop(fault);
  }

  /** tau = K (q_d - q) + D (dq_d - dq), the effort controller of franka_ros2's MoveIt configuration. */
  #trackJoints(positions: Float64Array, velocities: Float64Array): void {
    const { damping } = this.cell.arm.gains.stiff;
    const { setpoint } = this.trajectory;
    for (let joint = 0; joint < positions.length; joint++) {
      this.torques[joint] =
        this.#stiffness[joint]! * (setpoint.positions[joint]! - positions[joint]!) +
        damping[joint]! * (setpoint.velocities[joint]! - velocities[joint]!);
    }
  }

  #stop(fault: Fault): void {
    this.#fault = fault;
    this.#lastFault = fault;
    this.#hold(`the arm stopped by itself: ${fault}`);
    this.#onFault(fault);
  }

  #hold(reason: string): void {
    const { positions } = this.cell.drive;
    this.trajectory.hold(positions, reason);
    this.pointToPoint.abandon(reason);
    this.#cartesian.hold(positions);
  }

  #requireTrajectories(): void {
    this.#require('joint_trajectory');
    if (this.pointToPoint.moving) {
      throw new InputError('the arm moves point to point; trajectories are taken when it rests');
    }
  }

  #require(controller: ArmControllerName): void {
    if (this.#fault !== undefined) {
      throw new InputError(`the arm stopped by itself (${this.#fault}) and takes no commands`, {
        fix: 'send a goal to action_server/error_recovery, or reset the scene',
      });
    }
    if (this.#controller !== controller) {
      throw new InputError(`the active controller is ${this.#controller}; expected ${controller}`, {
        fix: `set the parameter controller to ${controller}`,
      });
    }
  }

  #requireStanding(): void {
    if (this.mode === robotModes.move)
      throw new InputError('the arm moves; this can only be set while it stands still');
  }
}
