import { expect, it } from 'vitest';
import type { JointTrajectory } from '../graph/messages.js';
import { JointTrajectoryController, type TrajectoryEnd } from './joint-trajectory-controller.js';

const joints = ['a', 'b'];
const second = 1_000_000_000n;
const none = { path: [], goal: [], goalTime: { sec: 0, nanosec: 0 } };
const still = new Float64Array(2);

function to(positions: readonly number[], sec = 1): JointTrajectory {
  const empty = new Float64Array(0);
  return {
    header: { stamp: { sec: 0, nanosec: 0 }, frame_id: '' },
    joint_names: joints,
    points: [
      {
        positions: Float64Array.from(positions),
        velocities: empty,
        accelerations: empty,
        effort: empty,
        time_from_start: { sec, nanosec: 0 },
      },
    ],
  };
}

function start(): {
  controller: JointTrajectoryController;
  ends: TrajectoryEnd[];
  onEnd: (end: TrajectoryEnd) => void;
} {
  const controller = new JointTrajectoryController(joints);
  controller.hold([0, 0]);
  const ends: TrajectoryEnd[] = [];
  return { controller, ends, onEnd: (end) => ends.push(end) };
}

it('takes a new trajectory up from where the arm is asked to be, and ends the goal before', () => {
  const { controller, ends, onEnd } = start();
  controller.followGoal(to([1, 0]), none, 0n, onEnd);
  controller.update(second / 2n, still, still);
  expect([...controller.setpoint.positions]).toEqual([0.5, 0]);
  controller.follow(to([0.5, 2]), second / 2n);
  expect(ends.map(({ result }) => result.error_code)).toEqual([-1]);
  controller.update(second, still, still);
  expect([...controller.setpoint.positions]).toEqual([0.5, 1]);
});

it('succeeds at the end once the joints stand still, and waits for that', () => {
  const { controller, ends, onEnd } = start();
  controller.followGoal(to([1, 0]), none, 0n, onEnd);
  controller.update(second, Float64Array.of(1, 0), Float64Array.of(0.5, 0));
  expect(ends).toEqual([]);
  controller.update(2n * second, Float64Array.of(1, 0), still);
  expect(ends).toEqual([{ status: 'succeeded', result: { error_code: 0, error_string: '' } }]);
  expect(controller.moving).toBe(false);
});

it('names joint, distance and tolerance of what is violated, and holds the arm where it is', () => {
  const path = start();
  const tolerance = [{ name: 'b', position: 0.1, velocity: 0, acceleration: 0 }];
  path.controller.followGoal(to([1, 0]), { ...none, path: tolerance }, 0n, path.onEnd);
  path.controller.update(second / 2n, Float64Array.of(0.5, 0.05), still);
  expect(path.ends).toEqual([]);
  path.controller.update(second / 2n, Float64Array.of(0.4, 0.2), still);
  expect(path.ends[0]!.result).toEqual({
    error_code: -4,
    error_string: 'on the way b is 0.2000 rad off; allowed are 0.1',
  });
  expect([...path.controller.setpoint.positions]).toEqual([0.4, 0.2]);

  const goal = start();
  const patient = { ...none, goal: tolerance, goalTime: { sec: 1, nanosec: 0 } };
  goal.controller.followGoal(to([1, 0]), patient, 0n, goal.onEnd);
  for (const at of [1n, 2n]) goal.controller.update(at * second, Float64Array.of(1, 0.3), still);
  expect(goal.ends).toEqual([]);
  goal.controller.update(2n * second + 1n, Float64Array.of(1, 0.3), still);
  expect(goal.ends[0]!.result.error_code).toBe(-5);
});

it('goes on with the trajectory before when a new one cannot be followed', () => {
  const { controller, ends, onEnd } = start();
  controller.follow(to([1, 0]), 0n);
  controller.followGoal({ ...to([1, 0]), joint_names: ['a', 'c'] }, none, 0n, onEnd);
  expect(ends[0]!.result.error_code).toBe(-2);
  controller.update(second / 4n, still, still);
  expect(controller.setpoint.positions[0]).toBeCloseTo(0.25, 12);
});

it('tells where a trajectory leads at a time within it, whenever it is asked', () => {
  const { controller } = start();
  expect(() => controller.sampleAt(0n)).toThrow('no trajectory is followed');
  controller.follow(to([1, -4]), second);
  controller.update((11n * second) / 10n, still, still);
  const { positions, velocities } = controller.sampleAt((3n * second) / 2n);
  expect([...positions]).toEqual([0.5, -2]);
  expect([...velocities]).toEqual([1, -4]);
  expect(controller.setpoint.positions[0]).toBeCloseTo(0.1, 12);
  expect(() => controller.sampleAt(second / 2n)).toThrow(
    'the time is 0.500 s; the trajectory goes from 1.000 to 2.000',
  );
  expect(() => controller.sampleAt(2n * second)).toThrow('the trajectory goes from');
});
