import { InputError } from '@rapport/core';
import { InverseKinematics, Kinematics, matrixToQuaternion } from '@rapport/sim';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type JointTrajectory, robotModes } from '../graph/messages.js';
import { robotNames } from './names.js';
import { SimulatedRobot } from './robot.js';
import { openCell } from './scene.js';

const { joints } = robotNames('fer');
const tick = 1_000_000n;
const faults: string[] = [];
let robot: SimulatedRobot;
let now = 0n;

beforeAll(async () => {
  const { cell } = await openCell('franka/lift', undefined);
  robot = new SimulatedRobot(cell, joints, (fault) => faults.push(fault));
});
afterAll(() => robot.cell.close());
beforeEach(() => {
  robot.reset(1);
  robot.switchController('joint_trajectory');
  faults.length = 0;
});

function run(seconds: number): void {
  for (let left = Math.round(seconds * 1000); left > 0; left--) {
    now += tick;
    robot.tick(now);
  }
}

/** A cubic of this many seconds. */
function trajectoryTo(positions: Float64Array, sec: number): JointTrajectory {
  const empty = new Float64Array(0);
  const point = { positions, velocities: new Float64Array(7), accelerations: empty, effort: empty };
  const header = { stamp: { sec: 0, nanosec: 0 }, frame_id: '' };
  return { header, joint_names: joints, points: [{ ...point, time_from_start: { sec, nanosec: 0 } }] };
}

/** Sends the joints somewhere, on a cubic of this many seconds. */
function go(positions: Float64Array, sec: number): void {
  robot.follow(trajectoryTo(positions, sec), now);
  run(sec + 0.3);
}

/** Joints that put the tool somewhere, turned as it is. */
function reach(position: ArrayLike<number>): Float64Array {
  const here = robot.cell.drive.positions.slice();
  const kinematics = new Kinematics(robot.cell.arm);
  kinematics.update(here);
  new InverseKinematics(robot.cell.arm).solve(
    here,
    { position, rotation: matrixToQuaternion(kinematics.rotation) },
    200,
  );
  return here;
}

it('grasps an object by its width, and tells when there is none', async () => {
  const [x, y, z] = robot.cell.body(robot.cell.objects[0]!).position;
  go(reach([x!, y!, z! + 0.1]), 1);
  go(reach([x!, y!, z!]), 1);
  const grasped = robot.gripper.grasp(0.045, 0.1, 30, 0.015, 0.015);
  run(2);
  expect(await grasped).toEqual({ success: true, error: '' });
  go(reach([x!, y!, z! + 0.1]), 1);
  expect(robot.cell.body(robot.cell.objects[0]!).position[2]).toBeGreaterThan(z! + 0.05);
  expect(faults).toEqual([]);

  robot.reset(1);
  const empty = robot.gripper.grasp(0.045, 0.1, 30, 0.015, 0.015);
  run(2);
  expect((await empty).error).toContain('the fingers stopped at');
});

it('ends a motion of the gripper by another one, by a stop and by a reset', async () => {
  const first = robot.gripper.move(0, 0.1);
  run(0.1);
  const second = robot.gripper.move(0.08, 0.1);
  expect((await first).error).toBe('a newer motion took its place');
  robot.gripper.stop();
  expect((await second).error).toBe('the gripper was stopped');
  const third = robot.gripper.move(0, 0.1);
  robot.reset(2);
  expect((await third).success).toBe(false);
  expect(await robot.gripper.move(0.2, 0.1)).toEqual({ success: false, error: 'width is 0.2 m; expected 0 to 0.08' });
});

it('brings the tool to a target pose and keeps its orientation', () => {
  robot.switchController('cartesian_impedance');
  expect(robot.mode).toBe(robotModes.move);
  const kinematics = new Kinematics(robot.cell.arm);
  kinematics.update(robot.cell.drive.positions);
  const before = matrixToQuaternion(kinematics.rotation);
  const target: [number, number, number] = [
    kinematics.position[0]! - 0.03,
    kinematics.position[1]! + 0.04,
    kinematics.position[2]!,
  ];
  robot.setTargetPose(target, before);
  run(2);
  kinematics.update(robot.cell.drive.positions);
  for (const [axis, value] of target.entries()) expect(kinematics.position[axis]).toBeCloseTo(value, 2);
  const after = matrixToQuaternion(kinematics.rotation);
  expect(Math.abs(after.reduce((sum, value, part) => sum + value * before[part]!, 0))).toBeGreaterThan(0.999);
  expect(() => robot.setTargetPose([Number.NaN, 0, 0], before)).toThrow(InputError);
});

