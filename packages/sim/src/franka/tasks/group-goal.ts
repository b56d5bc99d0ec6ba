import type { Rgb, Vector3 } from '@rapport/core';
import { type MjcfNode, mjcf } from '../../mujoco/mjcf.js';
import { rgba } from '../../robots/shapes.js';

/** Things are brought over the line x = 0.4, metres in the world, towards smaller x. */
export const GOAL_LINE = 0.4;
/** They count as brought this far before the line, metres. */
export const REACHED_HOME = 0.08;

/** How far a thing is from the line, metres. */
export function homeDistance(position: ArrayLike<number>): number {
  return Math.abs(position[0]! - GOAL_LINE);
}

/** The blue strip 0.2 m <= x <= 0.4 m on the table. */
export function goalStrip(): MjcfNode {
  return mjcf('geom', {
    name: 'goal_strip',
    type: 'box',
    pos: [GOAL_LINE - 0.1, 0, 0.0005],
    size: [0.1, 0.75, 0.0005],
    rgba: rgba([58, 96, 196]),
    contype: 0,
    conaffinity: 0,
  });
}

/** Density of the blocks, kg/m^3: RAPL's. */
const DENSITY = 5000;

/**
 * A block of wood that slides on the table and along other blocks (friction 0.4) and that the fingers' rubber holds.
 * @param halfExtents metres
 */
export function block(name: string, halfExtents: Vector3, colour: Rgb, position: Vector3): MjcfNode {
  const [x, y, z] = halfExtents;
  return mjcf('body', { name, pos: position }, [
    mjcf('freejoint'),
    mjcf('geom', {
      name,
      type: 'box',
      size: halfExtents,
      mass: DENSITY * 8 * x * y * z,
      rgba: rgba(colour),
      friction: [0.4, 0.005, 0.0001],
      // As that of the fingers: of two equals the greater friction holds, of others that of the higher priority.
      priority: 1,
    }),
  ]);
}
