import type { Body } from './body.js';
import { correctedShare, DEFAULT_ERROR_BIAS, type Joint } from './joint.js';

export interface PivotOptions {
  /** Cap of the force that holds the anchors together. */
  readonly maxForce?: number;
  /** Cap of the correction velocity; 0 makes the joint match velocities alone. */
  readonly maxBias?: number;
  readonly errorBias?: number;
}

/**
 * Holds an anchor of `a` and an anchor of `b` together. With `maxBias` 0 and a force cap it is a two-axis Coulomb brake
 * or drive: the cap is on the length of the impulse vector.
 */
export class PivotJoint implements Joint {
  readonly a: Body;
  readonly b: Body;
  readonly #anchorAX: number;
  readonly #anchorAY: number;
  readonly #anchorBX: number;
  readonly #anchorBY: number;
  readonly #maxForce: number;
  readonly #maxBias: number;
  readonly #errorBias: number;
  /** Longest impulse of a step. */
  #maxImpulse = 0;
  /** Correction velocity for each unit of the error. */
  #biasRate = 0;
  #impulseX = 0;
  #impulseY = 0;
  #rAX = 0;
  #rAY = 0;
  #rBX = 0;
  #rBY = 0;
  #biasX = 0;
  #biasY = 0;
  /** Effective mass, a symmetric 2x2 matrix. */
  #massXX = 0;
  #massXY = 0;
  #massYY = 0;

  /** Anchors are in the frames of their bodies. */
  constructor(
    a: Body,
    b: Body,
    anchorA: readonly [number, number],
    anchorB: readonly [number, number],
    options: PivotOptions = {},
  ) {
    this.a = a;
    this.b = b;
    [this.#anchorAX, this.#anchorAY] = anchorA;
    [this.#anchorBX, this.#anchorBY] = anchorB;
    this.#maxForce = options.maxForce ?? Infinity;
    this.#maxBias = options.maxBias ?? Infinity;
    this.#errorBias = options.errorBias ?? DEFAULT_ERROR_BIAS;
  }

  saveImpulses(out: Float64Array): void {
    out[0] = this.#impulseX;
    out[1] = this.#impulseY;
  }

  loadImpulses(from: Float64Array): void {
    this.#impulseX = from[0]!;
    this.#impulseY = from[1]!;
  }

  setTimeStep(timeStep: number): void {
    this.#maxImpulse = this.#maxForce * timeStep;
    this.#biasRate = -correctedShare(this.#errorBias, timeStep) / timeStep;
  }

  prepare(): void {
    const { a, b } = this;
    const rAX = a.cosine * this.#anchorAX - a.sine * this.#anchorAY;
    const rAY = a.sine * this.#anchorAX + a.cosine * this.#anchorAY;
    const rBX = b.cosine * this.#anchorBX - b.sine * this.#anchorBY;
    const rBY = b.sine * this.#anchorBX + b.cosine * this.#anchorBY;
    this.#rAX = rAX;
    this.#rAY = rAY;
    this.#rBX = rBX;
    this.#rBY = rBY;

    const massSum = a.inverseMass + b.inverseMass;
    const kXX = massSum + rAY * rAY * a.inverseInertia + rBY * rBY * b.inverseInertia;
    const kXY = -rAX * rAY * a.inverseInertia + -rBX * rBY * b.inverseInertia;
    const kYY = massSum + rAX * rAX * a.inverseInertia + rBX * rBX * b.inverseInertia;
    const inverseDeterminant = 1 / (kXX * kYY - kXY * kXY);
    this.#massXX = kYY * inverseDeterminant;
    this.#massXY = -kXY * inverseDeterminant;
    this.#massYY = kXX * inverseDeterminant;

    if (this.#maxBias === 0) return;
    const rate = this.#biasRate;
    const biasX = (b.x + rBX - (a.x + rAX)) * rate;
    const biasY = (b.y + rBY - (a.y + rAY)) * rate;
    const square = biasX * biasX + biasY * biasY;
    const scale = square > this.#maxBias * this.#maxBias ? this.#maxBias / Math.sqrt(square) : 1;
    this.#biasX = biasX * scale;
    this.#biasY = biasY * scale;
  }

  warmStart(): void {
    const { a, b } = this;
    const jx = this.#impulseX;
    const jy = this.#impulseY;
    a.applyImpulse(-jx, -jy, this.#rAX, this.#rAY);
    b.applyImpulse(jx, jy, this.#rBX, this.#rBY);
  }

  solve(): void {
    const { a, b } = this;
    const rAX = this.#rAX;
    const rAY = this.#rAY;
    const rBX = this.#rBX;
    const rBY = this.#rBY;
    const wantedX = this.#biasX - (b.velocityX - rBY * b.angularVelocity - (a.velocityX - rAY * a.angularVelocity));
    const wantedY = this.#biasY - (b.velocityY + rBX * b.angularVelocity - (a.velocityY + rAX * a.angularVelocity));
    // Nothing to do leaves every number as it is.
    const oldX = this.#impulseX;
    const oldY = this.#impulseY;
    if (wantedX === 0 && wantedY === 0 && oldX === 0 && oldY === 0) return;
    let newX = oldX + (this.#massXX * wantedX + this.#massXY * wantedY);
    let newY = oldY + (this.#massXY * wantedX + this.#massYY * wantedY);
    const limit = this.#maxImpulse;
    const square = newX * newX + newY * newY;
    if (square > limit * limit) {
      const inverseLength = 1 / Math.sqrt(square);
      newX = newX * inverseLength * limit;
      newY = newY * inverseLength * limit;
    }
    this.#impulseX = newX;
    this.#impulseY = newY;
    const jx = newX - oldX;
    const jy = newY - oldY;
    a.applyImpulse(-jx, -jy, rAX, rAY);
    b.applyImpulse(jx, jy, rBX, rBY);
  }
}
