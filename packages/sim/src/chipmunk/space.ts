import { Arbiter, type OverlapCorrection } from './arbiter.js';
import type { Body } from './body.js';
import { BroadPhase } from './broad-phase.js';
import { Collider } from './collide.js';
import type { Joint } from './joint.js';
import type { Shape } from './shape.js';
import type { StateReader } from './snapshot.js';

export interface SpaceOptions {
  /** Seconds of one step. */
  readonly timeStep: number;
  /** Gauss-Seidel sweeps of a step. */
  readonly iterations: number;
  /** Overlap that is left alone. */
  readonly collisionSlop: number;
}

/** Share of an overlap that is left after one second: 0.9^60 with 0.9 in single precision, as Chipmunk has it. */
const COLLISION_BIAS = Math.fround(0.9) ** 60;
/** Steps for which a contact that has ended keeps its impulses. */
const PERSISTENCE = 3;

/**
 * A world of rigid bodies stepped with Chipmunk 7.0.2's semantics: positions first, then contacts at the new poses,
 * then velocities by sequential impulses with warm starting, all contacts before all joints in every iteration. There
 * is no gravity, damping, restitution or sleeping, because X-Magical uses none. The order in which things are added is
 * part of the physics.
 */
export class Space {
  readonly options: SpaceOptions;
  readonly bodies: Body[] = [];
  /** Every shape, the still ones first; a shape's `id` is its place. */
  readonly shapes: Shape[] = [];
  readonly joints: Joint[] = [];
  /** Contacts of the last step, in the order in which they were found and are solved. */
  readonly touching: Arbiter[] = [];
  readonly #broadPhase = new BroadPhase();
  /** Steps made. */
  stepCount = 0;
  readonly #moving: Shape[] = [];
  /** Arbiter of shapes i < j at [j (j - 1) / 2 + i], made when they first touch. */
  readonly #arbiters: (Arbiter | undefined)[] = [];
  readonly #collider = new Collider();
  readonly #correction: OverlapCorrection;
  /** Contacts of this step so far; `touching` gets this length at the end of the search. */
  #touchingCount = 0;
  readonly #visitPair = (a: Shape, b: Shape, searchId: number) => this.#collide(a, b, searchId);

  constructor(options: SpaceOptions) {
    this.options = options;
    const { timeStep, collisionSlop } = options;
    this.#correction = { slop: collisionSlop, share: 1 - COLLISION_BIAS ** timeStep, timeStep };
  }

  addBody(body: Body): void {
    this.bodies.push(body);
  }

  /** Adds a shape of a body that never moves; these come before all others. */
  addStillShape(shape: Shape): void {
    this.#enlist(shape);
    this.#broadPhase.addStill(shape);
  }

  addShape(shape: Shape): void {
    this.#enlist(shape);
    this.#moving.push(shape);
    this.#broadPhase.addMoving(shape);
  }

  addJoint(joint: Joint): void {
    joint.setTimeStep(this.options.timeStep);
    this.joints.push(joint);
  }

