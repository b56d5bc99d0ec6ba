import type { Body } from './body.js';
import { clamp, correctedShare, DEFAULT_ERROR_BIAS, type Joint } from './joint.js';

/** A joint on the rotation of two bodies with one accumulated impulse. */
abstract class AngularJoint implements Joint {
  readonly a: Body;
  readonly b: Body;
  readonly #maxForce: number;
  /** Largest impulse of a step. */
  protected maxImpulse = 0;
  protected timeStep = 0;
  /** Effective moment of inertia. */
  protected readonly inertia: number;
  protected impulse = 0;

  constructor(a: Body, b: Body, maxForce: number) {
    this.a = a;
    this.b = b;
    this.#maxForce = maxForce;
    this.inertia = 1 / (a.inverseInertia + b.inverseInertia);
  }

  abstract prepare(): void;
  abstract solve(): void;

  setTimeStep(timeStep: number): void {
    this.timeStep = timeStep;
    this.maxImpulse = this.#maxForce * timeStep;
  }

  saveImpulses(out: Float64Array): void {
    out[0] = this.impulse;
    out[1] = 0;
  }

  loadImpulses(from: Float64Array): void {
    this.impulse = from[0]!;
  }

  warmStart(): void {
    this.twist(this.impulse);
  }

  /** Applies an angular impulse to b and its opposite to a. */
  protected twist(impulse: number): void {
    this.a.angularVelocity -= impulse * this.a.inverseInertia;
    this.b.angularVelocity += impulse * this.b.inverseInertia;
  }

  /** Adds to the accumulated impulse within limits and applies what that changed. */
  protected accumulate(impulse: number, low: number, high: number): void {
    const old = this.impulse;
    this.impulse = clamp(old + impulse, low, high);
    this.twist(this.impulse - old);
  }
}

/** Keeps b at the angle of a. */
export class GearJoint extends AngularJoint {
  readonly #maxBias: number;
  readonly #errorBias: number;
  #correctedShare = 0;
  #bias = 0;

  constructor(
    a: Body,
    b: Body,
    options: { readonly maxForce: number; readonly maxBias: number; readonly errorBias?: number },
  ) {
    super(a, b, options.maxForce);
    this.#maxBias = options.maxBias;
    this.#errorBias = options.errorBias ?? DEFAULT_ERROR_BIAS;
  }

  override setTimeStep(timeStep: number): void {
    super.setTimeStep(timeStep);
    this.#correctedShare = correctedShare(this.#errorBias, timeStep);
  }

  prepare(): void {
    if (this.#maxBias === 0) return;
    const speed = (-this.#correctedShare * (this.b.angle - this.a.angle)) / this.timeStep;
    this.#bias = clamp(speed, -this.#maxBias, this.#maxBias);
  }

  solve(): void {
    const wanted = this.#bias - (this.b.angularVelocity - this.a.angularVelocity);
    if (wanted === 0) return;
    const limit = this.maxImpulse;
    this.accumulate(wanted * this.inertia, -limit, limit);
  }
}

/** Keeps the angle of b less that of a within [low, high]: a hard stop, corrected within one step. */
export class RotaryLimitJoint extends AngularJoint {
  readonly #low: number;
  readonly #high: number;
  /** 0 inside the range, where the joint does nothing. */
  #bias = 0;

  constructor(a: Body, b: Body, low: number, high: number) {
    super(a, b, Infinity);
    this.#low = low;
    this.#high = high;
  }

  prepare(): void {
    const relative = this.b.angle - this.a.angle;
    const excess = relative > this.#high ? this.#high - relative : relative < this.#low ? this.#low - relative : 0;
    this.#bias = excess === 0 ? 0 : -excess / this.timeStep;
    if (this.#bias === 0) this.impulse = 0;
  }

  solve(): void {
    const bias = this.#bias;
    if (bias === 0) return;
    const wanted = -(bias + (this.b.angularVelocity - this.a.angularVelocity));
    if (bias < 0) this.accumulate(wanted * this.inertia, 0, Infinity);
    else this.accumulate(wanted * this.inertia, -Infinity, 0);
  }
}

/** Drives the angular velocity of b less that of a to minus `rate`, with a torque cap. */
export class SimpleMotor extends AngularJoint {
  /** Radians per second. */
  rate = 0;

  prepare(): void {}

  solve(): void {
    const excess = this.b.angularVelocity - this.a.angularVelocity + this.rate;
    const limit = this.maxImpulse;
    this.accumulate(-excess * this.inertia, -limit, limit);
  }
}

/** A spring with rest angle 0 and exponential damping of the relative rotation; it has no force cap. */
export class DampedRotarySpring extends AngularJoint {
  readonly #stiffness: number;
  readonly #damping: number;
  /** Share of the relative velocity that damping takes in one step. */
  #damped = 0;
  #targetVelocity = 0;

  constructor(a: Body, b: Body, stiffness: number, damping: number) {
    super(a, b, Infinity);
    this.#stiffness = stiffness;
    this.#damping = damping;
  }

  override setTimeStep(timeStep: number): void {
    super.setTimeStep(timeStep);
    this.#damped = 1 - Math.exp(-this.#damping * timeStep * (this.a.inverseInertia + this.b.inverseInertia));
  }

  prepare(): void {
    this.#targetVelocity = 0;
    this.twist((this.a.angle - this.b.angle) * this.#stiffness * this.timeStep);
  }

  /** The spring's torque is applied in `prepare`: nothing is carried over. */
  override warmStart(): void {}

  solve(): void {
    const relative = this.a.angularVelocity - this.b.angularVelocity;
    const change = (this.#targetVelocity - relative) * this.#damped;
    this.#targetVelocity = relative + change;
    this.twist(-change * this.inertia);
  }
}
