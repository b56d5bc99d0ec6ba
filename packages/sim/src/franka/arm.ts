import { InputError } from '@rapport/core';
import { InverseKinematics } from '../control/inverse-kinematics.js';
import { Kinematics } from '../control/kinematics.js';
import type { BasePose } from '../control/motion-target.js';
import type { Physics } from '../mujoco/physics.js';
import type { Frame, Joint, LiveSlice } from '../mujoco/quantities.js';
import type { ArmModel } from '../robots/arm-model.js';
import { armNames } from '../robots/bodies.js';
import { axisAngle, conjugate, matrixToQuaternion, multiply, rotate } from '../spatial/rotation.js';

/** How exactly `placeTcp` must reach its pose. */
const PLACED_METRES = 1e-3;
const PLACED_RAD = 1e-2;

/** The arm's quantities as tasks know them. Arrays are borrowed and change with the next step. */
export class ArmState {
  readonly maxGripperWidth: number;
  readonly #physics: Physics;
  readonly #arm: ArmModel;
  readonly #base: BasePose;
  readonly #positions: LiveSlice;
  readonly #velocities: LiveSlice;
  readonly #tcp: Frame;
  readonly #fingers: readonly [Joint, Joint];
  readonly #tips: readonly [Frame, Frame];

  constructor(physics: Physics, arm: ArmModel, base: BasePose) {
    const count = arm.links.length;
    const first = physics.index('joint', armNames.joint(0));
    this.#physics = physics;
    this.#arm = arm;
    this.#base = base;
    this.#positions = physics.slice('qpos', physics.model.jnt_qposadr[first], count);
    this.#velocities = physics.slice('qvel', physics.model.jnt_dofadr[first], count);
    this.#tcp = physics.site(armNames.tcp);
    this.#fingers = [physics.joint(armNames.fingerJoint('left')), physics.joint(armNames.fingerJoint('right'))];
    this.#tips = [physics.site(armNames.fingertip('left')), physics.site(armNames.fingertip('right'))];
    this.maxGripperWidth = arm.hand.maxWidth;
  }

  /** Joint positions, rad, shape [7]. */
  get jointPositions(): Float64Array {
    return this.#positions.values;
  }

  /** Joint velocities, rad/s, shape [7]. */
  get jointVelocities(): Float64Array {
    return this.#velocities.values;
  }

  /** The tool centre point, between the fingertips, in the world, metres, shape [3]. */
  get tcpPosition(): Float64Array {
    return this.#tcp.position;
  }

  /** worldFromTcp, row-major, shape [9]; with the hand pointing down z is (0, 0, -1); the fingers move along y. */
  get tcpRotation(): Float64Array {
    return this.#tcp.rotation;
  }

  /** Distance between the fingers, metres. */
  get gripperWidth(): number {
    return this.#fingers[0].position + this.#fingers[1].position;
  }

  /** Middle of the finger pads in the world, metres, shape [3]: the left finger's, at +y of the hand, and the right's. */
  get fingertips(): readonly [Float64Array, Float64Array] {
    return [this.#tips[0].position, this.#tips[1].position];
  }

  /** For a task's `start`: puts the joints somewhere, at rest. */
  placeJoints(positions: ArrayLike<number>): void {
    this.#positions.values.set(positions);
    this.#velocities.values.fill(0);
    this.#physics.forward();
  }

  /**
   * For a task's `start`: puts the tool centre point somewhere, at rest, with the hand pointing down.
   * @param position in the world, metres
   * @param yawRad turn of the hand about the world's z axis from its orientation at home
   * @throws InputError when the arm cannot reach it
   */
  placeTcp(position: ArrayLike<number>, yawRad = 0): void {
    const worldFromBase = axisAngle([0, 0, 1], this.#base.yawRad);
    const [x, y, z] = this.#base.position;
    const inBase = rotate(conjugate(worldFromBase), [position[0]! - x, position[1]! - y, position[2]! - z]);
    const joints = Float64Array.from(this.#arm.home);
    const kinematics = new Kinematics(this.#arm);
    kinematics.update(joints);
    const rotation = multiply(axisAngle([0, 0, 1], yawRad), matrixToQuaternion(kinematics.rotation));
    const { metres, rad } = new InverseKinematics(this.#arm).solve(joints, { position: inBase, rotation }, 200);
    if (metres > PLACED_METRES || rad > PLACED_RAD) {
      throw new InputError(
        `the arm ${this.#arm.name} cannot reach (${Array.from(position, (value) => value.toFixed(3)).join(', ')}) with its hand down`,
      );
    }
    this.placeJoints(joints);
  }

  /** For a task's `start`: opens the gripper to a width, metres, at rest. */
  placeGripper(width: number): void {
    for (const finger of this.#fingers) {
      finger.position = width / 2;
      finger.velocity = 0;
    }
    this.#physics.forward();
  }
}
