import type { Body } from './body.js';
import type { Collider } from './collide.js';
import type { Shape } from './shape.js';
import type { StateReader } from './snapshot.js';

/** How overlaps are corrected in a step. */
export interface OverlapCorrection {
  /** Overlap that is left alone. */
  readonly slop: number;
  /** Share of the rest that is corrected. */
  readonly share: number;
  /** Seconds of the step. */
  readonly timeStep: number;
}

/** One point where two bodies touch. */
export class Contact {
  /** Offsets from the bodies' centres to their surface points. */
  rAX = 0;
  rAY = 0;
  rBX = 0;
  rBY = 0;
  normalMass = 0;
  tangentMass = 0;
  /** Separation speed that takes out the share of the overlap due in this step. */
  bias = 0;
  biasImpulse = 0;
  /** Accumulated impulses, the numbers that outlast a step; they go on from the contact with the same feature. */
  normalImpulse = 0;
  tangentImpulse = 0;
  feature = 0;
}

/**
 * The contact of two shapes: at most two points with one normal. It outlives short separations so that a contact that
 * returns within `PERSISTENCE` steps finds its impulses again.
 */
export class Arbiter {
  readonly a: Shape;
  readonly b: Shape;
  bodyA: Body;
  bodyB: Body;
  readonly friction: number;
  normalX = 0;
  normalY = 0;
  count = 0;
  readonly contacts: readonly [Contact, Contact] = [new Contact(), new Contact()];
  /** The step in which the shapes last touched; -1 before the first. */
  lastStep = -1;
  /** Whether the shapes did not touch in the step before the last: then nothing is warm-started. */
  isNew = true;

  constructor(a: Shape, b: Shape) {
    this.a = a;
    this.b = b;
    this.bodyA = a.body;
    this.bodyB = b.body;
    this.friction = a.friction * b.friction;
  }

  /** Whether the next step can still find the impulses of the last contact. */
  remembers(step: number, persistence: number): boolean {
    return this.lastStep >= 0 && step - this.lastStep <= persistence;
  }

  save(out: number[]): void {
    out.push(this.lastStep, this.count);
    for (const contact of this.contacts.slice(0, this.count)) {
      out.push(contact.feature, contact.normalImpulse, contact.tangentImpulse);
    }
  }

  load(reader: StateReader): void {
    this.lastStep = reader.next();
    this.count = reader.integer('contacts of two shapes', 1, 2);
    for (const contact of this.contacts.slice(0, this.count)) {
      contact.feature = reader.next();
      contact.normalImpulse = reader.next();
      contact.tangentImpulse = reader.next();
    }
  }

  /** Takes the contacts that the collider has just found in this step. */
  update(found: Collider, step: number, persistence: number): void {
    const known = this.remembers(step, persistence) ? this.count : 0;
    this.isNew = known === 0 || step - this.lastStep > 1;
    this.lastStep = step;
    const bodyA = found.first!.body;
    const bodyB = found.second!.body;
    this.bodyA = bodyA;
    this.bodyB = bodyB;
    this.normalX = found.normal[0]!;
    this.normalY = found.normal[1]!;
    this.count = found.count;

    const one = this.contacts[0];
    const other = this.contacts[1];
    const { normalImpulse: impulse1, tangentImpulse: tangent1, feature: feature1 } = one;
    const { normalImpulse: impulse2, tangentImpulse: tangent2, feature: feature2 } = other;
    const { points, features } = found;
    for (let index = 0; index < found.count; index++) {
      const contact = index === 0 ? one : other;
      const feature = features[index]!;
      contact.rAX = points[4 * index]! - bodyA.x;
      contact.rAY = points[4 * index + 1]! - bodyA.y;
      contact.rBX = points[4 * index + 2]! - bodyB.x;
      contact.rBY = points[4 * index + 3]! - bodyB.y;
      contact.feature = feature;
      if (known > 1 && feature === feature2) {
        contact.normalImpulse = impulse2;
        contact.tangentImpulse = tangent2;
      } else if (known > 0 && feature === feature1) {
        contact.normalImpulse = impulse1;
        contact.tangentImpulse = tangent1;
      } else {
        contact.normalImpulse = 0;
        contact.tangentImpulse = 0;
      }
    }
  }

