import type { Rgb, Vector3 } from '@rapport/core';
import { type MjcfNode, mjcf } from '../mujoco/mjcf.js';
import { rgba } from '../robots/shapes.js';

const floorColour: Rgb = [196, 200, 206];
const tableColour: Rgb = [214, 190, 158];

/** Height of the floor below the table's top, metres. */
const TABLE_HEIGHT = 0.75;

/** A table whose top is the plane z = 0, metres, and the floor below it. */
export function tableAndFloor(
  area: { readonly min: readonly [x: number, y: number]; readonly max: readonly [x: number, y: number] } = {
    min: [-0.25, -0.6],
    max: [0.95, 0.6],
  },
): MjcfNode[] {
  const centre = [(area.min[0] + area.max[0]) / 2, (area.min[1] + area.max[1]) / 2];
  const half = [(area.max[0] - area.min[0]) / 2, (area.max[1] - area.min[1]) / 2];
  return [
    mjcf('geom', {
      name: 'floor',
      type: 'plane',
      pos: [0, 0, -TABLE_HEIGHT],
      size: [3, 3, 1],
      rgba: rgba(floorColour),
    }),
    mjcf('geom', {
      name: 'table',
      type: 'box',
      pos: [...centre, -0.02],
      size: [...half, 0.02],
      rgba: rgba(tableColour),
    }),
    ...[-1, 1].flatMap((x) =>
      [-1, 1].map((y) =>
        mjcf('geom', {
          type: 'box',
          pos: [centre[0]! + x * (half[0]! - 0.05), centre[1]! + y * (half[1]! - 0.05), -TABLE_HEIGHT / 2 - 0.02],
          size: [0.03, 0.03, TABLE_HEIGHT / 2 - 0.02],
          rgba: rgba(tableColour),
          contype: 0,
          conaffinity: 0,
        }),
      ),
    ),
  ];
}

/** A box that can be moved, with its centre at the origin of its body until a task places it. */
export function freeBox(options: {
  readonly name: string;
  /** Metres. */
  readonly halfExtents: Vector3;
  /** Kilograms. */
  readonly mass: number;
  readonly colour: Rgb;
  /** Where it stands in the model, metres. */
  readonly position: Vector3;
}): MjcfNode {
  const { name, halfExtents, mass, colour, position } = options;
  return mjcf('body', { name, pos: position }, [
    mjcf('freejoint'),
    mjcf('geom', { name, type: 'box', size: halfExtents, mass, rgba: rgba(colour), friction: [1, 0.005, 0.0001] }),
  ]);
}

/** A ball that nothing touches, to be placed as a goal. */
export function goalMarker(name: string, radius: number, colour: Rgb): MjcfNode {
  return mjcf('body', { name, mocap: true }, [
    mjcf('geom', { name, type: 'sphere', size: radius, rgba: rgba(colour, 0.6), contype: 0, conaffinity: 0 }),
  ]);
}
