import { RandomStream } from '@rapport/core';
import { describe, expect, it } from 'vitest';
import type { ArmModel } from '../robots/arm-model.js';
import { fr3, fr3VelocityRange } from '../robots/fr3.js';
import { iiwa14 } from '../robots/iiwa14.js';
import { panda } from '../robots/panda.js';
import { JointReference } from './joint-reference.js';
import { TorqueInterface } from './torque-interface.js';

describe('torque interface', () => {
  it('changes no torque by more than 1 N m per tick at 1 kHz', () => {
    const line = new TorqueInterface(panda, 0.001);
    const random = new RandomStream(1, 'torques');
    let before = line.last.slice();
    for (let tick = 0; tick < 500; tick++) {
      const command = Float64Array.from(panda.limits, ({ torque }) => random.uniformBetween(-2 * torque, 2 * torque));
      expect(line.tick(command)).toBeUndefined();
      line.last.forEach((torque, joint) => {
        expect(Math.abs(torque - before[joint]!)).toBeLessThanOrEqual(1 + 1e-12);
        expect(Math.abs(torque)).toBeLessThanOrEqual(panda.limits[joint]!.torque);
      });
      before = line.last.slice();
    }
    expect(Math.max(...before.map(Math.abs))).toBeGreaterThan(2);
  });

  it('repeats the last torque for 20 lost ticks, and stops at the next', () => {
    const line = new TorqueInterface(panda, 0.001);
    line.tick(Float64Array.of(0.5, 0, 0, 0, 0, 0, 0));
    for (let lost = 1; lost <= 20; lost++) {
      expect(line.tick(undefined)).toBeUndefined();
      expect(line.last[0]).toBe(0.5);
    }
    expect(line.tick(undefined)).toBe('communication_constraints_violation');
  });

  it('counts lost ticks afresh after one that arrived', () => {
    const line = new TorqueInterface(panda, 0.001);
    for (let lost = 0; lost < 20; lost++) line.tick(undefined);
    line.tick(new Float64Array(7));
    expect(line.tick(undefined)).toBeUndefined();
  });
});

/** Runs a reference and checks every tick against the limits. */
function drive(arm: ArmModel, reference: JointReference, ticks: number, dt: number, goals?: () => Float64Array): void {
  let before = reference.velocities.slice();
  for (let tick = 0; tick < ticks; tick++) {
    if (goals !== undefined && tick % 40 === 0) reference.setGoal(goals());
    const at = reference.positions.slice();
    reference.advance();
    for (const [joint, { low, high, acceleration }] of arm.limits.entries()) {
      const [least, most] = arm.velocityRange(joint, at[joint]!);
      const velocity = reference.velocities[joint]!;
      expect(velocity).toBeGreaterThanOrEqual(least);
      expect(velocity).toBeLessThanOrEqual(most);
      expect(reference.positions[joint]).toBeGreaterThanOrEqual(low - 1e-9);
      expect(reference.positions[joint]).toBeLessThanOrEqual(high + 1e-9);
      // Speeding up never beats the limit; braking may where the range ends.
      if (Math.abs(velocity) > Math.abs(before[joint]!)) {
        expect(Math.abs(velocity - before[joint]!)).toBeLessThanOrEqual(acceleration * dt + 1e-9);
      }
    }
    before = reference.velocities.slice();
  }
}

describe('joint reference', () => {
  it.each([panda, fr3, iiwa14])('stays inside every limit on the way to random goals: $name', (arm) => {
    const random = new RandomStream(7, 'reference');
    const reference = new JointReference(arm, 0.002, 0.025);
    reference.reset(arm.home);
    drive(arm, reference, 2000, 0.002, () =>
      Float64Array.from(arm.limits, ({ low, high }) => random.uniformBetween(low - 0.5, high + 0.5)),
    );
  });

  it('arrives at a goal and stands still there, along a straight line in joint space', () => {
    const reference = new JointReference(panda, 0.002, 0.025);
    reference.reset(panda.home);
    const goal = Float64Array.from(panda.home, (value, joint) => value + 0.1 * (joint - 3));
    reference.setGoal(goal);
    for (let tick = 0; tick < 1000; tick++) {
      reference.advance();
      const shares = [0, 1, 2, 4, 5, 6].map(
        (joint) => (reference.positions[joint]! - panda.home[joint]!) / (goal[joint]! - panda.home[joint]!),
      );
      expect(Math.max(...shares) - Math.min(...shares)).toBeLessThan(0.02);
    }
    goal.forEach((value, joint) => {
      expect(reference.positions[joint]).toBeCloseTo(value, 6);
    });
    expect(Math.max(...reference.velocities.map(Math.abs))).toBeLessThan(1e-5);
  });

  it('slows FR3’s fourth joint by the square root of the distance to its end', () => {
    const dt = 0.001;
    const reference = new JointReference(fr3, dt, 0.005);
    const start = Float64Array.from(fr3.home);
    start[3] = -1.2;
    reference.reset(start);
    const goal = start.slice();
    goal[3] = 0;
    reference.setGoal(goal);
    let onTheLaw = 0;
    for (let tick = 0; tick < 4000; tick++) {
      const position = reference.positions[3]!;
      reference.advance();
      const law = -0.3 + Math.sqrt(8 * Math.max(0, -0.1458 - position));
      const bound = Math.min(2.62, Math.max(0, law));
      expect(fr3VelocityRange(3, position)[1]).toBeCloseTo(bound, 12);
      expect(reference.velocities[3]!).toBeLessThanOrEqual(Math.max(0, bound - 1e-3) + 1e-12);
      if (bound < 2.6 && bound > 0.1 && Math.abs(reference.velocities[3]! - (bound - 1e-3)) < 1e-9) onTheLaw += 1;
    }
    expect(onTheLaw).toBeGreaterThan(100);
    expect(reference.positions[3]).toBeLessThan(-0.1571 + 1e-4);
    expect(reference.positions[3]).toBeGreaterThan(-0.18);
  });
});
