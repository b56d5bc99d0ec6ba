import type { ArmModel, Placement } from '../robots/arm-model.js';
import { quaternionToMatrix } from '../spatial/rotation.js';

/** Numbers of a fixed transform: position, then rotation matrix, row-major. */
const TRANSFORM = 12;

/**
 * Where the tool centre point is, and how it moves with the joints, in the frame of the arm's base. The arrays are this
 * object's own and are overwritten by the next call.
 */
export class Kinematics {
  /** Position of the tool centre point, metres, shape [3]. */
  readonly position = new Float64Array(3);
  /** baseFromTcp, row-major, shape [9]. */
  readonly rotation = new Float64Array(9);
  readonly #count: number;
  /** Of each joint's frame in the one before, of the hand, and of the tool centre point. */
  readonly #transforms: Float64Array;
  readonly #jacobian: Float64Array;
  readonly #origins: Float64Array;
  readonly #axes: Float64Array;
  #jacobianIsFresh = false;

  constructor(arm: ArmModel) {
    this.#count = arm.links.length;
    const placements = [...arm.links.map(({ joint }) => joint), arm.hand.mount, arm.hand.tcp];
    this.#transforms = new Float64Array(TRANSFORM * placements.length);
    placements.forEach((placement, index) => {
      writeTransform(placement, this.#transforms.subarray(TRANSFORM * index, TRANSFORM * (index + 1)));
    });
    this.#jacobian = new Float64Array(6 * this.#count);
    this.#origins = new Float64Array(3 * this.#count);
    this.#axes = new Float64Array(3 * this.#count);
  }

  /**
   * Computes `position` and `rotation`, and `jacobian` when it is asked for.
   * @param jointPositions rad
   */
  update(jointPositions: ArrayLike<number>): void {
    const transforms = this.#transforms;
    const origins = this.#origins;
    const axes = this.#axes;
    const count = this.#count;
    // The rotation so far, and the position, as plain numbers: this runs several times per control step.
    let [x, y, z] = [0, 0, 0];
    let [r0, r1, r2, r3, r4, r5, r6, r7, r8] = [1, 0, 0, 0, 1, 0, 0, 0, 1];
    for (let at = 0; at < transforms.length; at += TRANSFORM) {
      const ox = transforms[at]!;
      const oy = transforms[at + 1]!;
      const oz = transforms[at + 2]!;
      const t0 = transforms[at + 3]!;
      const t1 = transforms[at + 4]!;
      const t2 = transforms[at + 5]!;
      const t3 = transforms[at + 6]!;
      const t4 = transforms[at + 7]!;
      const t5 = transforms[at + 8]!;
      const t6 = transforms[at + 9]!;
      const t7 = transforms[at + 10]!;
      const t8 = transforms[at + 11]!;
      // position += rotation * offset, rotation = rotation * turn.
      x += r0 * ox + r1 * oy + r2 * oz;
      y += r3 * ox + r4 * oy + r5 * oz;
      z += r6 * ox + r7 * oy + r8 * oz;
      const m0 = r0 * t0 + r1 * t3 + r2 * t6;
      const m1 = r0 * t1 + r1 * t4 + r2 * t7;
      const m3 = r3 * t0 + r4 * t3 + r5 * t6;
      const m4 = r3 * t1 + r4 * t4 + r5 * t7;
      const m6 = r6 * t0 + r7 * t3 + r8 * t6;
      const m7 = r6 * t1 + r7 * t4 + r8 * t7;
      r2 = r0 * t2 + r1 * t5 + r2 * t8;
      r5 = r3 * t2 + r4 * t5 + r5 * t8;
      r8 = r6 * t2 + r7 * t5 + r8 * t8;
      const joint = at / TRANSFORM;
      if (joint < count) {
        origins[3 * joint] = x;
        origins[3 * joint + 1] = y;
        origins[3 * joint + 2] = z;
        axes[3 * joint] = r2;
        axes[3 * joint + 1] = r5;
        axes[3 * joint + 2] = r8;
        // The joint's own turn about z.
        const cosine = Math.cos(jointPositions[joint]!);
        const sine = Math.sin(jointPositions[joint]!);
        r0 = cosine * m0 + sine * m1;
        r1 = cosine * m1 - sine * m0;
        r3 = cosine * m3 + sine * m4;
        r4 = cosine * m4 - sine * m3;
        r6 = cosine * m6 + sine * m7;
        r7 = cosine * m7 - sine * m6;
      } else {
        [r0, r1, r3, r4, r6, r7] = [m0, m1, m3, m4, m6, m7];
      }
    }
    const { position, rotation } = this;
    [position[0], position[1], position[2]] = [x, y, z];
    [rotation[0], rotation[1], rotation[2]] = [r0, r1, r2];
    [rotation[3], rotation[4], rotation[5]] = [r3, r4, r5];
    [rotation[6], rotation[7], rotation[8]] = [r6, r7, r8];
    this.#jacobianIsFresh = false;
  }

  /**
   * Geometric Jacobian where `update` was last, row-major, shape [6, joints]: linear velocity (m/s) above angular velocity
   * (rad/s).
   */
  get jacobian(): Float64Array {
    if (!this.#jacobianIsFresh) this.#fillJacobian();
    return this.#jacobian;
  }

  #fillJacobian(): void {
    const jacobian = this.#jacobian;
    const origins = this.#origins;
    const axes = this.#axes;
    const { position } = this;
    const count = this.#count;
    for (let joint = 0; joint < count; joint++) {
      const zx = axes[3 * joint]!;
      const zy = axes[3 * joint + 1]!;
      const zz = axes[3 * joint + 2]!;
      const dx = position[0]! - origins[3 * joint]!;
      const dy = position[1]! - origins[3 * joint + 1]!;
      const dz = position[2]! - origins[3 * joint + 2]!;
      jacobian[joint] = zy * dz - zz * dy;
      jacobian[count + joint] = zz * dx - zx * dz;
      jacobian[2 * count + joint] = zx * dy - zy * dx;
      jacobian[3 * count + joint] = zx;
      jacobian[4 * count + joint] = zy;
      jacobian[5 * count + joint] = zz;
    }
    this.#jacobianIsFresh = true;
  }
}

function writeTransform({ position, rotation }: Placement, out: Float64Array): void {
  out.set(position);
  quaternionToMatrix(rotation, out.subarray(3));
}