  /** Effective masses and bias speeds at the present pose. */
  prepare({ slop, share, timeStep }: OverlapCorrection): void {
    const { bodyA: a, bodyB: b, normalX: nx, normalY: ny } = this;
    for (let index = 0; index < this.count; index++) {
      const contact = this.contacts[index === 0 ? 0 : 1];
      const { rAX, rAY, rBX, rBY } = contact;
      const crossA = rAX * ny - rAY * nx;
      const crossB = rBX * ny - rBY * nx;
      // The tangent is (-ny, nx).
      const alongA = rAX * nx + rAY * ny;
      const alongB = rBX * nx + rBY * ny;
      contact.normalMass =
        1 / (a.inverseMass + a.inverseInertia * crossA * crossA + (b.inverseMass + b.inverseInertia * crossB * crossB));
      contact.tangentMass =
        1 / (a.inverseMass + a.inverseInertia * alongA * alongA + (b.inverseMass + b.inverseInertia * alongB * alongB));
      const gap = (rBX - rAX + (b.x - a.x)) * nx + (rBY - rAY + (b.y - a.y)) * ny;
      contact.bias = (-share * Math.min(0, gap + slop)) / timeStep;
      contact.biasImpulse = 0;
    }
  }

  /** Applies the last step's impulses again, unless the contact is new. */
  warmStart(): void {
    if (this.isNew) return;
    const { bodyA: a, bodyB: b, normalX: nx, normalY: ny } = this;
    for (let index = 0; index < this.count; index++) {
      const { rAX, rAY, rBX, rBY, normalImpulse, tangentImpulse } = this.contacts[index === 0 ? 0 : 1];
      const jx = nx * normalImpulse - ny * tangentImpulse;
      const jy = nx * tangentImpulse + ny * normalImpulse;
      a.applyImpulse(-jx, -jy, rAX, rAY);
      b.applyImpulse(jx, jy, rBX, rBY);
    }
  }

  /** One Gauss-Seidel update of every contact: overlap, normal impulse and friction, from one relative velocity. */
  solve(): void {
    const { bodyA: a, bodyB: b, normalX: nx, normalY: ny, friction } = this;
    for (let index = 0; index < this.count; index++) {
      const contact = this.contacts[index === 0 ? 0 : 1];
      const { rAX, rAY, rBX, rBY } = contact;

      const biasX = b.biasVelocityX - rBY * b.biasAngularVelocity - (a.biasVelocityX - rAY * a.biasAngularVelocity);
      const biasY = b.biasVelocityY + rBX * b.biasAngularVelocity - (a.biasVelocityY + rAX * a.biasAngularVelocity);
      const oldBias = contact.biasImpulse;
      const newBias = Math.max(oldBias + (contact.bias - (biasX * nx + biasY * ny)) * contact.normalMass, 0);
      contact.biasImpulse = newBias;

      const vx = b.velocityX - rBY * b.angularVelocity - (a.velocityX - rAY * a.angularVelocity);
      const vy = b.velocityY + rBX * b.angularVelocity - (a.velocityY + rAX * a.angularVelocity);
      const oldNormal = contact.normalImpulse;
      const newNormal = Math.max(oldNormal - (vx * nx + vy * ny) * contact.normalMass, 0);
      contact.normalImpulse = newNormal;

      const limit = friction * newNormal;
      const oldTangent = contact.tangentImpulse;
      const wanted = oldTangent - (vy * nx - vx * ny) * contact.tangentMass;
      const newTangent = Math.min(Math.max(wanted, -limit), limit);
      contact.tangentImpulse = newTangent;

      const pushed = newBias - oldBias;
      if (pushed !== 0) {
        a.applyBiasImpulse(-nx * pushed, -ny * pushed, rAX, rAY);
        b.applyBiasImpulse(nx * pushed, ny * pushed, rBX, rBY);
      }
      const normal = newNormal - oldNormal;
      const tangent = newTangent - oldTangent;
      if (normal === 0 && tangent === 0) continue;
      const jx = nx * normal - ny * tangent;
      const jy = nx * tangent + ny * normal;
      a.applyImpulse(-jx, -jy, rAX, rAY);
      b.applyImpulse(jx, jy, rBX, rBY);
    }
  }
}
