import type { ArmModel } from '../robots/arm-model.js';
import { conjugate, matrixToQuaternion, multiply, type Quaternion, toRotationVector } from '../spatial/rotation.js';
import { Kinematics } from './kinematics.js';

/** A pose of the tool centre point in the frame of the arm's base. */
export interface ToolPose {
  /** Metres. */
  readonly position: ArrayLike<number>;
  readonly rotation: Quaternion;
}

/** What is left between the pose found and the pose wanted. */
export interface PoseError {
  readonly metres: number;
  readonly rad: number;
}

/** Distance that a solution keeps from the ends of the joints' ranges, rad. */
const LIMIT_MARGIN = 0.02;
/**
 * Damping of the pseudo-inverse while the error is `DAMPED_FROM` or more: a direction whose gain is below it is followed
 * only in part. Its square falls with the error, so that near the goal neither the goal nor the free motion is disturbed.
 */
const DAMPING = 0.03;
const DAMPED_FROM = 0.02;
const LEAST_DAMPING = 1e-4;
/** Fraction of the way to the rest posture that the free motion goes per iteration. */
const POSTURE_GAIN = 0.05;
/** Errors with which a solution is good enough. */
const SOLVED_METRES = 2e-5;
const SOLVED_RAD = 1e-4;
/** Largest error that one iteration corrects. */
const STEP_METRES = 0.1;
const STEP_RAD = 0.4;

/**
 * Inverse kinematics by damped least squares (Y. Nakamura and H. Hanafusa, "Inverse kinematic solutions with singularity
 * robustness", 1986): dq = J^T (J J^T + lambda^2 I)^-1 e, plus a motion towards a rest posture in the null space of J. A
 * joint that would leave its range stops at its end and drops out of the iteration.
 */
export class InverseKinematics {
  readonly #kinematics: Kinematics;
  readonly #low: Float64Array;
  readonly #high: Float64Array;
  readonly #rest: Float64Array;
  readonly #solver: DampedSolver;
  readonly #error = new Float64Array(6);
  readonly #task = new Float64Array(6);
  readonly #change: Float64Array;
  readonly #pull: Float64Array;
  /** The Jacobian, with zeros where a joint stays at its end. */
  readonly #free: Float64Array;
  readonly #stays: Uint8Array;

  constructor(arm: ArmModel) {
    const count = arm.links.length;
    this.#kinematics = new Kinematics(arm);
    this.#low = Float64Array.from(arm.limits, ({ low }) => low + LIMIT_MARGIN);
    this.#high = Float64Array.from(arm.limits, ({ high }) => high - LIMIT_MARGIN);
    this.#rest = Float64Array.from(arm.home);
    this.#solver = new DampedSolver(count);
    this.#change = new Float64Array(count);
    this.#pull = new Float64Array(count);
    this.#free = new Float64Array(6 * count);
    this.#stays = new Uint8Array(count);
  }

  /**
   * Moves joint positions towards a pose, in place; they stay inside their ranges.
   * @param joints rad, where to start; the nearest solution is found
   */
  solve(joints: Float64Array, target: ToolPose, iterations: number): PoseError {
    let error = this.#measure(joints, target);
    for (let iteration = 0; iteration < iterations; iteration++) {
      if (error.metres < SOLVED_METRES && error.rad < SOLVED_RAD) break;
      this.#iterate(joints);
      error = this.#measure(joints, target);
    }
    return error;
  }

