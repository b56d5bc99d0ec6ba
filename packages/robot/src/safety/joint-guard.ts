import type { ArmModel } from '@rapport/sim';
import type { SafetyLimits } from './limits.js';
import type { StopProfile } from './stop-profile.js';

/** Taken off velocity limits that depend on the position, as libfranka does, rad/s. */
const VELOCITY_MARGIN = 1e-3;

/** Says whether a joint that stops keeps to its limits on the whole way, at every period and from period to period. */
export class JointGuard {
  readonly low: number;
  readonly high: number;
  readonly acceleration: number;
  readonly jerk: number;
  readonly #velocity: number;
  readonly #joint: number;
  readonly #arm: ArmModel;

  constructor(limits: SafetyLimits, arm: ArmModel, joint: number) {
    const { positionMin, positionMax, velocity, acceleration, jerk } = limits.joints;
    this.low = positionMin[joint]!;
    this.high = positionMax[joint]!;
    this.acceleration = acceleration[joint]!;
    this.jerk = jerk[joint]!;
    this.#velocity = velocity[joint]!;
    this.#joint = joint;
    this.#arm = arm;
  }

  /** Bounds of the velocity (rad/s) at a position (rad). */
  velocityRange(position: number): readonly [low: number, high: number] {
    const [low, high] = this.#arm.velocityRange(this.#joint, position);
    return [
      Math.max(-this.#velocity, Math.min(0, low + VELOCITY_MARGIN)),
      Math.min(this.#velocity, Math.max(0, high - VELOCITY_MARGIN)),
    ];
  }

  /**
   * @param position where the joint is now, rad, `period` before the profile begins
   * @param velocity of the joint now, rad/s
   * @param stop from the state that the joint would have a period later
   */
  allows(position: number, velocity: number, stop: StopProfile, period: number): boolean {
    const { steps } = stop;
    let [before, velocityBefore] = [position, velocity];
    let [lowest, highest] = this.velocityRange(before);
    for (let step = 0; step <= steps; step++) {
      stop.sample(step);
      const { position: after, velocity: velocityAfter } = stop;
      if (after < this.low || after > this.high) return false;
      const [low, high] = this.velocityRange(after);
      const mean = (after - before) / period;
      if (Math.max(velocityBefore, mean, velocityAfter) > Math.min(highest, high)) return false;
      if (Math.min(velocityBefore, mean, velocityAfter) < Math.max(lowest, low)) return false;
      before = after;
      velocityBefore = velocityAfter;
      lowest = low;
      highest = high;
    }
    return true;
  }
}
