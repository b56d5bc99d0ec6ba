import {
  type ArmModel,
  conjugate,
  DampedSolver,
  Kinematics,
  matrixToQuaternion,
  multiply,
  type Quaternion,
  toRotationVector,
} from '@rapport/sim';

// Numbers of crisp_controllers' Cartesian controller with crisp_py's default impedance.
/** Stiffness, N/m and N m/rad; damping is 2 sqrt(stiffness). */
const STIFFNESS = { position: 600, rotation: 30, posture: 5 } as const;
/** Largest error that torques are computed for, m and rad. */
const ERROR_CLIP = { position: 0.1, rotation: 0.5 } as const;
/** Part of the way to a new target per tick. */
const TARGET_FILTER = 0.1;
/** Largest torque that draws the joints to their posture, N m. */
const POSTURE_CLIP = 5;
/** Largest change of a torque per tick of 1 ms, N m. */
const TORQUE_STEP = 0.5;
/** Damping of the pseudo-inverse that tells which joint motions do not move the tool. */
const NULL_SPACE_DAMPING = 0.05;

/**
 * A Cartesian impedance controller in the manner of crisp_controllers:
 * tau = J^T (K e - D J dq) + (I - J^T J^+T) (k (q_posture - q) - d dq), with a filtered target, clipped errors and limited
 * changes of torque.
 */
export class CartesianController {
  /** Torques without gravity, N m, shape [joints]; written by `update`. */
  readonly torques: Float64Array;
  readonly #kinematics: Kinematics;
  readonly #solver: DampedSolver;
  readonly #posture: Float64Array;
  readonly #position = new Float64Array(3);
  readonly #target = new Float64Array(3);
  readonly #wrench = new Float64Array(6);
  readonly #pull: Float64Array;
  readonly #stiffness = Float64Array.from({ length: 6 }, (_, row) =>
    row < 3 ? STIFFNESS.position : STIFFNESS.rotation,
  );
  #rotation: Quaternion = [1, 0, 0, 0];
  #targetRotation: Quaternion = [1, 0, 0, 0];

  constructor(arm: ArmModel) {
    const count = arm.links.length;
    this.#kinematics = new Kinematics(arm);
    this.#solver = new DampedSolver(count);
    this.#posture = Float64Array.from(arm.home);
    this.torques = new Float64Array(count);
    this.#pull = new Float64Array(count);
  }

  /** Starts from where the joints are: the tool is to stay there. */
  hold(joints: ArrayLike<number>): void {
    this.#kinematics.update(joints);
    this.#posture.set(joints);
    this.#position.set(this.#kinematics.position);
    this.#target.set(this.#position);
    this.#rotation = matrixToQuaternion(this.#kinematics.rotation);
    this.#targetRotation = this.#rotation;
    this.torques.fill(0);
  }

  /** @param stiffness along and about the axes of the base, N/m and N m/rad, shape [6]; damping follows it */
  setStiffness(stiffness: ArrayLike<number>): void {
    this.#stiffness.set(stiffness);
  }

  /**
   * @param position of the tool centre point in the frame of the base, metres
   * @param rotation (w, x, y, z), of length 1
   */
  setTarget(position: ArrayLike<number>, rotation: Quaternion): void {
    this.#target.set(position);
    this.#targetRotation = rotation;
  }

  /** Brings `torques` up to date, once per tick. */
  update(positions: Float64Array, velocities: Float64Array): void {
    const kinematics = this.#kinematics;
    kinematics.update(positions);
    this.#followTarget();
    this.#computeWrench(velocities);
    const { jacobian } = kinematics;
    const count = positions.length;
    this.#computePosturePull(positions, velocities);
    for (let joint = 0; joint < count; joint++) {
      let torque = this.#pull[joint]!;
      for (let row = 0; row < 6; row++) torque += jacobian[row * count + joint]! * this.#wrench[row]!;
      const last = this.torques[joint]!;
      this.torques[joint] = Math.min(last + TORQUE_STEP, Math.max(last - TORQUE_STEP, torque));
    }
  }

  #followTarget(): void {
    for (let axis = 0; axis < 3; axis++) {
      this.#position[axis]! += TARGET_FILTER * (this.#target[axis]! - this.#position[axis]!);
    }
    // The shorter way round: q and -q are the same rotation.
    const sign = this.#rotation.reduce((sum, value, part) => sum + value * this.#targetRotation[part]!, 0) < 0 ? -1 : 1;
    const mixed = this.#rotation.map(
      (value, part) => value + TARGET_FILTER * (sign * this.#targetRotation[part]! - value),
    );
    const length = Math.hypot(...mixed);
    this.#rotation = [mixed[0]! / length, mixed[1]! / length, mixed[2]! / length, mixed[3]! / length];
  }

  /** Force and moment on the tool, in the frame of the base. */
  #computeWrench(velocities: Float64Array): void {
    const { position, rotation, jacobian } = this.#kinematics;
    const turn = toRotationVector(multiply(this.#rotation, conjugate(matrixToQuaternion(rotation))));
    const count = velocities.length;
    for (let row = 0; row < 6; row++) {
      const linear = row < 3;
      const stiffness = this.#stiffness[row]!;
      const clip = linear ? ERROR_CLIP.position : ERROR_CLIP.rotation;
      const error = linear ? this.#position[row]! - position[row]! : turn[row - 3]!;
      let speed = 0;
      for (let joint = 0; joint < count; joint++) speed += jacobian[row * count + joint]! * velocities[joint]!;
      this.#wrench[row] = stiffness * Math.min(clip, Math.max(-clip, error)) - 2 * Math.sqrt(stiffness) * speed;
    }
  }

  /** Draws the joints to their posture, as far as that does not move the tool. */
  #computePosturePull(positions: Float64Array, velocities: Float64Array): void {
    const { jacobian } = this.#kinematics;
    const pull = this.#pull;
    const count = positions.length;
    const damping = 2 * Math.sqrt(STIFFNESS.posture);
    for (let joint = 0; joint < count; joint++) {
      pull[joint] = STIFFNESS.posture * (this.#posture[joint]! - positions[joint]!) - damping * velocities[joint]!;
    }
    this.#solver.factor(jacobian, NULL_SPACE_DAMPING);
    const spatial = new Float64Array(6);
    for (let row = 0; row < 6; row++) {
      for (let joint = 0; joint < count; joint++) spatial[row]! += jacobian[row * count + joint]! * pull[joint]!;
    }
    const weights = this.#solver.solve(spatial);
    for (let joint = 0; joint < count; joint++) {
      let torque = pull[joint]!;
      for (let row = 0; row < 6; row++) torque -= jacobian[row * count + joint]! * weights[row]!;
      pull[joint] = Math.min(POSTURE_CLIP, Math.max(-POSTURE_CLIP, torque));
    }
  }
}
