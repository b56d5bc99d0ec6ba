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
  /** The arm's limits; they are read in every physics step. */
  readonly #low: Float64Array;
  readonly #high: Float64Array;
  readonly #speed: Float64Array;
  readonly #acceleration: Float64Array;

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
    this.#low = Float64Array.from(arm.limits, ({ low }) => low);
    this.#high = Float64Array.from(arm.limits, ({ high }) => high);
    this.#speed = Float64Array.from(arm.limits, ({ velocity }) => velocity);
    this.#acceleration = Float64Array.from(arm.limits, ({ acceleration }) => acceleration);
  }

  /** Starts at rest at these positions, with them as the goal. */
  reset(positions: ArrayLike<number>): void {
    this.positions.set(positions);
    this.velocities.fill(0);
    this.setGoal(positions);
  }

  /** Takes a new goal, moved into the joints' ranges. */
  setGoal(goal: ArrayLike<number>): void {
    for (let joint = 0; joint < this.goal.length; joint++) {
      this.goal[joint] = Math.min(this.#high[joint]!, Math.max(this.#low[joint]!, goal[joint]!));
    }
  }

  /**
   * One tick towards the goal. All joints slow down and speed up together, as the slowest must, so that the way there is
   * straight in joint space.
   */
  advance(): void {
    const { positions, velocities, goal } = this;
    const speed = this.#speed;
    const acceleration = this.#acceleration;
    const rate = this.#approach;
    const tick = this.#tick;
    const wanted = this.#wanted;
    const count = wanted.length;
    let share = 1;
    for (let joint = 0; joint < count; joint++) {
      const distance = goal[joint]! - positions[joint]!;
      const approach = distance * rate;
      // Slow enough to stop at the goal: v^2 = 2 a d.
      const braking = Math.sqrt(2 * BRAKING_SHARE * acceleration[joint]! * Math.abs(distance));
      const fastest = Math.min(speed[joint]!, braking);
      wanted[joint] = approach;
      if (Math.abs(approach) * share > fastest) share = fastest / Math.abs(approach);
    }
    let changeShare = 1;
    for (let joint = 0; joint < count; joint++) {
      const largest = acceleration[joint]! * tick;
      const change = share * wanted[joint]! - velocities[joint]!;
      wanted[joint] = change;
      if (Math.abs(change) * changeShare > largest) changeShare = largest / Math.abs(change);
    }
    for (let joint = 0; joint < count; joint++) {
      velocities[joint] = this.#allowed(joint, velocities[joint]! + changeShare * wanted[joint]!);
      positions[joint]! += tick * velocities[joint]!;
    }
  }

  /** A velocity inside the limits at the joint's position, with which it can stop before the end of its range. */
  #allowed(joint: number, velocity: number): number {
    const position = this.positions[joint]!;
    const range = this.#arm.velocityRange(joint, position);
    const twice = 2 * this.#acceleration[joint]!;
    const stopBelow = Math.sqrt(twice * Math.max(0, this.#high[joint]! - position));
    const stopAbove = Math.sqrt(twice * Math.max(0, position - this.#low[joint]!));
    const most = Math.min(range[1] - VELOCITY_MARGIN, stopBelow);
    const least = Math.max(range[0] + VELOCITY_MARGIN, -stopAbove);
    return Math.min(most, Math.max(least, velocity));
  }
}
