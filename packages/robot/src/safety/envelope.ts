import { InputError } from '@rapport/core';
import { Aim, type JointTarget } from './aim.js';
import { type Clamp, describeEvent } from './events.js';
import { hardwareLimits } from './hardware-limits.js';
import { JointGuard } from './joint-guard.js';
import type { SafetyLimits } from './limits.js';
import { type Motions, mixMotion, motions, setMotion } from './motions.js';
import { StopProfile } from './stop-profile.js';
import { ToolGuard } from './tool-guard.js';
import { coast, type JointMotion, track } from './tracking.js';

/** Halvings of the way to what is wanted. */
const HALVINGS = 10;
/** Seconds in which a target would be reached, for how fast the tool would then be. */
const APPROACH_TIME = 0.05;

/**
 * Stands between what a policy wants and what an arm is sent. Every period it takes a target, whatever that is, and moves
 * the setpoint on. Seen at the command rate, by finite differences, no setpoint ever breaks a limit of position, velocity
 * (the FR3's that depend on the position too), acceleration or jerk, and the tool stays inside its box, over its least
 * height and under its speeds.
 *
 * How: a setpoint is sent only when the stop from it has been looked at, period by period until rest, and breaks no limit.
 * Should nothing that is wanted be allowed next time, that stop is what goes on (a backup that is always there; "inevitable
 * collision states" of T. Fraichard and H. Asama, 2004, are thus never entered). Between stopping and what is wanted the
 * envelope takes as much of the latter as is allowed, first joint by joint, then for the arm as a whole. Mixing is sound
 * because a joint's motion is linear in its jerk: a mixture of two motions inside the limits of acceleration and jerk is
 * inside them. Motions have piecewise constant jerk, and differences of their samples are means of the derivatives, so
 * that the limits hold for the samples when they hold for the motion.
 */
export class SafetyEnvelope {
  /** The setpoint: rad, rad/s, rad/s^2, shape [7]. */
  readonly positions = new Float64Array(7);
  readonly velocities = new Float64Array(7);
  readonly accelerations = new Float64Array(7);
  /** Seconds from one setpoint to the next. */
  readonly period: number;
  readonly #onClamp: (clamp: Clamp) => void;
  readonly #joints: readonly JointGuard[];
  readonly #tool: ToolGuard;
  /** Stops from the setpoint, looked at and found allowed. */
  readonly #stops: readonly StopProfile[];
  /** Stops from what may become the next setpoint. */
  readonly #nextStops: readonly StopProfile[];
  readonly #scratch: StopProfile;
  /** The next setpoint: of stopping, of not accelerating, of what is wanted as far as each joint allows, and as tried. */
  readonly #stopping = motions();
  readonly #coasting = motions();
  readonly #wanted = motions();
  readonly #next = motions();
  /** The target, moved to where the arm may go. */
  readonly #aim: Aim;
  /** Caps of the joints' velocities, rad/s, shape [7]. */
  readonly #fastest = new Float64Array(7);
  readonly #motion: JointMotion = { position: 0, velocity: 0, acceleration: 0 };

  /**
   * @param period seconds from one setpoint to the next
   * @param onClamp gets every target that had to be cut, with the value that asked for it
   */
  constructor(limits: SafetyLimits, period: number, onClamp: (clamp: Clamp) => void = () => {}) {
    const { arm } = hardwareLimits[limits.arm];
    this.period = period;
    this.#onClamp = onClamp;
    this.#joints = arm.limits.map((_, joint) => new JointGuard(limits, arm, joint));
    this.#tool = new ToolGuard(limits, arm);
    this.#stops = arm.limits.map(() => new StopProfile(period));
    this.#nextStops = arm.limits.map(() => new StopProfile(period));
    this.#scratch = new StopProfile(period);
    this.#aim = new Aim(limits, arm, { joints: this.#joints, tool: this.#tool }, period, onClamp);
  }

