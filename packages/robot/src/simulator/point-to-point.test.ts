import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type ArmName, armNames, hardwareLimits } from '../safety/hardware-limits.js';
import { readLimits, type SafetyLimits } from '../safety/limits.js';
import { LimitChecker } from '../safety/testing/limit-checker.js';
import { PointToPoint, type PointToPointEnd } from './point-to-point.js';

const names = [1, 2, 3, 4, 5, 6, 7].map((number) => `joint${number}`);
const home = [0, -Math.PI / 4, 0, (-3 * Math.PI) / 4, 0, Math.PI / 2, Math.PI / 4];
const period = 1e-3;

/** An arm that rests at home. */
function start(arm: ArmName = 'panda') {
  const setpoint = {
    positions: Float64Array.from(home),
    velocities: new Float64Array(7),
    accelerations: new Float64Array(7),
  };
  const motion = new PointToPoint(hardwareLimits[arm], names, setpoint, period);
  const ends: PointToPointEnd[] = [];
  const go = (positions: readonly number[], velocity: number | readonly number[] = 2, tolerance = 0.001) => {
    const maximumVelocities = typeof velocity === 'number' ? home.map(() => velocity) : velocity;
    motion.start({ positions, maximumVelocities, tolerance }, (end) => ends.push(end));
  };
  const run = (seconds: number, onTick: () => void = () => {}) => {
    for (let left = Math.round(seconds / period); left > 0; left--) {
      motion.update();
      onTick();
    }
  };
  return { motion, setpoint, ends, go, run };
}

/** What the arm itself can do, wherever its tool is. */
async function hardware(arm: ArmName): Promise<SafetyLimits> {
  const { arm: model, jerk } = hardwareLimits[arm];
  const { limits } = model;
  return {
    ...(await readLimits(arm)),
    joints: {
      positionMin: limits.map(({ low }) => low),
      positionMax: limits.map(({ high }) => high),
      velocity: limits.map(({ velocity }) => velocity),
      acceleration: limits.map(({ acceleration }) => acceleration),
      jerk,
    },
    workspace: { min: [-9, -9, -9], max: [9, 9, 9] },
    minimumHeight: -9,
    toolSpeed: { translation: 99, rotation: 99 },
  };
}

it('arrives exactly, no joint faster than was asked, and says so once', () => {
  const { motion, setpoint, ends, go, run } = start();
  const goal = home.map((position, joint) => position + (joint % 2 === 0 ? 0.3 : -0.2));
  const fastest = [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.1];
  const peaks = home.map(() => 0);
  go(goal, fastest);
  run(10, () => {
    for (const [joint, velocity] of setpoint.velocities.entries()) {
      peaks[joint] = Math.max(peaks[joint]!, Math.abs(velocity));
    }
  });
  expect(ends).toEqual([{ reached: true, error: '' }]);
  expect([...setpoint.positions]).toEqual(goal);
  expect(motion.moving).toBe(false);
  for (const [joint, peak] of peaks.entries()) expect(peak).toBeLessThanOrEqual(fastest[joint]! + 1e-12);
  // The joint that takes longest is as fast as it may.
  expect(peaks[6]).toBeCloseTo(0.1, 6);
});

it('breaks no limit of the arm, wherever goals lead and whenever they come or are cancelled', async () => {
  const limits = { panda: await hardware('panda'), fr3: await hardware('fr3') };
  const within = (arm: ArmName) =>
    fc.tuple(...hardwareLimits[arm].arm.limits.map(({ low, high }) => fc.double({ min: low, max: high, noNaN: true })));
  const piece = (arm: ArmName) =>
    fc.record({
      goal: within(arm),
      share: fc.double({ min: 0.05, max: 1, noNaN: true }),
      seconds: fc.double({ min: 0.001, max: 2, noNaN: true }),
      cancels: fc.boolean(),
    });
  const streams = fc
    .constantFrom(...armNames)
    .chain((arm) => fc.record({ arm: fc.constant(arm), pieces: fc.array(piece(arm), { minLength: 1, maxLength: 4 }) }));
  fc.assert(
    fc.property(streams, ({ arm, pieces }) => {
      const { motion, setpoint, go, run } = start(arm);
      const checker = new LimitChecker(limits[arm], period, home);
      const check = () => checker.check(setpoint.positions);
      for (const { goal, share, seconds, cancels } of pieces) {
        go(
          goal,
          hardwareLimits[arm].arm.limits.map(({ velocity }) => share * velocity),
        );
        run(seconds, check);
        if (cancels) motion.cancel();
      }
      motion.cancel();
      run(1.5, check);
      expect(checker.breaches).toEqual([]);
      expect(motion.moving).toBe(false);
    }),
    { numRuns: 8 },
  );
});

it('brings the arm to rest before it follows a newer goal, and ends the one before', () => {
  const { setpoint, ends, go, run } = start();
  go(home.with(0, 2));
  run(0.6);
  expect(setpoint.velocities[0]).toBeGreaterThan(0.5);
  go(home.with(0, -1));
  expect(ends).toEqual([{ reached: false, error: 'a newer goal took its place' }]);
  run(5);
  expect(ends[1]).toEqual({ reached: true, error: '' });
  expect(setpoint.positions[0]).toBe(-1);
});

it('comes to rest when it is cancelled, and leaves the joints to others when it is told to', () => {
  const { motion, setpoint, ends, go, run } = start();
  go(home.with(0, 2));
  run(0.6);
  motion.cancel();
  run(0.5);
  expect(ends).toEqual([]);
  expect(motion.moving).toBe(false);
  expect([...setpoint.velocities]).toEqual([0, 0, 0, 0, 0, 0, 0]);
  go(home);
  motion.abandon('the arm stopped by itself');
  expect(ends).toEqual([{ reached: false, error: 'the arm stopped by itself' }]);
  const before = setpoint.positions.slice();
  run(0.1);
  expect(setpoint.positions).toEqual(before);
});

it('has arrived, as libfranka judges it, within the tolerance and all but at rest', () => {
  const { motion, setpoint, ends, go, run } = start();
  const goal = home.map((position) => position + 0.1);
  go(goal, 1, 0.05);
  while (ends.length === 0) run(period);
  const apart = Math.hypot(...setpoint.positions.map((position, joint) => position - goal[joint]!));
  expect(apart).toBeLessThan(0.05);
  expect(Math.hypot(...setpoint.velocities)).toBeLessThan(0.01);
  // The rest of the way is made all the same.
  expect(motion.moving).toBe(true);
  run(1);
  expect([...setpoint.positions]).toEqual(goal);
});

it('refuses what is out of range, names it, and goes on with the motion before', () => {
  const { ends, go, run } = start();
  go(home.with(0, 1));
  run(0.1);
  expect(() => go(home.slice(1))).toThrow('goal_joint_configuration has 6 numbers; expected 7');
  expect(() => go(home, [1])).toThrow('maximum_joint_velocities has 1 numbers; expected 7');
  expect(() => go(home.with(3, 1))).toThrow('the goal of joint4 is 1 rad; expected -3.0718 to -0.0698');
  expect(() => go(home.with(1, Number.NaN))).toThrow('the goal of joint2 is NaN rad');
  expect(() => go(home, home.map(() => 1).with(6, 9))).toThrow('the maximum velocity of joint7 is 9 rad/s; expected');
  expect(() => go(home, 0)).toThrow('the maximum velocity of joint1 is 0 rad/s');
  expect(() => go(home, 1, 0)).toThrow('goal_tolerance is 0 rad; expected more than 0');
  run(5);
  expect(ends).toEqual([{ reached: true, error: '' }]);
});
