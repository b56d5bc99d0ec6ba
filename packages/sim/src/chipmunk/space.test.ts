import { CorruptDataError } from '@rapport/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DampedRotarySpring, GearJoint, RotaryLimitJoint, SimpleMotor } from './angular-joints.js';
import { Body } from './body.js';
import { PivotJoint } from './pivot-joint.js';
import { polygonInertia, Shape } from './shape.js';
import { StateReader } from './snapshot.js';
import { Space } from './space.js';

const timeStep = 0.0125;

function makeSpace(): Space {
  return new Space({ timeStep, iterations: 10, collisionSlop: 0.01 });
}

const square = [
  [0.1, -0.1],
  [0.1, 0.1],
  [-0.1, 0.1],
  [-0.1, -0.1],
] as const;

function addSquare(space: Space, x: number, y: number, angle: number): Body {
  const body = Body.dynamic(1, polygonInertia(1, square), x, y, angle);
  space.addBody(body);
  space.addShape(Shape.polygon(body, square, 0.01, { friction: 0.5 }));
  return body;
}

function addDisc(space: Space, x: number, y: number): Body {
  const body = Body.dynamic(2, 0.02, x, y, 0);
  space.addBody(body);
  space.addShape(Shape.circle(body, 0.1, { friction: 0.5 }));
  return body;
}

function linearMomentum(bodies: readonly Body[]): [number, number] {
  let px = 0;
  let py = 0;
  for (const body of bodies) {
    px += body.velocityX / body.inverseMass;
    py += body.velocityY / body.inverseMass;
  }
  return [px, py];
}

function kineticEnergy(bodies: readonly Body[]): number {
  return bodies.reduce(
    (sum, body) =>
      sum +
      (0.5 * (body.velocityX ** 2 + body.velocityY ** 2)) / body.inverseMass +
      (0.5 * body.angularVelocity ** 2) / body.inverseInertia,
    0,
  );
}

/** Two squares and a disc that run into each other in the middle. */
function makeCollision(angle: number, speed: number): Space {
  const space = makeSpace();
  const left = addSquare(space, -0.3, 0, angle);
  const right = addSquare(space, 0.3, 0.05, -angle / 2);
  addDisc(space, 0, 0.35).velocityY = -speed;
  left.velocityX = speed;
  right.velocityX = -speed;
  return space;
}

