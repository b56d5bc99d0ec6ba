import type { Rgb, Vector3 } from '@rapport/core';
import { type MjcfNode, mjcf } from '../mujoco/mjcf.js';

/** Colours of the arms' parts. */
export const armColours = {
  shell: [236, 238, 240],
  joint: [70, 74, 80],
  hand: [205, 208, 212],
  finger: [60, 62, 66],
  orange: [232, 126, 38],
  silver: [176, 180, 186],
} as const satisfies Record<string, Rgb>;

/**
 * Which things collide. Arms collide with the world and not with themselves, but the hand collides with the arm's first
 * links, which it could reach.
 */
export const collisionBits = {
  arm: { contype: 2, conaffinity: 1 },
  lowerArm: { contype: 2, conaffinity: 5 },
  hand: { contype: 6, conaffinity: 1 },
  none: { contype: 0, conaffinity: 0 },
} as const;

export type CollisionBits = (typeof collisionBits)[keyof typeof collisionBits];

/** MuJoCo's colour, with numbers from 0 to 1. */
export function rgba([red, green, blue]: Rgb, opacity = 1): number[] {
  return [red / 255, green / 255, blue / 255, opacity];
}

/** A capsule between two points of its body's frame, metres. */
export function capsule(from: Vector3, to: Vector3, radius: number, colour: Rgb, bits: CollisionBits): MjcfNode {
  return mjcf('geom', { type: 'capsule', fromto: [...from, ...to], size: radius, rgba: rgba(colour), ...bits });
}

/** A cylinder between the centres of its ends, metres. */
export function cylinder(from: Vector3, to: Vector3, radius: number, colour: Rgb, bits: CollisionBits): MjcfNode {
  return mjcf('geom', { type: 'cylinder', fromto: [...from, ...to], size: radius, rgba: rgba(colour), ...bits });
}

/** A box by its centre and half extents, metres. */
export function box(centre: Vector3, halfExtents: Vector3, colour: Rgb, bits: CollisionBits): MjcfNode {
  return mjcf('geom', { type: 'box', pos: centre, size: halfExtents, rgba: rgba(colour), ...bits });
}
