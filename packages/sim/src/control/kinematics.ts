import type { ArmModel, Placement } from '../robots/arm-model.js';
import { quaternionToMatrix } from '../spatial/rotation.js';

interface FixedTransform {
  readonly position: readonly [number, number, number];
  /** Row-major, shape [9]. */
  readonly rotation: Float64Array;
}

/**
 * Where the tool centre point is, and how it moves with the joints, in the frame of the arm's base. The arrays are this
 * object's own and are overwritten by the next call.
 */
export class Kinematics {
  /** Position of the tool centre point, metres, shape [3]. */
  readonly position = new Float64Array(3);
  /** baseFromTcp, row-major, shape [9]. */
  readonly rotation = new Float64Array(9);
  /** Geometric Jacobian, row-major, shape [6, joints]: linear velocity (m/s) above angular velocity (rad/s). */
  readonly jacobian: Float64Array;
  readonly #joints: readonly FixedTransform[];
  readonly #beyond: readonly FixedTransform[];
  readonly #origins: Float64Array;
  readonly #axes: Float64Array;
  readonly #scratch = new Float64Array(9);

  constructor(arm: ArmModel) {
    this.#joints = arm.links.map((link) => fixed(link.joint));
    this.#beyond = [fixed(arm.hand.mount), fixed(arm.hand.tcp)];
    this.jacobian = new Float64Array(6 * arm.links.length);
    this.#origins = new Float64Array(3 * arm.links.length);
    this.#axes = new Float64Array(3 * arm.links.length);
  }

  /**
   * Computes `position`, `rotation` and `jacobian`.
   * @param jointPositions rad
   */
  update(jointPositions: ArrayLike<number>): void {
    const { position, rotation, jacobian } = this;
    const origins = this.#origins;
    const axes = this.#axes;
    const count = this.#joints.length;
    position.fill(0);
    rotation.fill(0);
    rotation[0] = rotation[4] = rotation[8] = 1;
    for (let joint = 0; joint < count; joint++) {
      this.#move(this.#joints[joint]!);
      for (let axis = 0; axis < 3; axis++) {
        origins[3 * joint + axis] = position[axis]!;
        axes[3 * joint + axis] = rotation[3 * axis + 2]!;
      }
      turnAboutZ(rotation, jointPositions[joint]!);
    }
    for (const transform of this.#beyond) this.#move(transform);

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
  }

  /** Goes on by a fixed transform: position += rotation * offset, rotation = rotation * turn. */
  #move({ position: offset, rotation: turn }: FixedTransform): void {
    const { position, rotation } = this;
    const product = this.#scratch;
    for (let row = 0; row < 3; row++) {
      const r0 = rotation[3 * row]!;
      const r1 = rotation[3 * row + 1]!;
      const r2 = rotation[3 * row + 2]!;
      position[row]! += r0 * offset[0] + r1 * offset[1] + r2 * offset[2];
      for (let column = 0; column < 3; column++) {
        product[3 * row + column] = r0 * turn[column]! + r1 * turn[3 + column]! + r2 * turn[6 + column]!;
      }
    }
    rotation.set(product);
  }
}

function fixed({ position, rotation }: Placement): FixedTransform {
  const matrix = new Float64Array(9);
  quaternionToMatrix(rotation, matrix);
  return { position, rotation: matrix };
}

/** rotation = rotation * Rz(angle). */
function turnAboutZ(rotation: Float64Array, angleRad: number): void {
  const cosine = Math.cos(angleRad);
  const sine = Math.sin(angleRad);
  for (let row = 0; row < 9; row += 3) {
    const x = rotation[row]!;
    const y = rotation[row + 1]!;
    rotation[row] = cosine * x + sine * y;
    rotation[row + 1] = cosine * y - sine * x;
  }
}
