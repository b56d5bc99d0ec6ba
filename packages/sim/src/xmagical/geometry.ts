import { rotationOf } from '../chipmunk/rotation.js';
import type { BlockShape, EmbodimentName } from './view.js';

export type Corner = readonly [x: number, y: number];

/** Sizes of X-Magical's things, metres and kilograms (`base_env.py`, `entities/` of x-magical 0.0.4). */
export const robotRadius = 0.2;
export const robotMass = 1;
export const blockRadius = 0.6 * robotRadius;
export const blockMass = 0.01;
/** The walls' inner faces lie at plus and minus this. */
export const arenaHalfSide = 1.1;

/** Sticks are boxes: width along the robot's x, thickness along its y. */
export const stickSizes = {
  shortstick: { width: 1.5 * robotRadius, thickness: 0.5 * robotRadius },
  mediumstick: { width: 3 * robotRadius, thickness: 0.5 * robotRadius },
  longstick: { width: 8 * robotRadius, thickness: 0.5 * robotRadius },
} as const satisfies Record<Exclude<EmbodimentName, 'gripper'>, { width: number; thickness: number }>;

/** The gripper's fingers: an upper arm and a forearm bent inwards, both boxes. */
export const finger = {
  mass: robotMass / 8,
  thickness: 0.25 * robotRadius,
  upperArm: 1.1 * robotRadius,
  forearm: 0.7 * robotRadius,
  bend: Math.PI / 8,
  /** Where the finger turns, in the robot's frame; x is negative for the left finger. */
  pivotX: 0.45 * robotRadius,
  pivotY: 0.1 * robotRadius,
  /** Angle between robot and finger when fully open, outwards. */
  open: Math.PI / 8,
} as const;

/** A convex part of a block: corners, or a disc about the origin when there are none. */
export interface BlockGeometry {
  readonly parts: readonly (readonly Corner[])[];
  /** Radius of the disc, or of the skin around the parts. */
  readonly radius: number;
  /** Outline whose moment of inertia the block has; none for a disc. */
  readonly outline: readonly Corner[];
}

/** Corners of a box about the origin, counter-clockwise from the lower right: Chipmunk's order for boxes. */
export function boxCorners(width: number, height: number): readonly Corner[] {
  const x = width / 2;
  const y = height / 2;
  return [
    [x, -y],
    [x, y],
    [-x, y],
    [-x, -y],
  ];
}

export function blockGeometry(shape: BlockShape): BlockGeometry {
  switch (shape) {
    case 'square': {
      const side = Math.sqrt(Math.PI) * blockRadius;
      const corners = boxCorners(side, side);
      return { parts: [corners], radius: 0.01 * side, outline: corners };
    }
    case 'circle':
      return { parts: [], radius: blockRadius, outline: [] };
    case 'pentagon': {
      const share = Math.PI / 5;
      const side = 2 * blockRadius * Math.sqrt(share * Math.tan(share));
      const circumradius = side / (2 * rotationOf(share).sine);
      const corners = radialCorners(
        [circumradius],
        [0, 1, 2, 3, 4].map((corner) => corner * (2 * share)),
      );
      return { parts: [fromLeftmost(corners)], radius: 0, outline: corners };
    }
    case 'star': {
      const outer = 1.3 * blockRadius;
      const corners = radialCorners(
        [outer, 0.5 * outer],
        Array.from({ length: 10 }, (_, corner) => (corner * Math.PI) / 5),
      );
      return { parts: starParts(corners), radius: 0, outline: corners.filter((_, index) => index % 2 === 0) };
    }
  }
}

/**
 * The star's six convex parts as Chipmunk's convex decomposition cuts it: along lines through the centre, which rounding
 * leaves as two corners, one on each side of it.
 */
function starParts(corners: readonly Corner[]): readonly (readonly Corner[])[] {
  const below: Corner = [-6.3681633555662395e-18, -6.938893903907228e-17];
  const above: Corner = [-6.368163355566234e-18, 6.916689443414731e-17];
  const corner = (index: number) => corners[index]!;
  return [
    [below, corner(9), corner(0)],
    [below, corner(7), corner(8), corner(9)],
    [corner(5), corner(6), corner(7), below],
    [corner(4), corner(5), below, corner(3)],
    [corner(2), corner(3), below, above, corner(1)],
    [corner(1), above, corner(0)],
  ];
}

/**
 * Upper arm and forearm in the finger's frame, counter-clockwise. The finger's origin is its pivot, at the foot of the
 * upper arm; the forearm is hinged at the upper arm's outer top corner.
 * @param side -1 for the left finger, 1 for the right one
 */
export function fingerBoxes(side: -1 | 1): readonly [readonly Corner[], readonly Corner[]] {
  const { thickness, upperArm, forearm, bend } = finger;
  const half = thickness / 2;
  const { cosine, sine } = rotationOf(side * bend);
  const centreX = -side * half;
  const centreY = forearm / 2;
  const shiftX = side * half + (centreX * cosine - centreY * sine);
  const shiftY = upperArm / 2 + (centreX * sine + centreY * cosine) + upperArm / 2;
  const forearmCorners = rectangle(thickness, forearm).map(
    ([x, y]): Corner => [x * cosine - y * sine + shiftX, x * sine + y * cosine + shiftY],
  );
  return [rectangle(thickness, upperArm).map(([x, y]): Corner => [x, y + upperArm / 2]), forearmCorners];
}

/** Corners counter-clockwise from the upper right: the order that decides the fingers' moment of inertia. */
function rectangle(width: number, height: number): readonly Corner[] {
  const x = width / 2;
  const y = height / 2;
  return [
    [x, y],
    [-x, y],
    [-x, -y],
    [x, -y],
  ];
}

/** Corners at those angles from straight up, counter-clockwise, radians; the radii take turns. */
function radialCorners(radii: readonly number[], angles: readonly number[]): readonly Corner[] {
  return angles.map((angle, index): Corner => {
    const radius = radii[index % radii.length]!;
    const { cosine, sine } = rotationOf(angle);
    return [-radius * sine, radius * cosine];
  });
}

/**
 * The corners of a convex polygon, counter-clockwise, beginning with the leftmost (of equals the lowest): the order in
 * which Chipmunk's convex hull lists them.
 * @param corners counter-clockwise
 */
export function fromLeftmost(corners: readonly Corner[]): readonly Corner[] {
  let first = 0;
  corners.forEach(([x, y], index) => {
    const [leftX, leftY] = corners[first]!;
    if (x < leftX || (x === leftX && y < leftY)) first = index;
  });
  return [...corners.slice(first), ...corners.slice(0, first)];
}
