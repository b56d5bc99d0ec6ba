import type { MjcfNode } from '../mujoco/mjcf.js';

/** What a joint may do. */
export interface JointLimits {
  /** Least and greatest position, rad. */
  readonly low: number;
  readonly high: number;
  /** Greatest speed, rad/s, where no other bound is nearer. */
  readonly velocity: number;
  /** Greatest acceleration of the commanded motion, rad/s^2. */
  readonly acceleration: number;
  /** Greatest motor torque, N m. */
  readonly torque: number;
}

/** A joint's place on the link before it; it turns about its own z axis. */
export interface JointFrame {
  /** Metres, in the frame of the link before. */
  readonly position: readonly [x: number, y: number, z: number];
  /** Orientation in that frame, (w, x, y, z). */
  readonly quaternion: readonly [w: number, x: number, y: number, z: number];
}

export interface HandModel {
  /** Largest distance between the fingers, metres. */
  readonly maxWidth: number;
  /** Greatest speed of the width's change, m/s. */
  readonly maxSpeed: number;
  /** Greatest force between the fingers, N. */
  readonly maxForce: number;
}

/** An arm of seven hinges with a hand of two parallel fingers: kinematics, limits and bodies. */
export interface ArmModel {
  /** For example `panda`. */
  readonly name: string;
  readonly joints: readonly JointLimits[];
  /** Where the joints sit, from the base on. */
  readonly frames: readonly JointFrame[];
  /** Tool centre point in the frame of the last joint. */
  readonly tcp: JointFrame;
  /** Joint positions to start from, rad. */
  readonly home: readonly number[];
  /** Greatest distance of the tool centre point from the base, metres. */
  readonly reach: number;
  /** Greatest change of motor torque, N m/s. */
  readonly torqueRate: number;
  /** Greatest speed of the tool centre point, m/s and rad/s. */
  readonly cartesianSpeed: { readonly translation: number; readonly rotation: number };
  readonly hand: HandModel;
  /** Bounds of a joint's velocity (rad/s) at a position (rad). */
  velocityRange(joint: number, position: number): readonly [low: number, high: number];
  /** The arm with its hand as a body tree; bodies, joints and actuators are named as `names` says. */
  bodies(): MjcfNode;
}