  /** Advances the world by one time step. */
  step(): void {
    const { timeStep, iterations } = this.options;
    const { bodies, joints, touching } = this;
    for (let index = 0; index < bodies.length; index++) bodies[index]!.integratePosition(timeStep);
    for (let index = 0; index < this.#moving.length; index++) this.#moving[index]!.update();

    this.#touchingCount = 0;
    this.#broadPhase.visitPairs(this.#visitPair);
    touching.length = this.#touchingCount;
    this.stepCount += 1;

    for (let index = 0; index < touching.length; index++) touching[index]!.prepare(this.#correction);
    for (let index = 0; index < joints.length; index++) joints[index]!.prepare();
    for (let index = 0; index < touching.length; index++) touching[index]!.warmStart();
    for (let index = 0; index < joints.length; index++) joints[index]!.warmStart();
    for (let iteration = 0; iteration < iterations; iteration++) {
      for (let index = 0; index < touching.length; index++) touching[index]!.solve();
      for (let index = 0; index < joints.length; index++) joints[index]!.solve();
    }
  }

  /**
   * Appends everything the next step depends on: poses, velocities, accumulated impulses, the broad phase's trees and
   * the contacts that are remembered.
   */
  save(out: number[]): void {
    out.push(this.stepCount);
    for (const body of this.bodies) {
      out.push(body.x, body.y, body.angle, body.velocityX, body.velocityY, body.angularVelocity);
      out.push(body.biasVelocityX, body.biasVelocityY, body.biasAngularVelocity);
    }
    const impulses = new Float64Array(2);
    for (const joint of this.joints) {
      joint.saveImpulses(impulses);
      out.push(...impulses);
    }
    this.#broadPhase.save(out);
    const remembered: Arbiter[] = [];
    for (let low = 0; low < this.shapes.length; low++) {
      for (let high = low + 1; high < this.shapes.length; high++) {
        const arbiter = this.#arbiters[arbiterKey(low, high)];
        if (arbiter?.remembers(this.stepCount, PERSISTENCE)) remembered.push(arbiter);
      }
    }
    out.push(remembered.length);
    for (const arbiter of remembered) {
      out.push(arbiter.a.id, arbiter.b.id);
      arbiter.save(out);
    }
  }

  /** Takes over what `save` wrote for a space built the same way. The list of touching shapes is empty afterwards. */
  load(reader: StateReader): void {
    this.stepCount = reader.next();
    for (const body of this.bodies) {
      body.x = reader.next();
      body.y = reader.next();
      body.setAngle(reader.next());
      body.velocityX = reader.next();
      body.velocityY = reader.next();
      body.angularVelocity = reader.next();
      body.biasVelocityX = reader.next();
      body.biasVelocityY = reader.next();
      body.biasAngularVelocity = reader.next();
    }
    for (const shape of this.#moving) shape.update();
    const impulses = new Float64Array(2);
    for (const joint of this.joints) {
      impulses[0] = reader.next();
      impulses[1] = reader.next();
      joint.loadImpulses(impulses);
    }
    this.#broadPhase.load(reader);
    this.touching.length = 0;
    this.#arbiters.fill(undefined);
    const last = this.shapes.length - 1;
    const rememberedCount = reader.integer('contact count', 0, this.shapes.length ** 2);
    for (let index = 0; index < rememberedCount; index++) {
      const a = this.shapes[reader.integer('shape number', 0, last)]!;
      const b = this.shapes[reader.integer('shape number', 0, last)]!;
      this.#arbiterOf(a, b).load(reader);
    }
  }

  #enlist(shape: Shape): void {
    const { shapes } = this;
    shape.id = shapes.push(shape) - 1;
    for (let other = 0; other < shape.id; other++) this.#arbiters.push(undefined);
  }

  /** The arbiter of two shapes, made when there is none yet. */
  #arbiterOf(a: Shape, b: Shape): Arbiter {
    const key = arbiterKey(a.id, b.id);
    let arbiter = this.#arbiters[key];
    if (arbiter === undefined) {
      arbiter = new Arbiter(a, b);
      this.#arbiters[key] = arbiter;
    }
    return arbiter;
  }

  /** Narrow phase of a pair from the broad phase. */
  #collide(a: Shape, b: Shape, searchId: number): number {
    if (
      a.left > b.right ||
      b.left > a.right ||
      a.bottom > b.top ||
      b.bottom > a.top ||
      a.body === b.body ||
      (a.group !== 0 && a.group === b.group) ||
      a.sensor ||
      b.sensor
    ) {
      return searchId;
    }
    const collider = this.#collider;
    collider.collide(a, b, searchId);
    if (collider.count > 0) {
      const arbiter = this.#arbiterOf(a, b);
      arbiter.update(collider, this.stepCount, PERSISTENCE);
      this.touching[this.#touchingCount] = arbiter;
      this.#touchingCount += 1;
    }
    return collider.searchId;
  }
}

/** Place of two shapes' arbiter, by their numbers. */
function arbiterKey(one: number, other: number): number {
  return one < other ? (other * (other - 1)) / 2 + one : (one * (one - 1)) / 2 + other;
}
