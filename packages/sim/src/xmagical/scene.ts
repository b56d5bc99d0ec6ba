import type { Rgb, Scene, SceneBody, SceneShape } from '@rapport/core';
import { grey } from '../render/palette.js';
import { arenaHalfSide } from './geometry.js';
import { type ArenaContents, arenaView, type ViewPolygon } from './view.js';

/** Heights in metres; the physics is flat, these are for the eye. */
const heights = { block: 0.1, robot: 0.12, finger: 0.1, wall: 0.08 } as const;
/** How far a polygon stands out that lies on one of another colour of its body. */
const relief = 0.004;
const wallThickness = 0.06;

/**
 * The arena as bodies for the 3-D viewer: floor, goal and walls in one fixed body, then the moving bodies of `arenaView`
 * in its order, each with a planar pose.
 */
export function arenaScene(contents: ArenaContents): Scene {
  const view = arenaView(contents);
  const moving = Array.from({ length: view.bodyCount }, (_, index): SceneBody => {
    const { name, bottom, top } = bodyKind(index, contents);
    const polygons = view.polygons.filter(({ body }) => body === index);
    let layer = 0;
    const shapes = polygons.map((polygon, at) => {
      // What has the colour of the polygon below continues it.
      if (at > 0 && polygon.fill !== polygons[at - 1]!.fill) layer += 1;
      return prism(polygon, bottom, top + layer * relief);
    });
    const isBlock = index > 0 && index <= contents.blocks.length;
    return { name, pose: 'planar', ...(isBlock && { role: 'object' }), shapes };
  });
  const half = arenaHalfSide + wallThickness;
  return {
    bodies: [arenaBody(view.polygons.filter(({ body }) => body < 0)), ...moving],
    bounds: { min: [-half, -half, 0], max: [half, half, heights.robot] },
    view: 'planar',
  };
}

/** Names and heights in the order of `arenaView`: robot, blocks, eyes, fingers. */
function bodyKind(index: number, contents: ArenaContents): { name: string; bottom: number; top: number } {
  const blockCount = contents.blocks.length;
  if (index === 0) return { name: `robot ${contents.embodiment}`, bottom: 0, top: heights.robot };
  if (index <= blockCount) {
    const { shape, colour } = contents.blocks[index - 1]!;
    return { name: `block ${index}: ${colour} ${shape}`, bottom: 0, top: heights.block };
  }
  const side = (index - blockCount) % 2 === 1 ? 'left' : 'right';
  // The pupils stand out of the whites of the eyes, which belong to the robot.
  if (index <= blockCount + 2) return { name: `${side} pupil`, bottom: heights.robot, top: heights.robot + 2 * relief };
  return { name: `${side} finger`, bottom: 0, top: heights.finger };
}

/** The floor below z = 0, zones as thin sheets on it, and the four walls. */
function arenaBody(polygons: readonly ViewPolygon[]): SceneBody {
  const sheets = polygons.map((polygon, layer) =>
    layer === 0 ? prism(polygon, -0.03, 0) : prism(clipToArena(polygon), 0, layer * 0.001),
  );
  return { name: 'arena', pose: 'fixed', shapes: [...sheets, ...walls()] };
}

function walls(): SceneShape[] {
  const centre = arenaHalfSide + wallThickness / 2;
  const long = arenaHalfSide + wallThickness;
  const wall = (x: number, y: number, halfX: number, halfY: number): SceneShape => ({
    kind: 'box',
    colour: grey.dark,
    position: [x, y, heights.wall / 2],
    halfExtents: [halfX, halfY, heights.wall / 2],
  });
  const thin = wallThickness / 2;
  return [
    wall(0, centre, long, thin),
    wall(0, -centre, long, thin),
    wall(centre, 0, thin, long),
    wall(-centre, 0, thin, long),
  ];
}

function prism(polygon: ViewPolygon, bottom: number, top: number): SceneShape {
  const outline: [number, number][] = [];
  for (let index = 0; index < polygon.vertices.length; index += 2) {
    outline.push([polygon.vertices[index]!, polygon.vertices[index + 1]!]);
  }
  const colour: Rgb = polygon.fill;
  return { kind: 'prism', colour, outline, bottom, top };
}

/** The goal overhangs the walls; the part of it that can be seen does not. */
function clipToArena(polygon: ViewPolygon): ViewPolygon {
  const vertices = polygon.vertices.map((value) => Math.min(arenaHalfSide, Math.max(-arenaHalfSide, value)));
  return { ...polygon, vertices };
}
