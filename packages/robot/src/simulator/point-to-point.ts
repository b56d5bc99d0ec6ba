import { InputError } from '@rapport/core';
import type { HardwareLimits } from '../safety/hardware-limits.js';
import { StopProfile } from '../safety/stop-profile.js';
import type { JointSetpoint } from './trajectory.js';

/** Where a motion leads, and how. */
export interface PointToPointTarget {
  /** rad, shape [7]. */
  readonly positions: ArrayLike<number>;
  /** rad/s, shape [7]. */
  readonly maximumVelocities: ArrayLike<number>;
  /** Distance from the target, as the norm over all joints, within which the motion has arrived, rad. */
  readonly tolerance: number;
}

/** How a motion ended. */
export interface PointToPointEnd {
  readonly reached: boolean;
  /** Why not; empty when it has arrived. */
  readonly error: string;
}

interface Goal {
  readonly target: PointToPointTarget;
  readonly onEnd: (end: PointToPointEnd) => void;
}

/** A quintic from rest to rest, of all joints at once. */
interface Passage {
  readonly from: Float64Array;
  readonly to: Float64Array;
  /** Seconds. */
  readonly duration: number;
}

/** Norm of the joint velocities below which a motion may have arrived, rad/s (libfranka 0.21, asynchronous position control). */
const ARRIVAL_SPEED = 0.01;
/** What motions use of the arm's accelerations and jerks; a stop uses all. */
const DYNAMICS_SHARE = 0.5;
/** What motions use of velocity limits that depend on the position. */
const VELOCITY_SHARE = 0.95;
/** Places at which a passage is held against velocity limits that depend on the position. */
const PLACES = 200;
/** How many times longer than the dynamics ask for a passage may take because of such limits. */
const LONGEST = 10;
/** Greatest velocity, acceleration and jerk of the quintic from 0 to 1 in one second. */
const PEAK = { velocity: 15 / 8, acceleration: 10 / Math.sqrt(3), jerk: 60 };

/**
 * Moves the joints to a configuration and keeps to the arm's limits: from rest to rest on one quintic for all joints, as fast
 * as the slowest of them may. A motion that ends early, or gives way to another one, first brings the arm to rest.
 */
export class PointToPoint {
  readonly #limits: HardwareLimits;
  readonly #joints: readonly string[];
  readonly #setpoint: JointSetpoint;
  readonly #period: number;
  readonly #stops: readonly StopProfile[];
  #goal: Goal | undefined;
  #passage: Passage | undefined;
  /** Ticks since the passage, or the stop, began. */
  #ticks = 0;
  #stopping = false;

  /**
   * @param joints names
   * @param setpoint what the joints are asked for; written while a motion goes on
   * @param period seconds from one tick to the next
   */
  constructor(limits: HardwareLimits, joints: readonly string[], setpoint: JointSetpoint, period: number) {
    this.#limits = limits;
    this.#joints = joints;
    this.#setpoint = setpoint;
    this.#period = period;
    this.#stops = joints.map(() => new StopProfile(period));
  }

  /** Whether the joints are asked to move. */
  get moving(): boolean {
    return this.#passage !== undefined || this.#stopping;
  }

  /**
   * Starts a motion; one that goes on ends.
   * @param onEnd told how it ended, unless it is cancelled
   * @throws InputError when the target is out of range; the motion before goes on then
   */
  start(target: PointToPointTarget, onEnd: (end: PointToPointEnd) => void): void {
    this.#check(target);
    this.#end({ reached: false, error: 'a newer goal took its place' });
    this.#goal = { target, onEnd };
    if (this.moving) this.#stop();
    else this.#depart(target);
  }

  /** Brings the arm to rest; the goal ends without being told. */
  cancel(): void {
    this.#goal = undefined;
    if (this.moving) this.#stop();
  }

  /** Leaves the joints to others at once. */
  abandon(reason: string): void {
    this.#passage = undefined;
    this.#stopping = false;
    this.#end({ reached: false, error: reason });
  }

