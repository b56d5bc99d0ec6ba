import type { Rgb, Vector3 } from '@rapport/core';
import { type MjcfNode, mjcf } from '../mujoco/mjcf.js';
import { rgba } from '../robots/shapes.js';

const floorColour: Rgb = [196, 200, 206];
const tableColour: Rgb = [214, 190, 158];

/** Height of the floor below the table's top, metres. */
const TABLE_HEIGHT = 0.75;

/** A rectangle of the table's top, metres. */
interface Area {
  readonly min: readonly [x: number, y: number];
  readonly max: readonly [x: number, y: number];
}

const usualArea: Area = { min: [-0.25, -0.6], max: [0.95, 0.6] };

export const forTheEye = { contype: 0, conaffinity: 0 };

const roundBit = 8;
/** For a cylinder that touches the table alone. */
export const touchesTable = { contype: 0, conaffinity: roundBit };

/**
 * A table whose top is the plane z = 0, metres, and the floor below it. What is felt of the top is a plane without end,
 * whose contacts are found exactly, to the last bit; the box is for the eye.
 */
export function tableAndFloor(area: Area = usualArea): MjcfNode[] {
  return [
    floor(),
    mjcf('geom', {
      name: 'table',
      type: 'plane',
      size: [3, 3, 1],
      rgba: rgba(tableColour, 0),
      contype: 1 + roundBit,
    }),
    tableTop(area, forTheEye),
    ...tableLegs(area),
  ];
}

/** The floor under the table. */
export function floor(): MjcfNode {
  return mjcf('geom', {
    name: 'floor',
    type: 'plane',
    pos: [0, 0, -TABLE_HEIGHT],
    size: [3, 3, 1],
    rgba: rgba(floorColour),
  });
}

/** A piece of a table's top that ends at its edges. */
export function tableTop({ min, max }: Area, bits: Readonly<Record<string, number>> = {}): MjcfNode {
  return mjcf('geom', {
    type: 'box',
    pos: [(min[0] + max[0]) / 2, (min[1] + max[1]) / 2, -0.02],
    size: [(max[0] - min[0]) / 2, (max[1] - min[1]) / 2, 0.02],
    rgba: rgba(tableColour),
    ...bits,
  });
}

/** Legs under a rectangle of a table, for the eye. */
export function tableLegs({ min, max }: Area = usualArea): MjcfNode[] {
  return [min[0] + 0.05, max[0] - 0.05].flatMap((x) =>
    [min[1] + 0.05, max[1] - 0.05].map((y) =>
      mjcf('geom', {
        type: 'box',
        pos: [x, y, -TABLE_HEIGHT / 2 - 0.02],
        size: [0.03, 0.03, TABLE_HEIGHT / 2 - 0.02],
        rgba: rgba(tableColour),
        ...forTheEye,
      }),
    ),
  );
}

/** Boxes that make up the side of an upright cylinder: together a prism of 16 sides. */
const SIDE_BOXES = 8;
/** How much lower than the cylinder the prism is at either end, metres, so that it is the cylinder that stands. */
const SIDE_INSET = 0.0005;

/**
 * An upright cylinder with its centre at the origin of its body: it stands and rolls on the table as a cylinder; everything
 * else feels a prism inside it. Contacts of a cylinder with a plane, and of boxes with boxes, are found exactly; those of a
 * cylinder with a box by iterations whose end hangs on the last bit.
 */
export function uprightCylinder(options: {
  /** Metres. */
  readonly radius: number;
  readonly halfHeight: number;
  /** Kilograms. */
  readonly mass: number;
  readonly colour: Rgb;
  /** Sliding friction. */
  readonly friction: number;
}): MjcfNode[] {
  const { radius, halfHeight, mass, colour } = options;
  const friction = [options.friction, 0.005, 0.0001];
  const halfSide = Math.PI / (2 * SIDE_BOXES);
  const side = (index: number) => {
    const angle = (Math.PI * index) / SIDE_BOXES;
    return mjcf('geom', {
      type: 'box',
      quat: [Math.cos(angle / 2), 0, 0, Math.sin(angle / 2)],
      size: [radius * Math.cos(halfSide), radius * Math.sin(halfSide), halfHeight - SIDE_INSET],
      mass: 0,
      rgba: rgba(colour, 0),
      friction,
    });
  };
  return [
    mjcf('geom', {
      type: 'cylinder',
      size: [radius, halfHeight],
      mass,
      rgba: rgba(colour),
      friction,
      ...touchesTable,
    }),
    ...Array.from({ length: SIDE_BOXES }, (_, index) => side(index)),
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
