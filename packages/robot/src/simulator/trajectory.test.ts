import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { JointTrajectory } from '../graph/messages.js';
import { rosTimeFromSeconds } from '../graph/time.js';
import { type JointSetpoint, Trajectory, TrajectoryError } from './trajectory.js';

const joints = ['a', 'b'];
const second = 1_000_000_000n;
const still = (positions: readonly number[]): JointSetpoint => ({
  positions: Float64Array.from(positions),
  velocities: new Float64Array(2),
  accelerations: new Float64Array(2),
});

interface Point {
  readonly at: number;
  readonly positions: readonly number[];
  readonly velocities?: readonly number[];
  readonly accelerations?: readonly number[];
}

function message(points: readonly Point[], names = joints, stamp = 0): JointTrajectory {
  return {
    header: { stamp: rosTimeFromSeconds(stamp), frame_id: '' },
    joint_names: names,
    points: points.map(({ at, positions, velocities = [], accelerations = [] }) => ({
      positions: Float64Array.from(positions),
      velocities: Float64Array.from(velocities),
      accelerations: Float64Array.from(accelerations),
      effort: new Float64Array(0),
      time_from_start: rosTimeFromSeconds(at),
    })),
  };
}

function at(trajectory: Trajectory, seconds: number): JointSetpoint {
  const out = still([0, 0]);
  trajectory.sample(BigInt(Math.round(seconds * 1e9)), out);
  return out;
}

it('goes straight from where the arm is when only positions are given, whatever the order of the names', () => {
  const trajectory = new Trajectory(
    message([{ at: 2, positions: [4, 1] }], ['b', 'a']),
    joints,
    10n * second,
    still([0, 2]),
  );
  expect([...at(trajectory, 11).positions]).toEqual([0.5, 3]);
  expect([...at(trajectory, 11).velocities]).toEqual([0.5, 1]);
  expect([...at(trajectory, 12).positions]).toEqual([1, 4]);
  expect([...at(trajectory, 99).velocities]).toEqual([0, 0]);
});

it('meets positions, velocities and accelerations of both ends', () => {
  const number = fc.double({ min: -3, max: 3, noNaN: true });
  fc.assert(
    fc.property(
      fc.tuple(number, number, number, number, number),
      fc.double({ min: 0.2, max: 3, noNaN: true }),
      ([p0, v0, a0, p1, v1], span) => {
        const points = [
          { at: 0, positions: [p0, 0], velocities: [v0, 0], accelerations: [a0, 0] },
          { at: span, positions: [p1, 0], velocities: [v1, 0], accelerations: [0.5, 0] },
          { at: span + 1, positions: [0, 0], velocities: [0, 0], accelerations: [0, 0] },
        ];
        const trajectory = new Trajectory(message(points), joints, 0n, still([9, 9]));
        const nearly = span - 1e-9;
        expect(at(trajectory, 0).positions[0]).toBeCloseTo(p0, 9);
        expect(at(trajectory, 0).velocities[0]).toBeCloseTo(v0, 9);
        expect(at(trajectory, 0).accelerations[0]).toBeCloseTo(a0, 9);
        expect(at(trajectory, nearly).positions[0]).toBeCloseTo(p1, 5);
        expect(at(trajectory, nearly).velocities[0]).toBeCloseTo(v1, 4);
        expect(at(trajectory, nearly).accelerations[0]).toBeCloseTo(0.5, 3);
        // The velocity is the derivative of the position.
        const [t, step] = [span / 3, 1e-6];
        const slope = (at(trajectory, t + step).positions[0]! - at(trajectory, t - step).positions[0]!) / (2 * step);
        expect(at(trajectory, t).velocities[0]).toBeCloseTo(slope, 3);
      },
    ),
  );
});

it('takes up a trajectory that has begun already', () => {
  const points = [
    { at: 0, positions: [0, 0] },
    { at: 2, positions: [2, 2] },
  ];
  const trajectory = new Trajectory(message(points, joints, 9), joints, 10n * second, still([5, 5]));
  expect([...at(trajectory, 10).positions]).toEqual([1, 1]);
});

it.each<[string, number, () => Trajectory]>([
  ['names of other joints', -2, () => build([{ at: 1, positions: [0, 0] }], ['a', 'c'])],
  ['too few joints', -2, () => build([{ at: 1, positions: [0] }], ['a'])],
  ['no points', -1, () => build([])],
  ['too few positions', -1, () => build([{ at: 1, positions: [0] }])],
  ['a number that is none', -1, () => build([{ at: 1, positions: [0, Number.NaN] }])],
  [
    'times that do not grow',
    -1,
    () =>
      build([
        { at: 1, positions: [0, 0] },
        { at: 1, positions: [1, 1] },
      ]),
  ],
  ['a last point that moves', -1, () => build([{ at: 1, positions: [0, 0], velocities: [1, 0] }])],
  ['an end that is over', -3, () => build([{ at: 1, positions: [0, 0] }], joints, 3)],
])('refuses %s', (_, code, make) => {
  let caught: unknown;
  try {
    make();
  } catch (error) {
    caught = error;
  }
  expect(caught).toBeInstanceOf(TrajectoryError);
  expect((caught as TrajectoryError).code).toBe(code);
});

function build(points: readonly Point[], names = joints, stamp = 0): Trajectory {
  return new Trajectory(message(points, names, stamp), joints, 10n * second, still([0, 0]));
}
