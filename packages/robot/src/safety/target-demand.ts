import type { Clamp } from './events.js';
import type { JointGuard } from './joint-guard.js';

const rates = ['joint_velocity', 'joint_acceleration', 'joint_jerk'] as const;

/** Says which rates a stream of targets asks of the joints beyond their limits, from the targets' differences. */
export class TargetDemand {
  readonly #joints: readonly JointGuard[];
  readonly #period: number;
  readonly #onClamp: (clamp: Clamp) => void;
  /** Target of the period before, and its first and second differences by time, shape [7]. */
  readonly #before = [new Float64Array(7), new Float64Array(7), new Float64Array(7)] as const;
  #known = 0;

  constructor(joints: readonly JointGuard[], period: number, onClamp: (clamp: Clamp) => void) {
    this.#joints = joints;
    this.#period = period;
    this.#onClamp = onClamp;
  }

  /** The next target does not follow on from the last. */
  forget(): void {
    this.#known = 0;
  }

  /** Takes the next target; of every joint the lowest rate that is beyond its limit is reported. */
  look(positions: ArrayLike<number>): void {
    for (let joint = 0; joint < this.#joints.length; joint++) this.#lookAt(joint, positions[joint]!);
    this.#known = Math.min(rates.length, this.#known + 1);
  }

  #lookAt(joint: number, position: number): void {
    const guard = this.#joints[joint]!;
    const velocityRange = guard.velocityRange(position);
    let value = position;
    let reported = false;
    for (let order = 0; order < rates.length; order++) {
      const before = this.#before[order]![joint]!;
      this.#before[order]![joint] = value;
      if (order >= this.#known) return;
      value = (value - before) / this.#period;
      const [low, high] = order === 0 ? velocityRange : bounds(order === 1 ? guard.acceleration : guard.jerk);
      if (reported || (value >= low && value <= high)) continue;
      reported = true;
      const allowed = value < low ? low : high;
      this.#onClamp({ limit: rates[order]!, where: `joint ${joint + 1}`, value, allowed });
    }
  }
}

function bounds(limit: number): readonly [number, number] {
  return [-limit, limit];
}