describe('Space', () => {
  it('keeps linear momentum and adds no energy when free bodies collide', () => {
    const angles = fc.double({ min: -3, max: 3, noNaN: true });
    const speeds = fc.double({ min: 0.5, max: 2, noNaN: true });
    fc.assert(
      fc.property(angles, speeds, (angle, speed) => {
        const space = makeCollision(angle, speed);
        const [px, py] = linearMomentum(space.bodies);
        let energy = kineticEnergy(space.bodies);
        let touched = false;
        for (let step = 0; step < 80; step++) {
          space.step();
          touched ||= space.touching.length > 0;
          const after = linearMomentum(space.bodies);
          expect(after[0]).toBeCloseTo(px, 10);
          expect(after[1]).toBeCloseTo(py, 10);
          const nextEnergy = kineticEnergy(space.bodies);
          expect(nextEnergy).toBeLessThan(energy * 1.001 + 1e-9);
          energy = nextEnergy;
        }
        expect(touched).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it('moves bodies by the velocities of the step before, not of this one', () => {
    const space = makeSpace();
    const body = addDisc(space, 0, 0);
    const target = Body.unmovable();
    target.velocityX = 1;
    space.addBody(target);
    space.addJoint(new PivotJoint(target, body, [0, 0], [0, 0], { maxBias: 0, maxForce: 16 }));
    space.step();
    // 16 N for 0.0125 s on 2 kg.
    expect(body.velocityX).toBeCloseTo(0.1, 12);
    expect(body.x).toBe(0);
    space.step();
    expect(body.x).toBeCloseTo(0.1 * timeStep, 12);
  });

  it('caps the length of a pivot impulse, not its components', () => {
    const space = makeSpace();
    const body = addDisc(space, 0, 0);
    body.velocityX = 3;
    body.velocityY = 4;
    space.addJoint(new PivotJoint(Body.unmovable(), body, [0, 0], [0, 0], { maxBias: 0, maxForce: 16 }));
    space.step();
    expect(Math.hypot(body.velocityX, body.velocityY)).toBeCloseTo(4.9, 12);
    expect(body.velocityY / body.velocityX).toBeCloseTo(4 / 3, 12);
  });

  it('leaves an overlap within the slop alone and takes 1 - 0.9^(60 dt) of the rest out in a step', () => {
    const space = makeSpace();
    const one = addDisc(space, 0, 0);
    const other = addDisc(space, 0.16, 0);
    space.step();
    space.step();
    const share = 1 - 0.9 ** (60 * timeStep);
    expect(other.x - one.x).toBeCloseTo(0.16 + share * (0.04 - 0.01), 6);
  });

  it('holds a rotary limit, drives a motor against its rate and brakes with a gear', () => {
    const space = makeSpace();
    const frame = Body.unmovable();
    const limited = addDisc(space, 0, 0);
    limited.angularVelocity = 2;
    space.addJoint(new RotaryLimitJoint(frame, limited, -0.1, 0.1));
    const driven = addDisc(space, 1, 0);
    const motor = new SimpleMotor(frame, driven, 1);
    motor.rate = -0.5;
    space.addJoint(motor);
    const braked = addDisc(space, 2, 0);
    braked.angularVelocity = 1;
    space.addJoint(new GearJoint(frame, braked, { maxForce: 0.32, maxBias: 0 }));
    space.step();
    // 0.32 N m for 0.0125 s on 0.02 kg m^2.
    expect(braked.angularVelocity).toBeCloseTo(1 - 0.2, 12);
    while (limited.angle <= 0.1) space.step();
    // Corrected within one step, by a real velocity.
    space.step();
    expect(limited.angle).toBeCloseTo(0.1, 12);
    for (let step = 0; step < 40; step++) space.step();
    expect(limited.angle).toBeLessThan(0.1 + 1e-12);
    expect(driven.angularVelocity).toBeCloseTo(0.5, 12);
    expect(braked.angularVelocity).toBeCloseTo(0, 12);
  });

  it('swings a rotary spring with the period that its stiffness and inertia give', () => {
    const space = makeSpace();
    const body = addDisc(space, 0, 0);
    body.setAngle(0.1);
    space.addJoint(new DampedRotarySpring(Body.unmovable(), body, 0.02, 0));
    // The period of I = 0.02, k = 0.02 is 2 pi s; the angle is first zero after a quarter of it.
    let steps = 0;
    while (body.angle > 0) {
      space.step();
      steps += 1;
    }
    expect(steps * timeStep).toBeCloseTo(Math.PI / 2, 1);
  });

  it('goes on with the same bits from a saved state, in the middle of contacts', () => {
    const run = (space: Space, steps: number) => {
      for (let step = 0; step < steps; step++) space.step();
    };
    for (let saveAt = 0; saveAt < 60; saveAt += 7) {
      const space = makeCollision(0.4, 1);
      run(space, saveAt);
      const numbers: number[] = [];
      space.save(numbers);
      const copy = makeCollision(0.4, 1);
      run(copy, 5);
      const reader = new StateReader(Float64Array.from(numbers));
      copy.load(reader);
      reader.end();
      run(space, 30);
      run(copy, 30);
      const [expected, found]: [number[], number[]] = [[], []];
      space.save(expected);
      copy.save(found);
      expect(found).toEqual(expected);
    }
  });

  it('refuses a state of another space', () => {
    const space = makeCollision(0.4, 1);
    const numbers: number[] = [];
    space.save(numbers);
    const cut = new StateReader(Float64Array.from(numbers.slice(0, -1)));
    expect(() => makeCollision(0.4, 1).load(cut)).toThrow(CorruptDataError);
    const smaller = makeSpace();
    addDisc(smaller, 0, 0);
    expect(() => smaller.load(new StateReader(Float64Array.from(numbers)))).toThrow(CorruptDataError);
  });
});