  /** Brings the setpoint one tick on. */
  update(): void {
    this.#ticks += 1;
    if (this.#stopping) this.#followStop();
    else if (this.#passage !== undefined) this.#followPassage(this.#passage);
  }

  #followStop(): void {
    const { positions, velocities, accelerations } = this.#setpoint;
    for (const [joint, stop] of this.#stops.entries()) {
      stop.sample(this.#ticks);
      positions[joint] = stop.position;
      velocities[joint] = stop.velocity;
      accelerations[joint] = stop.acceleration;
    }
    if (this.#stops.some((stop) => this.#ticks < stop.steps)) return;
    this.#stopping = false;
    if (this.#goal !== undefined) this.#depart(this.#goal.target);
  }

  #followPassage({ from, to, duration }: Passage): void {
    const { positions, velocities, accelerations } = this.#setpoint;
    const s = Math.min(1, (this.#ticks * this.#period) / duration);
    const shape = quintic(s);
    for (let joint = 0; joint < positions.length; joint++) {
      const way = to[joint]! - from[joint]!;
      positions[joint] = from[joint]! + way * shape.position;
      velocities[joint] = (way * shape.velocity) / duration;
      accelerations[joint] = (way * shape.acceleration) / duration ** 2;
    }
    if (s >= 1) {
      positions.set(to);
      this.#passage = undefined;
    }
    const { tolerance } = this.#goal?.target ?? { tolerance: 0 };
    const apart = Math.hypot(...positions.map((position, joint) => position - to[joint]!));
    if (apart < tolerance && Math.hypot(...velocities) < ARRIVAL_SPEED) this.#end({ reached: true, error: '' });
  }

  /** Sets off from rest. */
  #depart({ positions, maximumVelocities }: PointToPointTarget): void {
    const from = this.#setpoint.positions.slice();
    const to = Float64Array.from(positions);
    const { arm, jerk } = this.#limits;
    let duration = this.#period;
    for (const [joint, { acceleration }] of arm.limits.entries()) {
      const way = Math.abs(to[joint]! - from[joint]!);
      duration = Math.max(
        duration,
        (PEAK.velocity * way) / maximumVelocities[joint]!,
        Math.sqrt((PEAK.acceleration * way) / (DYNAMICS_SHARE * acceleration)),
        Math.cbrt((PEAK.jerk * way) / (DYNAMICS_SHARE * jerk[joint]!)),
      );
    }
    const longest = LONGEST * duration;
    while (duration < longest && !this.#allows({ from, to, duration })) duration *= 1.1;
    this.#ticks = 0;
    if (duration < longest) this.#passage = { from, to, duration };
    else this.#end({ reached: false, error: 'the goal is too close to where a joint may not move any more' });
  }

  /** Whether every joint keeps to its velocity range on the whole way. */
  #allows({ from, to, duration }: Passage): boolean {
    const { arm } = this.#limits;
    for (let place = 1; place < PLACES; place++) {
      const { position, velocity } = quintic(place / PLACES);
      for (let joint = 0; joint < from.length; joint++) {
        const way = to[joint]! - from[joint]!;
        const [low, high] = arm.velocityRange(joint, from[joint]! + way * position);
        const speed = (way * velocity) / duration;
        if (speed < VELOCITY_SHARE * low || speed > VELOCITY_SHARE * high) return false;
      }
    }
    return true;
  }

  #stop(): void {
    this.#passage = undefined;
    if (this.#stopping) return;
    const { positions, velocities, accelerations } = this.#setpoint;
    const { arm, jerk } = this.#limits;
    for (const [joint, stop] of this.#stops.entries()) {
      const { acceleration } = arm.limits[joint]!;
      stop.plan(positions[joint]!, velocities[joint]!, accelerations[joint]!, acceleration, jerk[joint]!);
    }
    this.#ticks = 0;
    this.#stopping = true;
  }

  #end(end: PointToPointEnd): void {
    const goal = this.#goal;
    this.#goal = undefined;
    goal?.onEnd(end);
  }

  #check({ positions, maximumVelocities, tolerance }: PointToPointTarget): void {
    const count = this.#joints.length;
    if (positions.length !== count) {
      throw new InputError(`goal_joint_configuration has ${positions.length} numbers; expected ${count}`);
    }
    if (maximumVelocities.length !== count) {
      throw new InputError(`maximum_joint_velocities has ${maximumVelocities.length} numbers; expected ${count}`);
    }
    for (const [joint, { low, high, velocity }] of this.#limits.arm.limits.entries()) {
      const name = this.#joints[joint]!;
      const [position, fastest] = [positions[joint]!, maximumVelocities[joint]!];
      if (!(position >= low && position <= high)) {
        throw new InputError(`the goal of ${name} is ${position} rad; expected ${low} to ${high}`);
      }
      if (!(fastest > 0 && fastest <= velocity)) {
        throw new InputError(
          `the maximum velocity of ${name} is ${fastest} rad/s; expected more than 0, up to ${velocity}`,
        );
      }
    }
    if (!(tolerance > 0)) throw new InputError(`goal_tolerance is ${tolerance} rad; expected more than 0`);
  }
}

/** The polynomial of degree 5 from 0 to 1 that begins and ends at rest, with its derivatives. @param s 0 to 1 */
function quintic(s: number): { readonly position: number; readonly velocity: number; readonly acceleration: number } {
  return {
    position: s ** 3 * (10 + s * (6 * s - 15)),
    velocity: 30 * s ** 2 * (1 - s) ** 2,
    acceleration: 60 * s * (1 - s) * (1 - 2 * s),
  };
}
