import type { ArmModel } from '../robots/arm-model.js';
import type { Fault } from './faults.js';

/** After more than this many ticks in a row without a command the arm stops (Franka Control Interface documentation). */
const MOST_TICKS_LOST = 20;

/**
 * The way of a torque command to the motors, as Franka's control interface has it: torques change by at most the rate
 * limit per tick (libfranka's limitRate, 1000 N m/s), and when a command is lost the last one is repeated.
 */
export class TorqueInterface {
  /** Torques that the motors got last, N m, without what compensates gravity; shape [joints]. */
  readonly last: Float64Array;
  readonly #largestChange: number;
  readonly #limits: Float64Array;
  #ticksLost = 0;

  /** @param tick seconds */
  constructor(arm: ArmModel, tick: number) {
    this.last = new Float64Array(arm.limits.length);
    this.#limits = Float64Array.from(arm.limits, ({ torque }) => torque);
    this.#largestChange = arm.torqueRate * tick;
  }

  /** Ticks in a row that brought no command. */
  get ticksLost(): number {
    return this.#ticksLost;
  }

  /** Starts afresh from no torque. */
  reset(): void {
    this.last.fill(0);
    this.#ticksLost = 0;
  }

  /** Goes on from saved values. */
  restore(last: ArrayLike<number>, ticksLost: number): void {
    this.last.set(last);
    this.#ticksLost = ticksLost;
  }

  /**
   * One tick: brings `last` up to date.
   * @param command wanted torques, N m, or undefined when none arrived
   */
  tick(command: Float64Array | undefined): Fault | undefined {
    if (command === undefined) {
      this.#ticksLost += 1;
      return this.#ticksLost > MOST_TICKS_LOST ? 'communication_constraints_violation' : undefined;
    }
    this.#ticksLost = 0;
    const { last } = this;
    const step = this.#largestChange;
    for (let joint = 0; joint < last.length; joint++) {
      const limit = this.#limits[joint]!;
      const wanted = Math.min(limit, Math.max(-limit, command[joint]!));
      last[joint] = Math.min(last[joint]! + step, Math.max(last[joint]! - step, wanted));
    }
    return undefined;
  }
}
