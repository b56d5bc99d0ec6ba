import type { Vector3 } from '@rapport/core';
import type { ArmModel } from '../robots/arm-model.js';
import {
  axisAngle,
  conjugate,
  fromRotationVector,
  matrixToQuaternion,
  multiply,
  type Quaternion,
  rotate,
  toRotationVector,
} from '../spatial/rotation.js';
import { InverseKinematics, type ToolPose } from './inverse-kinematics.js';
import { Kinematics } from './kinematics.js';
import type { ControlMode } from './modes.js';

/** Where the arm's base stands in the world. */
export interface BasePose {
  /** Metres. */
  readonly position: Vector3;
  readonly yawRad: number;
}

/** A box in the world that Cartesian targets are moved into, metres. */
export interface Workspace {
  readonly min: Vector3;
  readonly max: Vector3;
}

/**
 * How far a target that is moved by increments may be ahead of the tool, so that pushing against something does not
 * wind it up: metres, rad, and rad of a joint.
 */
const LEASH_METRES = 0.05;
const LEASH_RAD = 0.3;
const LEASH_JOINT_RAD = 0.3;
/** Iterations of inverse kinematics per control step; the step before was solved, so that few are needed. */
const ITERATIONS = 6;
/** A target that inverse kinematics misses by more than this is out of reach, metres. */
const REACHED_METRES = 0.005;

/** Turns actions into joint goals, and keeps the target that increments add to. */
export class MotionTarget {
  /** Joint goals, rad, shape [joints]. */
  readonly joints: Float64Array;
  readonly #mode: ControlMode;
  readonly #base: BasePose;
  readonly #worldFromBase: Quaternion;
  readonly #workspace: Workspace | undefined;
  readonly #inverse: InverseKinematics;
  readonly #kinematics: Kinematics;
  /** Where the tool is sent, in the frame of the base. */
  #position: Vector3 = [0, 0, 0];
  #rotation: Quaternion = [1, 0, 0, 0];

  constructor(arm: ArmModel, mode: ControlMode, base: BasePose, workspace: Workspace | undefined) {
    this.joints = new Float64Array(arm.links.length);
    this.#mode = mode;
    this.#base = base;
    this.#worldFromBase = axisAngle([0, 0, 1], base.yawRad);
    this.#workspace = workspace;
    this.#inverse = new InverseKinematics(arm);
    this.#kinematics = new Kinematics(arm);
  }

  /** Starts where the joints are. */
  reset(joints: ArrayLike<number>): void {
    this.joints.set(joints);
    this.#targetJoints();
  }

