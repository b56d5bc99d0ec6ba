import type { SpaceEntry, Vector3 } from '@rapport/core';
import { VELOCITY_TOLERANCE } from '../control/arm-drive.js';
import type { ToolPose } from '../control/inverse-kinematics.js';
import type { ArmModel } from '../robots/arm-model.js';
import { rotate } from '../spatial/rotation.js';

/** What is measured of an arm. */
export interface ArmReading {
  /** rad, shape [7]. */
  readonly jointPositions: ArrayLike<number>;
  /** rad/s, shape [7]. */
  readonly jointVelocities: ArrayLike<number>;
  /** The tool centre point in the world, metres, shape [3]. */
  readonly tcpPosition: ArrayLike<number>;
  /** worldFromTcp, row-major, shape [9]. */
  readonly tcpRotation: ArrayLike<number>;
  /** Metres. */
  readonly gripperWidth: number;
}

/** Where the parts of an arm's observation begin; the task's own entries follow at `end`. */
export const armLayout = {
  joints: 0,
  jointVelocities: 7,
  tcp: 14,
  gripperWidth: 23,
  target: 24,
  gripperTarget: 33,
  end: 34,
} as const;

/** How far the simulation's stops, which are not perfectly hard, may be pushed: rad and metres. */
const JOINT_SLACK = 0.1;
const WIDTH_SLACK = 0.01;
/** How far the target may be ahead of the tool, metres. */
const TARGET_SLACK = 0.05;

/**
 * What is observed of every arm: joints, the pose of the tool and the width of the gripper as they are, and as they were
 * commanded last. Increments add to the commanded pose, so that a policy which is to arrive somewhere must know it.
 * @param base where the arm stands in the world, metres
 */
export function armEntries(arm: ArmModel, base: Vector3 = [0, 0, 0]): SpaceEntry[] {
  const span = toolSpan(arm);
  // A Cartesian pose may send the tool as far as its bounds allow, increments a leash's length beyond where it can be.
  const sent = Math.max(span, arm.reach + Math.max(...base.map(Math.abs))) + TARGET_SLACK;
  return [
    ...arm.limits.map(({ low, high }, joint) => ({
      name: `joint_${joint + 1}`,
      unit: 'rad',
      low: low - JOINT_SLACK,
      high: high + JOINT_SLACK,
    })),
    ...arm.limits.map(({ velocity }, joint) => ({
      name: `joint_velocity_${joint + 1}`,
      unit: 'rad/s',
      low: -VELOCITY_TOLERANCE * velocity,
      high: VELOCITY_TOLERANCE * velocity,
    })),
    ...poseEntries('tcp', { centre: base, span }),
    { name: 'gripper_width', unit: 'm', low: -WIDTH_SLACK, high: arm.hand.maxWidth + WIDTH_SLACK },
    ...poseEntries('target', { centre: base, span: sent }),
    { name: 'gripper_target', unit: 'm', low: 0, high: arm.hand.maxWidth },
  ];
}

/** All lengths from the base to the tool centre point laid end to end, metres. */
function toolSpan({ links, hand }: ArmModel): number {
  const offsets = [...links.map(({ joint }) => joint), hand.mount, hand.tcp];
  return offsets.reduce((sum, { position }) => sum + Math.hypot(...position), 0);
}

/**
 * A position, and the x and y columns of a rotation matrix: without the jumps of angles and quaternions.
 * @param within the cube that holds the position, metres; a thing that is free to roll away has none
 */
export function poseEntries(name: string, within?: { readonly centre: Vector3; readonly span: number }): SpaceEntry[] {
  const { centre, span } = within ?? { centre: [0, 0, 0], span: Number.POSITIVE_INFINITY };
  return [
    ...['x', 'y', 'z'].map((axis, index) => ({
      name: `${name}_${axis}`,
      unit: 'm',
      low: centre[index]! - span,
      high: centre[index]! + span,
    })),
    ...['x', 'y'].flatMap((column) =>
      ['x', 'y', 'z'].map((axis) => ({ name: `${name}_${column}_axis_${axis}`, unit: '1', low: -1, high: 1 })),
    ),
  ];
}

/** Writes what `poseEntries` names from a row-major rotation matrix. */
export function writePose(
  position: ArrayLike<number>,
  rotation: ArrayLike<number>,
  out: Float32Array,
  start: number,
): void {
  out.set(position, start);
  for (let column = 0; column < 2; column++) {
    for (let axis = 0; axis < 3; axis++) out[start + 3 + 3 * column + axis] = rotation[3 * axis + column]!;
  }
}

/** Writes what `armEntries` names. */
export function writeArm(arm: ArmReading, target: ToolPose, gripperTarget: number, out: Float32Array): void {
  out.set(arm.jointPositions, armLayout.joints);
  out.set(arm.jointVelocities, armLayout.jointVelocities);
  writePose(arm.tcpPosition, arm.tcpRotation, out, armLayout.tcp);
  out[armLayout.gripperWidth] = arm.gripperWidth;
  out.set(target.position, armLayout.target);
  out.set(rotate(target.rotation, [1, 0, 0]), armLayout.target + 3);
  out.set(rotate(target.rotation, [0, 1, 0]), armLayout.target + 6);
  out[armLayout.gripperTarget] = gripperTarget;
}
