import type { ArmModel } from '../robots/arm-model.js';
import { axisAngle, rotate } from '../spatial/rotation.js';
import { type CollisionThresholds, defaultThresholds, type Fault } from './faults.js';
import { DampedSolver } from './inverse-kinematics.js';
import { Kinematics } from './kinematics.js';
import type { BasePose, Workspace } from './motion-target.js';

/** Share of the Cartesian speed limits at which they count as broken. */
const SPEED_TOLERANCE = 1.15;
/** How far the tool may leave the workspace, metres. */
const WORKSPACE_TOLERANCE = 0.05;
/** Near a singularity torques say little about forces along the lost direction: damping of their estimate. */
const WRENCH_DAMPING = 0.1;

/** Watches the tool centre point: its place, its speed, and the force on it as the joints' external torques tell it. */
export class ToolMonitor {
  readonly #arm: ArmModel;
  readonly #base: BasePose;
  readonly #workspace: Workspace | undefined;
  #thresholds: CollisionThresholds;
  readonly #kinematics: Kinematics;
  readonly #solver: DampedSolver;
  readonly #spatial = new Float64Array(6);
  /** Force (N) and moment (N m) of the surroundings on the tool, in the frame of the base, as last checked; shape [6]. */
  readonly wrench = new Float64Array(6);

  constructor(
    arm: ArmModel,
    base: BasePose,
    workspace: Workspace | undefined,
    thresholds: CollisionThresholds = defaultThresholds,
  ) {
    this.#arm = arm;
    this.#base = base;
    this.#workspace = workspace;
    this.#thresholds = thresholds;
    this.#kinematics = new Kinematics(arm);
    this.#solver = new DampedSolver(arm.links.length);
  }

  /** When forces become faults from now on. */
  setThresholds(thresholds: CollisionThresholds): void {
    this.#thresholds = thresholds;
  }

  /**
   * @param positions of the joints, rad
   * @param velocities rad/s
   * @param externalTorques on the joints, N m
   */
  check(positions: Float64Array, velocities: Float64Array, externalTorques: Float64Array): Fault | undefined {
    this.#kinematics.update(positions);
    const { translation, rotation } = this.#arm.cartesianSpeed;
    const twist = this.#timesJacobian(velocities);
    if (
      Math.hypot(twist[0]!, twist[1]!, twist[2]!) > SPEED_TOLERANCE * translation ||
      Math.hypot(twist[3]!, twist[4]!, twist[5]!) > SPEED_TOLERANCE * rotation
    ) {
      return 'cartesian_velocity_violation';
    }
    if (this.#outsideWorkspace()) return 'cartesian_position_limits_violation';

    // F = (J^T)^+ tau = (J J^T)^-1 J tau, damped.
    this.#solver.factor(this.#kinematics.jacobian, WRENCH_DAMPING);
    this.wrench.set(this.#solver.solve(this.#timesJacobian(externalTorques)));
    const { wrench } = this;
    const { force, moment } = this.#thresholds;
    if (
      Math.hypot(wrench[0]!, wrench[1]!, wrench[2]!) > force ||
      Math.hypot(wrench[3]!, wrench[4]!, wrench[5]!) > moment
    ) {
      return 'cartesian_reflex';
    }
    return undefined;
  }

  #timesJacobian(vector: Float64Array): Float64Array {
    const { jacobian } = this.#kinematics;
    const count = vector.length;
    for (let row = 0; row < 6; row++) {
      let sum = 0;
      for (let joint = 0; joint < count; joint++) sum += jacobian[row * count + joint]! * vector[joint]!;
      this.#spatial[row] = sum;
    }
    return this.#spatial;
  }

  #outsideWorkspace(): boolean {
    if (this.#workspace === undefined) return false;
    const { min, max } = this.#workspace;
    const { position, yawRad } = this.#base;
    return rotate(axisAngle([0, 0, 1], yawRad), this.#kinematics.position).some((value, axis) => {
      const inWorld = value + position[axis]!;
      return inWorld < min[axis]! - WORKSPACE_TOLERANCE || inWorld > max[axis]! + WORKSPACE_TOLERANCE;
    });
  }
}