  /** Where the tool is sent, in the world. */
  get pose(): ToolPose {
    const [x, y, z] = rotate(this.#worldFromBase, this.#position);
    const [baseX, baseY, baseZ] = this.#base.position;
    return {
      position: [x + baseX, y + baseY, z + baseZ],
      rotation: multiply(this.#worldFromBase, this.#rotation),
    };
  }

  /**
   * Takes an action, inside the bounds of `actionEntries` and without its last entry, and brings `joints` up to date.
   * @param measured where the joints are now, rad
   */
  apply(action: ArrayLike<number>, measured: Float64Array): void {
    const mode = this.#mode;
    switch (mode.kind) {
      case 'joint-position':
      case 'joint-impedance':
        for (let joint = 0; joint < this.joints.length; joint++) this.joints[joint] = action[joint]!;
        this.#targetJoints();
        return;
      case 'joint-delta':
        for (let joint = 0; joint < this.joints.length; joint++) {
          const wanted = this.joints[joint]! + action[joint]!;
          const here = measured[joint]!;
          this.joints[joint] = Math.min(here + LEASH_JOINT_RAD, Math.max(here - LEASH_JOINT_RAD, wanted));
        }
        this.#targetJoints();
        return;
      case 'cartesian-pose': {
        const rotation = fromRotationVector(action[3]!, action[4]!, action[5]!);
        this.#position = this.#baseFromWorld([action[0]!, action[1]!, action[2]!]);
        this.#rotation = multiply(conjugate(this.#worldFromBase), rotation);
        // Such targets may be far away: more iterations, and what is reached is not taken for the target.
        this.#inverse.solve(this.joints, { position: this.#position, rotation: this.#rotation }, 5 * ITERATIONS);
        return;
      }
      case 'cartesian-delta':
        this.#moveBy(action, measured);
        this.#turnBy(fromRotationVector(action[3]!, action[4]!, action[5]!));
        this.#solve();
        return;
      case 'cartesian-delta-position':
        this.#moveBy(action, measured);
        this.#solve();
        return;
    }
  }

  /** Numbers that `save` appends. */
  get stateSize(): number {
    return this.joints.length + 7;
  }

  save(numbers: number[]): void {
    numbers.push(...this.joints, ...this.#position, ...this.#rotation);
  }

  load(numbers: ArrayLike<number>): void {
    const count = this.joints.length;
    for (let joint = 0; joint < count; joint++) this.joints[joint] = numbers[joint]!;
    this.#position = [numbers[count]!, numbers[count + 1]!, numbers[count + 2]!];
    this.#rotation = [numbers[count + 3]!, numbers[count + 4]!, numbers[count + 5]!, numbers[count + 6]!];
  }

  /** Displaces the target by the first three numbers, in the axes of the world. */
  #moveBy(action: ArrayLike<number>, measured: Float64Array): void {
    this.#kinematics.update(measured);
    const step = rotate(conjugate(this.#worldFromBase), [action[0]!, action[1]!, action[2]!]);
    const here = this.#kinematics.position;
    const aheadX = this.#position[0] + step[0] - here[0]!;
    const aheadY = this.#position[1] + step[1] - here[1]!;
    const aheadZ = this.#position[2] + step[2] - here[2]!;
    const scale = Math.min(1, LEASH_METRES / Math.hypot(aheadX, aheadY, aheadZ));
    this.#position = this.#inWorkspace([
      here[0]! + scale * aheadX,
      here[1]! + scale * aheadY,
      here[2]! + scale * aheadZ,
    ]);
  }

  /** Turns the target by a rotation about the axes of the world; `#moveBy` has brought the kinematics up to date. */
  #turnBy(turn: Quaternion): void {
    const here = matrixToQuaternion(this.#kinematics.rotation);
    const baseFromWorld = conjugate(this.#worldFromBase);
    const turnInBase = multiply(multiply(baseFromWorld, turn), this.#worldFromBase);
    const wanted = multiply(turnInBase, this.#rotation);
    const [x, y, z] = toRotationVector(multiply(wanted, conjugate(here)));
    const angle = Math.hypot(x, y, z);
    const scale = angle > LEASH_RAD ? LEASH_RAD / angle : 1;
    const next = multiply(fromRotationVector(scale * x, scale * y, scale * z), here);
    const length = Math.hypot(next[0], next[1], next[2], next[3]);
    this.#rotation = [next[0] / length, next[1] / length, next[2] / length, next[3] / length];
  }

  #solve(): void {
    const target = { position: this.#position, rotation: this.#rotation };
    const { metres } = this.#inverse.solve(this.joints, target, ITERATIONS);
    // Out of reach: the target stays where the arm can follow it.
    if (metres > REACHED_METRES) this.#targetJoints();
  }

  /** Makes the target the pose that the joint goals reach. */
  #targetJoints(): void {
    this.#kinematics.update(this.joints);
    const { position, rotation } = this.#kinematics;
    this.#position = [position[0]!, position[1]!, position[2]!];
    this.#rotation = matrixToQuaternion(rotation);
  }

  #baseFromWorld(point: Vector3): Vector3 {
    const [x, y, z] = this.#base.position;
    return rotate(conjugate(this.#worldFromBase), [point[0] - x, point[1] - y, point[2] - z]);
  }

  #inWorkspace(point: Vector3): Vector3 {
    if (this.#workspace === undefined) return point;
    const { min, max } = this.#workspace;
    const { position } = this.#base;
    const turned = rotate(this.#worldFromBase, point);
    const inside = (axis: 0 | 1 | 2) => Math.min(max[axis], Math.max(min[axis], turned[axis] + position[axis]));
    return this.#baseFromWorld([inside(0), inside(1), inside(2)]);
  }
}
