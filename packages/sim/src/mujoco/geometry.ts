import type { Rgb, Vector3 } from '@rapport/core';
import type { RenderInstance } from '../render3d/scene.js';
import { checkerTexture, type Shape } from '../render3d/shapes.js';
import type { Physics } from './physics.js';

/** MuJoCo's kinds of geoms (mjtGeom) that we draw. */
const geomKinds = ['plane', 'hfield', 'sphere', 'capsule', 'ellipsoid', 'cylinder', 'box', 'mesh'] as const;
type GeomKind = Exclude<(typeof geomKinds)[number], 'hfield'>;

/** Geoms of this group and above are for collision only, by the convention of MuJoCo Menagerie. */
const FIRST_HIDDEN_GROUP = 3;
/** Half extent that an infinite plane is drawn with, metres. */
export const PLANE_HALF_EXTENT = 4;
/** Side of the floor's squares, metres. */
const FLOOR_SQUARE = 0.25;

/** A geom that is seen. */
export interface VisibleGeom {
  readonly index: number;
  readonly body: number;
  readonly kind: GeomKind;
  /** MuJoCo's size parameters. */
  readonly size: Vector3;
  readonly colour: Rgb;
  readonly opacity: number;
}

/** Everything that a renderer draws of a model; poses are rows of `geom_xpos` and `geom_xmat`. */
export function renderInstances(physics: Physics): RenderInstance[] {
  const geoms = visibleGeoms(physics).map((geom): RenderInstance => {
    const { colour, opacity, index } = geom;
    const looks = { colour, segment: index + 1, pose: index, ...(opacity < 1 && { opacity }) };
    const shape = renderShape(physics, geom);
    // Planes are floors: their squares show motion and distance.
    return geom.kind === 'plane'
      ? { shape, ...looks, texture: checkerTexture(colour, darker(colour), FLOOR_SQUARE) }
      : { shape, ...looks };
  });
  return [...geoms, ...softBodies(physics)];
}

/** The body that is seen where a segmentation picture holds a number; 0 stands for none. */
export function segmentNames(physics: Physics): string[] {
  const { ngeom, nflex, geom_bodyid: bodies } = physics.model;
  const geoms = Array.from({ length: ngeom }, (_, geom) => physics.name('body', bodies[geom]));
  return ['', ...geoms, ...Array.from({ length: nflex }, (_, flex) => `soft body ${flex + 1}`)];
}

/** Surfaces of the model's flexible bodies. */
export function softBodies({ model }: Physics) {
  return Array.from({ length: model.nflex }, (_, flex) => {
    const shellStart: number = model.flex_shelldataadr[flex];
    const shellCount: number = model.flex_shellnum[flex];
    const elementStart: number = model.flex_elemdataadr[flex];
    const elementCount: number = model.flex_elemnum[flex];
    const solid = model.flex_dim[flex] === 3;
    // The hull of a solid body consists of its shell; a sheet of all its triangles.
    const triangles = solid
      ? (model.flex_shell as Int32Array).slice(shellStart, shellStart + 3 * shellCount)
      : (model.flex_elem as Int32Array).slice(elementStart, elementStart + 3 * elementCount);
    return {
      shape: {
        kind: 'skin' as const,
        firstVertex: model.flex_vertadr[flex] as number,
        vertexCount: model.flex_vertnum[flex] as number,
        triangles,
        surface: solid ? ('closed' as const) : ('open' as const),
      },
      colour: colourOf((model.flex_rgba as Float32Array).subarray(4 * flex, 4 * flex + 4)),
      segment: model.ngeom + flex + 1,
    };
  });
}

/** Geoms that are seen: not those for collisions alone, nor invisible ones. */
export function visibleGeoms({ model }: Physics): VisibleGeom[] {
  return Array.from({ length: model.ngeom }, (_, index) => index).flatMap((index): VisibleGeom[] => {
    const kind = geomKinds[model.geom_type[index]];
    const material: number = model.geom_matid[index];
    const colours: Float32Array = material < 0 ? model.geom_rgba : model.mat_rgba;
    const at = 4 * (material < 0 ? index : material);
    const opacity = colours[at + 3]!;
    if (kind === undefined || kind === 'hfield' || opacity === 0) return [];
    if (model.geom_group[index] >= FIRST_HIDDEN_GROUP) return [];
    const [x, y, z] = (model.geom_size as Float64Array).subarray(3 * index, 3 * index + 3);
    const colour = colourOf(colours.subarray(at, at + 4));
    return [{ index, body: model.geom_bodyid[index], kind, size: [x!, y!, z!], colour, opacity }];
  });
}

function renderShape(physics: Physics, { kind, size, index }: VisibleGeom): Shape {
  const [x, y] = size;
  switch (kind) {
    case 'plane':
      return { kind, halfExtents: [x || PLANE_HALF_EXTENT, y || PLANE_HALF_EXTENT] };
    case 'sphere':
      return { kind, radius: x };
    case 'capsule':
    case 'cylinder':
      return { kind, radius: x, halfLength: y };
    case 'ellipsoid':
      return { kind, radii: size };
    case 'box':
      return { kind, halfExtents: size };
    case 'mesh':
      return { kind, ...meshOf(physics, index) };
  }
}

/** Corners and triangles of a geom's mesh, in the geom's frame. */
export function meshOf({ model }: Physics, geom: number) {
  const mesh: number = model.geom_dataid[geom];
  const firstVertex: number = model.mesh_vertadr[mesh];
  const firstFace: number = model.mesh_faceadr[mesh];
  return {
    positions: (model.mesh_vert as Float32Array).slice(3 * firstVertex, 3 * (firstVertex + model.mesh_vertnum[mesh])),
    triangles: (model.mesh_face as Int32Array).slice(3 * firstFace, 3 * (firstFace + model.mesh_facenum[mesh])),
  };
}

function colourOf(rgba: Float32Array): Rgb {
  const [red, green, blue] = Array.from(rgba, (value) => Math.round(255 * value));
  return [red!, green!, blue!];
}

function darker([red, green, blue]: Rgb): Rgb {
  return [Math.round(0.85 * red), Math.round(0.85 * green), Math.round(0.85 * blue)];
}
