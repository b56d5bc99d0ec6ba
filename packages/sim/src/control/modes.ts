import type { SpaceEntry } from '@rapport/core';
import type { ArmModel } from '../robots/arm-model.js';

/**
 * What an action of an environment is. The last entry of every mode is the gripper's target width in metres. Cartesian
 * positions, displacements and rotations are in the axes of the world.
 */
export type ControlMode =
  /** Seven joint targets, rad; stiff tracking. */
  | { readonly kind: 'joint-position' }
  /** Seven increments of the joint targets per control step, rad. */
  | { readonly kind: 'joint-delta'; readonly maxStepRad: number }
  /** Seven joint targets, rad; soft tracking, so that contacts give way. */
  | { readonly kind: 'joint-impedance' }
  /** Target position (m) and rotation vector (rad) of the tool centre point. */
  | { readonly kind: 'cartesian-pose' }
  /** Displacement (m) and rotation (rotation vector, rad) of the target per control step. */
  | { readonly kind: 'cartesian-delta'; readonly maxStepMetres: number; readonly maxStepRad: number }
  /** Displacement of the target per control step, m; the hand keeps its orientation of the episode's start. */
  | { readonly kind: 'cartesian-delta-position'; readonly maxStepMetres: number };

/** Names, units and bounds of an action; actions beyond the bounds are clipped to them. */
export function actionEntries(mode: ControlMode, arm: ArmModel): SpaceEntry[] {
  return [...motionEntries(mode, arm), { name: 'gripper_width', unit: 'm', low: 0, high: arm.hand.maxWidth }];
}

function motionEntries(mode: ControlMode, arm: ArmModel): SpaceEntry[] {
  switch (mode.kind) {
    case 'joint-position':
    case 'joint-impedance':
      return arm.limits.map(({ low, high }, index) => ({ name: `joint_${index + 1}`, unit: 'rad', low, high }));
    case 'joint-delta':
      return arm.limits.map((_, index) => symmetric(`joint_${index + 1}_step`, 'rad', mode.maxStepRad));
    case 'cartesian-pose':
      return [...axes('target', 'm', arm.reach), ...axes('target_rotation', 'rad', Math.PI)];
    case 'cartesian-delta':
      return [...axes('step', 'm', mode.maxStepMetres), ...axes('step_rotation', 'rad', mode.maxStepRad)];
    case 'cartesian-delta-position':
      return axes('step', 'm', mode.maxStepMetres);
  }
}

function axes(name: string, unit: string, bound: number): SpaceEntry[] {
  return ['x', 'y', 'z'].map((axis) => symmetric(`${name}_${axis}`, unit, bound));
}

function symmetric(name: string, unit: string, bound: number): SpaceEntry {
  return { name, unit, low: -bound, high: bound };
}
