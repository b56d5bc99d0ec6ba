import type { Rgb } from '@rapport/core';
import { type BlockColour, blockColours, grey, pupil, white } from '../render/palette.js';

/** One flat-coloured polygon of a picture. */
export interface ViewPolygon {
  /** Which pose moves it: an index into the poses given at drawing time, or -1 for one that never moves. */
  readonly body: number;
  /** Corners x0, y0, x1, y1, ... in the body's frame (world frame when `body` is -1), metres. */
  readonly vertices: Float64Array;
  readonly fill: Rgb;
  /** Drawn two pixels wide over the edge; none when undefined. */
  readonly outline: Rgb | undefined;
}

/**
 * What the arena looks like in one episode: polygons in drawing order, the unmoving ones that lie lowest first. It is
 * drawn with poses of shape [bodyCount, 3]: x, y in metres and the angle in radians, world frame.
 */
export interface ArenaView {
  readonly bodyCount: number;
  readonly background: Rgb;
  readonly polygons: readonly ViewPolygon[];
}

/** The four robots. */
export type EmbodimentName = 'gripper' | 'shortstick' | 'mediumstick' | 'longstick';

export type BlockShape = 'square' | 'pentagon' | 'star' | 'circle';

/** An axis-aligned rectangle of the floor, metres. */
export interface FloorRectangle {
  readonly left: number;
  readonly right: number;
  readonly bottom: number;
  readonly top: number;
}

/** What one episode shows. */
export interface ArenaContents {
  readonly embodiment: EmbodimentName;
  readonly blocks: readonly { readonly shape: BlockShape; readonly colour: BlockColour }[];
  readonly goal: FloorRectangle & { readonly colour: BlockColour };
  /** Off-limits zones, drawn blue on the floor. */
  readonly zones: readonly FloorRectangle[];
}

/**
 * The picture of X-Magical's arena. Poses, in order: the robot; the blocks; the left and the right eye (position: the
 * eye's centre in the world; angle: the pupil's); for the gripper the left and the right finger.
 */
export function arenaView(contents: ArenaContents): ArenaView {
  const { embodiment, blocks, goal, zones } = contents;
  const firstEye = 1 + blocks.length;
  const firstFinger = firstEye + 2;
  const gripper = embodiment === 'gripper';
  const goalColour = blockColours[goal.colour];
  const { base, dark } = grey;
  const eye = eyeOffset(embodiment);
  const eyes = [-eye.x, eye.x].map((x) => ({
    body: 0,
    vertices: circleVertices(0.04, x, eye.y),
    fill: white,
    outline: undefined,
  }));
  const pupils = [firstEye, firstEye + 1].map((body) => ({
    body,
    vertices: circleVertices(0.024, 0, 0.014),
    fill: pupil,
    outline: undefined,
  }));
  const fingers = gripper ? fingerPolygons(firstFinger) : [];
  return {
    bodyCount: gripper ? firstFinger + 2 : firstFinger,
    background: grey.pale,
    polygons: [
      { body: -1, vertices: rectangleVertices(2.2, 2.2), fill: white, outline: base },
      { body: -1, vertices: floorVertices(goal), fill: goalColour.light, outline: goalColour.base },
      ...zones.map((zone) => ({
        body: -1,
        vertices: floorVertices(zone),
        fill: blockColours.blue.base,
        outline: blockColours.blue.dark,
      })),
      ...blocks.flatMap(({ shape, colour }, index) => blockPolygons(shape, colour, 1 + index)),
      ...fingers,
      {
        body: 0,
        vertices: gripper ? circleVertices(0.2) : rectangleVertices(stickWidths[embodiment], 0.1),
        fill: base,
        outline: dark,
      },
      ...eyes,
      ...pupils,
    ],
  };
}

/** Where the eyes' centres lie in the robot's frame: the left one at (-x, y), the right one at (x, y). */
export function eyeOffset(embodiment: EmbodimentName): { readonly x: number; readonly y: number } {
  return embodiment === 'gripper' ? { x: 0.08, y: 0.06 } : { x: 0.06, y: 0 };
}

const stickWidths = { shortstick: 0.3, mediumstick: 0.6, longstick: 1.6 } as const;

function blockPolygons(shape: BlockShape, colour: BlockColour, body: number): ViewPolygon[] {
  const { base, dark } = blockColours[colour];
  const radius = 0.12;
  switch (shape) {
    case 'square': {
      const side = Math.sqrt(Math.PI) * radius;
      return [{ body, vertices: rectangleVertices(side, side), fill: base, outline: dark }];
    }
    case 'circle':
      return [{ body, vertices: circleVertices(radius), fill: base, outline: dark }];
    case 'pentagon': {
      const circumradius = Math.sqrt((2 * Math.PI) / (5 * Math.sin((2 * Math.PI) / 5))) * radius;
      return [{ body, vertices: radialVertices([circumradius], 5), fill: base, outline: dark }];
    }
    case 'star': {
      const outer = 1.3 * radius;
      const line = 0.015;
      const star = (outerRadius: number, innerRadius: number, parts: typeof starParts, fill: Rgb) => {
        const corners = radialVertices([outerRadius, innerRadius], 10);
        return parts.map((part) => ({ body, vertices: partVertices(corners, part), fill, outline: undefined }));
      };
      return [
        ...star(outer, 0.5 * outer, starParts, dark),
        ...star(outer - line, 0.5 * outer - line, innerStarParts, base),
      ];
    }
  }
}

