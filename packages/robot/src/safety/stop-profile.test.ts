import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StopProfile } from './stop-profile.js';

describe('stop profile', () => {
  it('brakes from a velocity as the textbook says: ramp, brake, ramp', () => {
    // 1 rad/s with 4 rad/s^2 and 20 rad/s^3: v / A + A / J seconds, half as many metres as at full speed.
    const stop = new StopProfile(0.001);
    stop.plan(0.5, 1, 0, 4, 20);
    expect(stop.steps).toBe(450);
    expect(stop.restPosition).toBeCloseTo(0.5 + 0.5 * 1 * 0.45, 12);
    stop.sample(200);
    expect(stop.acceleration).toBeCloseTo(-4, 12);
    expect(stop.velocity).toBeCloseTo(1 - 0.5 * 20 * 0.2 ** 2, 12);
  });

  it('ends a push in the other direction without turning back', () => {
    const stop = new StopProfile(0.01);
    stop.plan(0, -0.2, -3, 5, 100);
    let before = 0;
    for (let step = 1; step <= stop.steps; step++) {
      stop.sample(step);
      expect(stop.position).toBeLessThanOrEqual(before);
      before = stop.position;
    }
  });

  it('comes to rest within its limits from any state, as finite differences see it', () => {
    const number = (most: number) => fc.double({ min: -most, max: most, noNaN: true });
    const positive = fc.double({ min: 0.5, max: 20, noNaN: true });
    fc.assert(
      fc.property(number(3), number(5), number(1), positive, positive, (position, velocity, share, limit, hardness) => {
        const jerk = 100 * hardness;
        const acceleration = share * limit;
        const period = 0.002;
        const stop = new StopProfile(period);
        stop.plan(position, velocity, acceleration, limit, jerk);
        const { steps } = stop;
        const positions = Array.from({ length: steps + 4 }, (_, step) => {
          stop.sample(step);
          return stop.position;
        });
        expect(positions[0]).toBeCloseTo(position, 12);
        for (let step = 3; step < positions.length; step++) {
          const [q0, q1, q2, q3] = [3, 2, 1, 0].map((back) => positions[step - 3 + back]!) as [
            number,
            number,
            number,
            number,
          ];
          expect(Math.abs(q0 - 2 * q1 + q2) / period ** 2).toBeLessThanOrEqual(limit + 1e-8);
          expect(Math.abs(q0 - 3 * q1 + 3 * q2 - q3) / period ** 3).toBeLessThanOrEqual(jerk + 1e-4);
        }
        // At rest, and where the profile said.
        expect(new Set(positions.slice(-4))).toEqual(new Set([stop.restPosition]));
        // The first sample after the present continues velocity and acceleration: no hidden jump.
        const travelled = period * (velocity + 0.5 * period * acceleration);
        if (steps > 1)
          expect(Math.abs(positions[1]! - position - travelled)).toBeLessThan((jerk * period ** 3) / 6 + 1e-12);
      }),
      { seed: 3, numRuns: 300 },
    );
  });
});