  /** Fills the error, from where the joints put the tool to the target, and returns its size. */
  #measure(joints: Float64Array, { position, rotation }: ToolPose): PoseError {
    const kinematics = this.#kinematics;
    const error = this.#error;
    kinematics.update(joints);
    for (let axis = 0; axis < 3; axis++) error[axis] = position[axis]! - kinematics.position[axis]!;
    const turn = toRotationVector(multiply(rotation, conjugate(matrixToQuaternion(kinematics.rotation))));
    for (let axis = 0; axis < 3; axis++) error[3 + axis] = turn[axis]!;
    return {
      metres: Math.hypot(error[0]!, error[1]!, error[2]!),
      rad: Math.hypot(error[3]!, error[4]!, error[5]!),
    };
  }

  #iterate(joints: Float64Array): void {
    const count = joints.length;
    const error = this.#error;
    const pull = this.#pull;
    const rest = this.#rest;
    const free = this.#free;
    const stays = this.#stays;
    const change = this.#change;
    const low = this.#low;
    const high = this.#high;
    shorten(error, 0, STEP_METRES);
    shorten(error, 3, STEP_RAD);
    const size = Math.hypot(error[0]!, error[1]!, error[2]!, error[3]!, error[4]!, error[5]!);
    const damping = Math.max(LEAST_DAMPING, DAMPING * Math.sqrt(Math.min(1, size / DAMPED_FROM)));
    for (let joint = 0; joint < count; joint++) pull[joint] = POSTURE_GAIN * (rest[joint]! - joints[joint]!);

    free.set(this.#kinematics.jacobian);
    stays.fill(0);
    // Every round either ends or stops at least one more joint.
    for (;;) {
      this.#solver.factor(free, damping);
      this.#fillChange();
      let stopped = false;
      for (let joint = 0; joint < count; joint++) {
        if (stays[joint] === 1) continue;
        const next = joints[joint]! + change[joint]!;
        if (next >= low[joint]! && next <= high[joint]!) continue;
        joints[joint] = Math.min(high[joint]!, Math.max(low[joint]!, next));
        stays[joint] = 1;
        for (let row = 0; row < 6; row++) free[row * count + joint] = 0;
        stopped = true;
      }
      if (!stopped) break;
    }
    for (let joint = 0; joint < count; joint++) if (stays[joint] === 0) joints[joint]! += change[joint]!;
  }

  /** change = J+ (e - J pull) + pull: the task first, the pull in what it leaves free. */
  #fillChange(): void {
    const free = this.#free;
    const error = this.#error;
    const pull = this.#pull;
    const task = this.#task;
    const change = this.#change;
    const count = change.length;
    for (let row = 0; row < 6; row++) {
      let sum = error[row]!;
      for (let joint = 0; joint < count; joint++) sum -= free[row * count + joint]! * pull[joint]!;
      task[row] = sum;
    }
    this.#solver.apply(free, task, change);
    for (let joint = 0; joint < count; joint++) change[joint]! += pull[joint]!;
  }
}

/** Shortens three numbers from `start` on to a length of at most `longest`. */
function shorten(vector: Float64Array, start: number, longest: number): void {
  const length = Math.hypot(vector[start]!, vector[start + 1]!, vector[start + 2]!);
  if (length <= longest) return;
  for (let axis = start; axis < start + 3; axis++) vector[axis]! *= longest / length;
}

/** The damped pseudo-inverse of a 6 x n matrix, by Cholesky's decomposition of J J^T + lambda^2 I. */
export class DampedSolver {
  readonly #count: number;
  readonly #lower = new Float64Array(36);
  readonly #solution = new Float64Array(6);

  constructor(count: number) {
    this.#count = count;
  }

  factor(jacobian: Float64Array, damping: number): void {
    const lower = this.#lower;
    const count = this.#count;
    for (let row = 0; row < 6; row++) {
      for (let column = 0; column <= row; column++) {
        let sum = row === column ? damping * damping : 0;
        for (let joint = 0; joint < count; joint++) {
          sum += jacobian[row * count + joint]! * jacobian[column * count + joint]!;
        }
        for (let inner = 0; inner < column; inner++) sum -= lower[6 * row + inner]! * lower[6 * column + inner]!;
        lower[6 * row + column] = row === column ? Math.sqrt(sum) : sum / lower[6 * column + column]!;
      }
    }
  }

  /** out = J^T (J J^T + lambda^2 I)^-1 task. */
  apply(jacobian: Float64Array, task: Float64Array, out: Float64Array): void {
    const x = this.solve(task);
    const count = this.#count;
    for (let joint = 0; joint < count; joint++) {
      let sum = 0;
      for (let row = 0; row < 6; row++) sum += jacobian[row * count + joint]! * x[row]!;
      out[joint] = sum;
    }
  }

  /** (J J^T + lambda^2 I)^-1 task; borrowed. */
  solve(task: Float64Array): Float64Array {
    const lower = this.#lower;
    const x = this.#solution;
    for (let row = 0; row < 6; row++) {
      let sum = task[row]!;
      for (let inner = 0; inner < row; inner++) sum -= lower[6 * row + inner]! * x[inner]!;
      x[row] = sum / lower[7 * row]!;
    }
    for (let row = 5; row >= 0; row--) {
      let sum = x[row]!;
      for (let inner = row + 1; inner < 6; inner++) sum -= lower[6 * inner + row]! * x[inner]!;
      x[row] = sum / lower[7 * row]!;
    }
    return x;
  }
}