/**
 * The convex parts that X-Magical draws a star in, as corners of the star; `centre` is its middle. Filling the star as a
 * whole would leave out pixels at its tips.
 */
const centre = -1;
const starParts: readonly (readonly number[])[] = [
  [centre, 9, 0],
  [centre, 7, 8, 9],
  [5, 6, 7, centre],
  [4, 5, centre, 3],
  [2, 3, centre, 1],
  [1, centre, 0],
];
/** The smaller star inside is cut otherwise. */
const innerStarParts: typeof starParts = [
  [2, centre, 1],
  [1, centre, 9, 0],
  [centre, 7, 8, 9],
  [5, 6, 7, centre],
  [4, 5, centre, 3],
  [2, 3, centre],
];

function partVertices(corners: Float64Array, part: readonly number[]): Float64Array {
  return Float64Array.from(
    part.flatMap((corner) => (corner === centre ? [0, 0] : [corners[2 * corner]!, corners[2 * corner + 1]!])),
  );
}

/** Both fingers: the grey boxes first, then the pale ones inside them. */
function fingerPolygons(firstFinger: number): ViewPolygon[] {
  const line = 0.01;
  const sides = [
    { side: -1, body: firstFinger },
    { side: 1, body: firstFinger + 1 },
  ];
  const outer = sides.flatMap(({ side, body }) =>
    fingerBoxes(side, 0.22, 0.14, 0.05, 0).map((vertices) => ({ body, vertices, fill: grey.base, outline: undefined })),
  );
  const inner = sides.flatMap(({ side, body }) =>
    fingerBoxes(side, 0.22 - 2 * line, 0.14 - 2 * line, 0.05 - 2 * line, line).map((vertices) => ({
      body,
      vertices,
      fill: grey.pale,
      outline: undefined,
    })),
  );
  return [...outer, ...inner];
}

/**
 * Upper arm and forearm of a finger, in the finger's frame: the forearm is hinged at the upper arm's outer top corner
 * and bent inwards by pi / 8.
 * @param side -1 for the left finger, 1 for the right one
 * @param lift how far both are moved along y
 */
function fingerBoxes(side: number, upperArm: number, forearm: number, thickness: number, lift: number): Float64Array[] {
  const half = thickness / 2;
  const cosine = Math.cos(Math.PI / 8);
  const sine = side * Math.sin(Math.PI / 8);
  const hingeX = side * half;
  const bent = [
    [0, 0],
    [0, forearm],
    [-side * thickness, forearm],
    [-side * thickness, 0],
  ].flatMap(([x, y]) => [hingeX + cosine * x! - sine * y!, lift + upperArm + sine * x! + cosine * y!]);
  return [
    new Float64Array([half, lift + upperArm, -half, lift + upperArm, -half, lift, half, lift]),
    new Float64Array(bent),
  ];
}

function floorVertices({ left, right, bottom, top }: FloorRectangle): Float64Array {
  return rectangleVertices(right - left, top - bottom, (left + right) / 2, (top + bottom) / 2);
}

/** Corners at equal angles, the first one straight up, counter-clockwise; the radii take turns. */
function radialVertices(radii: readonly number[], corners: number): Float64Array {
  const vertices = new Float64Array(2 * corners);
  for (let corner = 0; corner < corners; corner++) {
    const radius = radii[corner % radii.length]!;
    const angle = (2 * Math.PI * corner) / corners;
    vertices[2 * corner] = -radius * Math.sin(angle);
    vertices[2 * corner + 1] = radius * Math.cos(angle);
  }
  return vertices;
}

/** A circle as X-Magical draws it: a polygon of 100 corners. */
function circleVertices(radius: number, centreX = 0, centreY = 0): Float64Array {
  const corners = 100;
  const vertices = new Float64Array(2 * corners);
  for (let corner = 0; corner < corners; corner++) {
    const angle = (2 * Math.PI * corner) / corners;
    vertices[2 * corner] = centreX + radius * Math.cos(angle);
    vertices[2 * corner + 1] = centreY + radius * Math.sin(angle);
  }
  return vertices;
}

/** A rectangle with its centre at (centreX, centreY). */
function rectangleVertices(width: number, height: number, centreX = 0, centreY = 0): Float64Array {
  const halfWidth = width / 2;
  const halfHeight = height / 2;
  return new Float64Array([
    centreX - halfWidth,
    centreY + halfHeight,
    centreX + halfWidth,
    centreY + halfHeight,
    centreX + halfWidth,
    centreY - halfHeight,
    centreX - halfWidth,
    centreY - halfHeight,
  ]);
}