  /**
   * Puts the setpoint to where the arm is, at rest. Nothing else may be done before.
   * @param positions measured joint positions, rad, shape [7]
   * @throws InputError when the arm is outside its limits: an envelope cannot lead it back
   */
  start(positions: ArrayLike<number>): void {
    const outside = this.#outsideAt(positions);
    if (outside !== undefined) {
      throw new InputError(`the arm cannot be moved from where it is: ${describeEvent(outside)}`, {
        fix: 'move the arm by hand to where the limits file allows it to be, or correct the file',
      });
    }
    this.positions.set(positions);
    this.velocities.fill(0);
    this.accelerations.fill(0);
    this.#aim.forget();
    for (let joint = 0; joint < 7; joint++) {
      const { acceleration, jerk } = this.#joints[joint]!;
      this.#stops[joint]!.plan(positions[joint]!, 0, 0, acceleration, jerk);
    }
  }

  /**
   * Moves the setpoint on by one period.
   * @param target where the joints are to be then; without one the arm comes to rest and stays
   */
  step(target: JointTarget | undefined): void {
    for (let joint = 0; joint < 7; joint++) {
      const stop = this.#stops[joint]!;
      stop.sample(1);
      setMotion(this.#stopping, joint, stop);
    }
    if (target === undefined) this.#aim.forget();
    const wanted = target !== undefined && this.#aim.take(target, this.positions);
    if (wanted) this.#want();
    if (wanted && this.#allowTool()) {
      for (let joint = 0; joint < 7; joint++) this.#stops[joint]!.copy(this.#nextStops[joint]!);
      this.#moveTo(this.#next);
    } else {
      for (const stop of this.#stops) stop.advance();
      this.#moveTo(this.#stopping);
    }
  }

  /** Periods from the setpoint until the arm is at rest, should it stop now. */
  get stopSteps(): number {
    return this.#stops.reduce((most, stop) => Math.max(most, stop.steps), 0);
  }

  /** Writes where the stop from the setpoint is after some periods: rad, rad/s, rad/s^2, shape [7] each. */
  sampleStop(
    steps: number,
    out: { positions: Float64Array; velocities: Float64Array; accelerations: Float64Array },
  ): void {
    for (let joint = 0; joint < 7; joint++) {
      const stop = this.#stops[joint]!;
      stop.sample(steps);
      setMotion(out, joint, stop);
    }
  }

  #outsideAt(positions: ArrayLike<number>): Clamp | undefined {
    for (let joint = 0; joint < 7; joint++) {
      const { low, high } = this.#joints[joint]!;
      const value = positions[joint] ?? Number.NaN;
      const where = `joint ${joint + 1}`;
      if (!Number.isFinite(value)) return { limit: 'not_finite', where, value, allowed: Number.POSITIVE_INFINITY };
      if (value < low || value > high) {
        return { limit: 'joint_position', where, value, allowed: value < low ? low : high };
      }
    }
    return this.#tool.breachAt(positions);
  }

  /** Fills `#wanted` with the next setpoint: towards the target, as far as each joint allows; and `#coasting`. */
  #want(): void {
    const { period } = this;
    const motion = this.#motion;
    this.#capSpeeds();
    for (let joint = 0; joint < 7; joint++) {
      const guard = this.#joints[joint]!;
      const target = { position: this.#aim.positions[joint]!, velocity: this.#aim.velocities[joint]! };
      this.#setPresent(joint);
      coast(motion, guard.jerk, period);
      setMotion(this.#coasting, joint, motion);
      this.#setPresent(joint);
      track(motion, target, this.#fastest[joint]!, guard, period, this.#scratch);
      setMotion(this.#wanted, joint, motion);
      const effort = largestEffort((tried) => this.#tryJoint(joint, tried));
      this.#mix(joint, effort, this.#wanted);
    }
  }

  /**
   * Fills `#fastest`: the joints' velocity limits, or less where the tool would become too fast on its way to the target;
   * then in proportion to their distances, so that the way is straight in joint space.
   */
  #capSpeeds(): void {
    const { positions, velocities } = this.#aim;
    const fastest = this.#fastest;
    for (let joint = 0; joint < 7; joint++) {
      fastest[joint] = (positions[joint]! - this.positions[joint]!) / APPROACH_TIME + velocities[joint]!;
    }
    const share = this.#tool.speedShare(this.positions, fastest);
    for (let joint = 0; joint < 7; joint++) {
      const [low, high] = this.#joints[joint]!.velocityRange(this.positions[joint]!);
      const limit = fastest[joint]! > 0 ? high : -low;
      fastest[joint] = share < 1 ? Math.min(limit, share * Math.abs(fastest[joint]!)) : limit;
    }
  }

  #setPresent(joint: number): void {
    this.#motion.position = this.positions[joint]!;
    this.#motion.velocity = this.velocities[joint]!;
    this.#motion.acceleration = this.accelerations[joint]!;
  }

  /** Whether the joint may make this effort; fills its part of `#next` and `#nextStops`. */
  #tryJoint(joint: number, effort: number): boolean {
    const { acceleration, jerk } = this.#joints[joint]!;
    const next = this.#next;
    const stop = this.#nextStops[joint]!;
    this.#mix(joint, effort, next);
    stop.plan(next.positions[joint]!, next.velocities[joint]!, next.accelerations[joint]!, acceleration, jerk);
    return this.#joints[joint]!.allows(this.positions[joint]!, this.velocities[joint]!, stop, this.period);
  }

  /** What a joint does with an effort: 0 is stopping, 1 not to accelerate, 2 what it wants, and mixtures between them. */
  #mix(joint: number, effort: number, out: Motions): void {
    if (effort <= 1) mixMotion(out, this.#stopping, this.#coasting, joint, effort);
    else mixMotion(out, this.#coasting, this.#wanted, joint, effort - 1);
  }

  /** Fills `#next` and `#nextStops` with as much of `#wanted` as the tool's limits allow; false when that is nothing. */
  #allowTool(): boolean {
    const breach = this.#tryArm(ALL);
    if (breach === undefined) return true;
    if (breach !== 'joint') this.#onClamp(breach);
    return largestEffort((effort) => this.#tryArm(effort) === undefined) > 0;
  }

  /** What forbids the arm to make this effort, if anything. */
  #tryArm(effort: number): Clamp | 'joint' | undefined {
    for (let joint = 0; joint < 7; joint++) {
      if (this.#isStopping(joint)) {
        // What was looked at goes on; planning it again would round it differently.
        this.#mix(joint, 0, this.#next);
        this.#nextStops[joint]!.copy(this.#stops[joint]!);
        this.#nextStops[joint]!.advance();
      } else if (!this.#tryJoint(joint, effort)) return 'joint';
    }
    return this.#tool.breachWhileStopping(this.positions, this.#nextStops, this.period);
  }

  #isStopping(joint: number): boolean {
    const { positions, velocities, accelerations } = this.#stopping;
    return (
      this.#wanted.positions[joint] === positions[joint] &&
      this.#wanted.velocities[joint] === velocities[joint] &&
      this.#wanted.accelerations[joint] === accelerations[joint]
    );
  }

  #moveTo({ positions, velocities, accelerations }: Motions): void {
    this.positions.set(positions);
    this.velocities.set(velocities);
    this.accelerations.set(accelerations);
  }
}

/** The effort with which all that is wanted is done. */
const ALL = 2;

/**
 * The largest effort in [0, 2] that is found to be allowed; 0 is allowed always. The last call that is made is that of the
 * result, unless it is 0.
 */
function largestEffort(allows: (effort: number) => boolean): number {
  if (allows(ALL)) return ALL;
  let [low, high] = allows(1) ? [1, ALL] : [0, 1];
  for (let halving = 0; halving < HALVINGS; halving++) {
    const middle = 0.5 * (low + high);
    if (allows(middle)) low = middle;
    else high = middle;
  }
  return low > 0 && allows(low) ? low : 0;
}
