import type { Rgb, Vector3 } from '@rapport/core';
import { InputError } from '@rapport/core';
import type { PlanarTexture, Shape } from './shapes.js';
import { tessellate } from './tessellate.js';

/** A pose that never changes. */
export interface FixedPose {
  /** Metres, world frame. */
  readonly position: Vector3;
  /** worldFromInstance, row-major, shape [3, 3]. */
  readonly rotation: ArrayLike<number>;
}

/** Something to be drawn: a shape, its looks, and where its pose comes from. */
export interface RenderInstance {
  readonly shape: Shape;
  readonly colour: Rgb;
  /** 0 is invisible, 1 opaque; 1 when absent. Of transparent surfaces behind each other only the nearest is seen. */
  readonly opacity?: number;
  readonly texture?: PlanarTexture;
  /** What segmentation pictures hold where it is seen, an integer from 0. Transparent instances are not in them. */
  readonly segment: number;
  /** Row of the frame's poses, or a pose that never changes. A skin needs none: its vertices come in the world. */
  readonly pose?: number | FixedPose;
}

/** What moves, read anew for every picture: MuJoCo's `geom_xpos`, `geom_xmat` and `flexvert_xpos` fit as they are. */
export interface FramePoses {
  /** Metres, world frame, shape [rows, 3]. */
  readonly positions: Float64Array;
  /** worldFromInstance, row-major, shape [rows, 3, 3]. */
  readonly rotations: Float64Array;
  /** Vertices of skins, metres, world frame, shape [vertices, 3]. */
  readonly vertices?: Float64Array;
}

/** An instance in the form that drawing needs. */
export interface PreparedInstance {
  /** Shape [vertices, 3], the instance's frame; of a skin what the last frame brought. */
  readonly positions: Float64Array;
  readonly normals: Float64Array;
  readonly triangles: Uint32Array;
  readonly vertexCount: number;
  /** What casts its shadow; of a skin the skin itself. */
  readonly shadow: { readonly positions: Float64Array; readonly triangles: Uint32Array };
  /** A sphere around it, in its frame. */
  readonly centre: Float64Array;
  readonly radius: number;
  /** Row of the frame's poses, -1 for a fixed pose. */
  readonly poseRow: number;
  readonly fixedPosition: Float64Array;
  readonly fixedRotation: Float64Array;
  /** First vertex of a skin in the frame's vertices, -1 for a rigid shape. */
  readonly skinStart: number;
  readonly twoSided: boolean;
  readonly transparent: boolean;
  readonly source: RenderInstance;
}

/** A list of instances turned into triangles once; any number of renderers can draw it. */
export class RenderScene {
  readonly instances: readonly PreparedInstance[];
  /** Rows of poses and of vertices that a frame must have. */
  readonly poseRows: number;
  readonly skinVertices: number;
  readonly mostVertices: number;
  readonly mostTriangles: number;
  readonly triangleCount: number;

  /** @throws InputError when an instance has no pose, or an impossible shape, opacity or segment */
  constructor(instances: readonly RenderInstance[]) {
    const prepared = instances.map(prepare);
    this.instances = prepared;
    this.poseRows = prepared.reduce((rows, { poseRow }) => Math.max(rows, poseRow + 1), 0);
    this.skinVertices = prepared.reduce(
      (count, { skinStart, vertexCount }) => (skinStart < 0 ? count : Math.max(count, skinStart + vertexCount)),
      0,
    );
    this.mostVertices = prepared.reduce((most, { vertexCount }) => Math.max(most, vertexCount), 0);
    this.mostTriangles = prepared.reduce((most, { triangles }) => Math.max(most, triangles.length / 3), 0);
    this.triangleCount = prepared.reduce((count, { triangles }) => count + triangles.length / 3, 0);
  }
}

const identity = [1, 0, 0, 0, 1, 0, 0, 0, 1];

function prepare(source: RenderInstance, index: number): PreparedInstance {
  const { shape, segment, opacity = 1, pose } = source;
  if (!Number.isInteger(segment) || segment < 0) {
    throw new InputError(`instance ${index} has segment ${segment}; expected an integer from 0`);
  }
  if (!(opacity >= 0 && opacity <= 1)) {
    throw new InputError(`instance ${index} has opacity ${opacity}; expected a number in [0, 1]`);
  }
  const transparent = opacity < 1;
  if (shape.kind === 'skin') {
    const triangles = Uint32Array.from(shape.triangles);
    if (triangles.some((vertex) => vertex >= shape.vertexCount)) {
      throw new InputError(`instance ${index}: a triangle of the skin names a vertex beyond its ${shape.vertexCount}`);
    }
    const positions = new Float64Array(3 * shape.vertexCount);
    return {
      positions,
      normals: new Float64Array(3 * shape.vertexCount),
      triangles,
      vertexCount: shape.vertexCount,
      shadow: { positions, triangles },
      centre: new Float64Array(3),
      radius: Number.POSITIVE_INFINITY,
      poseRow: -1,
      fixedPosition: new Float64Array(3),
      fixedRotation: Float64Array.from(identity),
      skinStart: shape.firstVertex,
      twoSided: shape.surface === 'open',
      transparent,
      source,
    };
  }
  if (pose === undefined) throw new InputError(`instance ${index} (${shape.kind}) has no pose`);
  const mesh = tessellate(shape, 'fine');
  const fixed = typeof pose === 'number' ? { position: [0, 0, 0], rotation: identity } : pose;
  return {
    ...mesh,
    vertexCount: mesh.positions.length / 3,
    shadow: shape.kind === 'mesh' ? mesh : tessellate(shape, 'coarse'),
    ...boundingSphere(mesh.positions),
    poseRow: typeof pose === 'number' ? pose : -1,
    fixedPosition: Float64Array.from(fixed.position),
    fixedRotation: Float64Array.from(fixed.rotation),
    skinStart: -1,
    twoSided: false,
    transparent,
    source,
  };
}

function boundingSphere(positions: Float64Array): { readonly centre: Float64Array; readonly radius: number } {
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  for (const [index, value] of positions.entries()) {
    low[index % 3] = Math.min(low[index % 3]!, value);
    high[index % 3] = Math.max(high[index % 3]!, value);
  }
  const centre = Float64Array.from(low, (value, axis) => (value + high[axis]!) / 2);
  let radius = 0;
  for (let at = 0; at < positions.length; at += 3) {
    const distance = Math.hypot(
      positions[at]! - centre[0]!,
      positions[at + 1]! - centre[1]!,
      positions[at + 2]! - centre[2]!,
    );
    radius = Math.max(radius, distance);
  }
  return { centre, radius };
}
