import type { ArmModel } from '../robots/arm-model.js';

/** Taken off the velocity limits, as libfranka does, rad/s. */
const VELOCITY_MARGIN = 1e-3;
/** Share of the greatest acceleration that is used to brake before a goal. */
const BRAKING_SHARE = 0.8;

/**
 * The joint motion that controllers follow: it goes to a goal without ever leaving the joints' ranges, velocity limits
 * (which may depend on the position) or acceleration limits.
 */
export class JointReference {
  /** rad, shape [joints]. */
  readonly positions: Float64Array;
  /** rad/s, shape [joints]. */
  readonly velocities: Float64Array;
  /** rad, shape [joints]; inside the ranges. */
  readonly goal: Float64Array;
  readonly #arm: ArmModel;
  readonly #tick: number;
  readonly #approach: number;
  readonly #wanted: Float64Array;

  /**
   * @param tick seconds
   * @param approachTime time constant of the approach to the goal, seconds
   */
  constructor(arm: ArmModel, tick: number, approachTime: number) {
    const count = arm.limits.length;
    this.#arm = arm;
    this.#tick = tick;
    this.#approach = 1 / approachTime;
    this.positions = new Float64Array(count);
    this.velocities = new Float64Array(count);
    this.goal = new Float64Array(count);
    this.#wanted = new Float64Array(count);
  }

  /** Starts at rest at these positions, with them as the goal. */
  reset(positions: ArrayLike<number>): void {
    this.positions.set(positions);
    this.velocities.fill(0);
    this.setGoal(positions);
  }

  /** Takes a new goal, moved into the joints' ranges. */
  setGoal(goal: ArrayLike<number>): void {
    const { limits } = this.#arm;
    for (let joint = 0; joint < limits.length; joint++) {
      const { low, high } = limits[joint]!;
      this.goal[joint] = Math.min(high, Math.max(low, goal[joint]!));
    }
  }

  /**
   * One tick towards the goal. All joints slow down and speed up together, as the slowest must, so that the way there is
   * straight in joint space.
   */
  advance(): void {
    const { positions, velocities, goal } = this;
    const arm = this.#arm;
    const tick = this.#tick;
    const wanted = this.#wanted;
    let share = 1;
    for (let joint = 0; joint < wanted.length; joint++) {
      const { acceleration, velocity } = arm.limits[joint]!;
      const distance = goal[joint]! - positions[joint]!;
      const approach = distance * this.#approach;
      // Slow enough to stop at the goal: v^2 = 2 a d.
      const fastest = Math.min(velocity, Math.sqrt(2 * BRAKING_SHARE * acceleration * Math.abs(distance)));
      wanted[joint] = approach;
      if (Math.abs(approach) * share > fastest) share = fastest / Math.abs(approach);
    }
    let changeShare = 1;
    for (let joint = 0; joint < wanted.length; joint++) {
      const largest = arm.limits[joint]!.acceleration * tick;
      const change = share * wanted[joint]! - velocities[joint]!;
      wanted[joint] = change;
      if (Math.abs(change) * changeShare > largest) changeShare = largest / Math.abs(change);
    }
    for (let joint = 0; joint < wanted.length; joint++) {
      velocities[joint] = this.#allowed(joint, velocities[joint]! + changeShare * wanted[joint]!);
      positions[joint]! += tick * velocities[joint]!;
    }
  }

  /** A velocity inside the limits at the joint's position, with which it can stop before the end of its range. */
  #allowed(joint: number, velocity: number): number {
    const { low, high, acceleration } = this.#arm.limits[joint]!;
    const position = this.positions[joint]!;
    const [lowest, highest] = this.#arm.velocityRange(joint, position);
    const stopBelow = Math.sqrt(2 * acceleration * Math.max(0, high - position));
    const stopAbove = Math.sqrt(2 * acceleration * Math.max(0, position - low));
    const most = Math.min(highest - VELOCITY_MARGIN, stopBelow);
    const least = Math.max(lowest + VELOCITY_MARGIN, -stopAbove);
    return Math.min(most, Math.max(least, velocity));
  }
}
