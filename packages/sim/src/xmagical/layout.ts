import type { BlockColour } from '../render/palette.js';
import type { BlockShape, FloorRectangle } from './view.js';

/** Position in metres and angle in radians, world frame; the robot's "forward" is its own +y. */
export interface Pose {
  readonly x: number;
  readonly y: number;
  readonly angle: number;
}

export interface BlockLayout extends Pose {
  readonly shape: BlockShape;
  readonly colour: BlockColour;
}

/** Force and torque caps of the joints: newtons and newton metres. The only physics that X-Magical randomises. */
export interface Dynamics {
  /** Drive force of the robot. */
  readonly drive: number;
  /** Turn torque of the robot. */
  readonly turn: number;
  /** Torque of a finger's motor. */
  readonly finger: number;
  /** Ground friction force of a block. */
  readonly blockFriction: number;
  /** Ground friction torque of a block. */
  readonly blockFrictionTorque: number;
}

/** X-Magical's own caps (`PhysicsVariables` in its `base_env.py`). */
export const defaultDynamics: Dynamics = {
  drive: 5,
  turn: 1,
  finger: 4,
  blockFriction: 1.5,
  blockFrictionTorque: 0.1,
};

/** Everything an episode starts from. */
export interface Layout {
  readonly robot: Pose;
  readonly blocks: readonly BlockLayout[];
  readonly goal: FloorRectangle & { readonly colour: BlockColour };
  /** Off-limits zones: drawn on the floor, without physics. */
  readonly zones: readonly FloorRectangle[];
  readonly dynamics: Dynamics;
}