it('keeps the arm from moving when another controller becomes active', () => {
  for (const controller of ['cartesian_impedance', 'joint_trajectory'] as const) {
    const before = robot.cell.drive.positions.slice();
    robot.switchController(controller);
    run(0.5);
    for (const [joint, position] of robot.cell.drive.positions.entries())
      expect(position).toBeCloseTo(before[joint]!, 2);
  }
  robot.switchController('cartesian_impedance');
  expect(() => go(robot.cell.drive.positions.slice(), 1)).toThrow('the active controller is cartesian_impedance');
});

it('takes no commands after a reflex, holds the arm, and takes them again after recovery', () => {
  const [x, y] = robot.cell.body(robot.cell.objects[0]!).position;
  const below = reach([x! + 0.1, y! + 0.1, -0.25]);
  go(below, 1);
  expect(faults).toHaveLength(1);
  expect(robot.mode).toBe(robotModes.reflex);
  expect(() => go(below, 1)).toThrow('takes no commands');
  const held = robot.cell.drive.positions.slice();
  run(0.5);
  for (const [joint, position] of robot.cell.drive.positions.entries()) expect(position).toBeCloseTo(held[joint]!, 1);
  robot.recover();
  expect(robot.mode).toBe(robotModes.idle);
  expect(robot.lastFault).toBe(faults[0]);
});

it('moves point to point only from rest, takes no trajectories meanwhile, and ends the motion at a reflex', () => {
  const ends: string[] = [];
  const move = (positions: ArrayLike<number>) =>
    robot.moveTo({ positions, maximumVelocities: joints.map(() => 1), tolerance: 0.01 }, ({ reached, error }) =>
      ends.push(reached ? 'reached' : error),
    );
  const near = robot.cell.drive.positions.slice();
  near[0]! += 0.2;
  move(near);
  expect(robot.mode).toBe(robotModes.move);
  expect(() => go(near, 1)).toThrow('the arm moves point to point');
  run(2);
  expect(ends).toEqual(['reached']);
  for (const [joint, position] of robot.cell.drive.positions.entries()) expect(position).toBeCloseTo(near[joint]!, 2);
  const [x, y] = robot.cell.body(robot.cell.objects[0]!).position;
  const below = reach([x! + 0.1, y! + 0.1, -0.25]);
  move(below);
  run(5);
  expect(ends[1]).toBe(`the arm stopped by itself: ${faults[0]}`);
  expect(() => move(near)).toThrow('takes no commands');
  robot.recover();
  const { positions } = robot.cell.drive;
  robot.follow(trajectoryTo(positions.slice(), 1), now);
  expect(() => move(near)).toThrow('the arm follows a trajectory');
});

it('sets stiffness and thresholds only within range and while the arm stands still', () => {
  robot.setJointStiffness([100, 100, 100, 100, 50, 50, 50]);
  expect(() => robot.setJointStiffness([100, 100, 100, 100, 50, 50, 1e6])).toThrow(InputError);
  robot.switchController('cartesian_impedance');
  expect(() => robot.setJointStiffness([1, 1, 1, 1, 1, 1, 1])).toThrow('the arm moves');
  expect(() => robot.setCollisionThresholds([1, 1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1])).toThrow('the arm moves');
});

it('follows a target pose with the Cartesian stiffness that was set, within its range', () => {
  const advance = (stiffness: readonly number[]) => {
    robot.switchController('joint_trajectory');
    robot.reset(3);
    robot.setCartesianStiffness(stiffness);
    robot.switchController('cartesian_impedance');
    const kinematics = new Kinematics(robot.cell.arm);
    kinematics.update(robot.cell.drive.positions);
    const [x, y, z] = Array.from(kinematics.position);
    robot.setTargetPose([x!, y!, z! + 0.05], matrixToQuaternion(kinematics.rotation));
    run(0.15);
    kinematics.update(robot.cell.drive.positions);
    return kinematics.position[2]! - z!;
  };
  expect(advance([1000, 1000, 1000, 30, 30, 30])).toBeGreaterThan(2 * advance([100, 100, 100, 30, 30, 30]));
  robot.switchController('joint_trajectory');
  expect(() => robot.setCartesianStiffness([5, 5, 5, 5, 5, 5])).toThrow('10 to 3000 N/m');
  expect(() => robot.setCartesianStiffness([500, 500, 500, 5, 5, 500])).toThrow(InputError);
});
