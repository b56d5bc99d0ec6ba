import type { Body } from './body.js';

/** Kinds in the order in which the two shapes of a contact are sorted. */
export const CIRCLE = 0;
export const SEGMENT = 1;
export const POLYGON = 2;
export type ShapeKind = typeof CIRCLE | typeof SEGMENT | typeof POLYGON;

export interface ShapeOptions {
  readonly friction: number;
  /** Shapes of an equal group other than 0 never touch each other. */
  readonly group?: number;
  /** A sensor takes part in the broad phase but gives no contacts. */
  readonly sensor?: boolean;
}

/**
 * A convex shape: the hull of its vertices, grown by a skin of `radius`. A circle is one vertex with a skin, a segment
 * two. World coordinates and the bounding box are those of the last `update`.
 */
export class Shape {
  readonly kind: ShapeKind;
  readonly body: Body;
  readonly radius: number;
  readonly friction: number;
  readonly group: number;
  readonly sensor: boolean;
  readonly vertexCount: number;
  /** Vertices x0, y0, x1, y1, ... counter-clockwise, world frame. */
  readonly vertices: Float64Array;
  /**
   * Outward unit normals, world frame: of a polygon, entry i belongs to the edge that ends in vertex i; a segment has
   * one, a circle none.
   */
  readonly normals: Float64Array;
  /** Bounding box with the skin. */
  left = 0;
  right = 0;
  bottom = 0;
  top = 0;
  /** Place in the space's list of shapes; -1 before it is added. */
  id = -1;
  readonly #localVertices: Float64Array;
  readonly #localNormals: Float64Array;

  private constructor(
    kind: ShapeKind,
    body: Body,
    vertices: Float64Array,
    normals: Float64Array,
    radius: number,
    options: ShapeOptions,
  ) {
    this.kind = kind;
    this.body = body;
    this.radius = radius;
    this.friction = options.friction;
    this.group = options.group ?? 0;
    this.sensor = options.sensor ?? false;
    this.vertexCount = vertices.length / 2;
    this.#localVertices = vertices;
    this.#localNormals = normals;
    this.vertices = vertices.slice();
    this.normals = normals.slice();
    this.update();
  }

  /** A circle about the body's origin. */
  static circle(body: Body, radius: number, options: ShapeOptions): Shape {
    return new Shape(CIRCLE, body, new Float64Array(2), new Float64Array(0), radius, options);
  }

  /** A line from (ax, ay) to (bx, by) with a skin. */
  static segment(
    body: Body,
    ax: number,
    ay: number,
    bx: number,
    by: number,
    radius: number,
    options: ShapeOptions,
  ): Shape {
    const length = Math.sqrt((bx - ax) * (bx - ax) + (by - ay) * (by - ay));
    const normal = new Float64Array([(by - ay) / length, -(bx - ax) / length]);
    return new Shape(SEGMENT, body, new Float64Array([ax, ay, bx, by]), normal, radius, options);
  }

  /**
   * A convex polygon with a skin.
   * @param corners x, y pairs in the body frame, counter-clockwise; their order decides ties between corners
   */
  static polygon(
    body: Body,
    corners: readonly (readonly [x: number, y: number])[],
    radius: number,
    options: ShapeOptions,
  ): Shape {
    const count = corners.length;
    const vertices = new Float64Array(corners.flat());
    const normals = new Float64Array(2 * count);
    for (let index = 0; index < count; index++) {
      const before = (index + count - 1) % count;
      const dx = vertices[2 * index]! - vertices[2 * before]!;
      const dy = vertices[2 * index + 1]! - vertices[2 * before + 1]!;
      const inverseLength = 1 / Math.sqrt(dx * dx + dy * dy);
      normals[2 * index] = dy * inverseLength;
      normals[2 * index + 1] = -dx * inverseLength;
    }
    return new Shape(POLYGON, body, vertices, normals, radius, options);
  }

  /** Brings world coordinates and bounding box to the body's present pose. */
  update(): void {
    const { x, y, cosine, sine } = this.body;
    const local = this.#localVertices;
    const world = this.vertices;
    let left = Infinity;
    let right = -Infinity;
    let bottom = Infinity;
    let top = -Infinity;
    for (let index = 0; index < local.length; index += 2) {
      const localX = local[index]!;
      const localY = local[index + 1]!;
      const worldX = cosine * localX - sine * localY + x;
      const worldY = sine * localX + cosine * localY + y;
      world[index] = worldX;
      world[index + 1] = worldY;
      if (worldX < left) left = worldX;
      if (worldX > right) right = worldX;
      if (worldY < bottom) bottom = worldY;
      if (worldY > top) top = worldY;
    }
    const localNormals = this.#localNormals;
    const normals = this.normals;
    for (let index = 0; index < localNormals.length; index += 2) {
      const localX = localNormals[index]!;
      const localY = localNormals[index + 1]!;
      normals[index] = cosine * localX - sine * localY;
      normals[index + 1] = sine * localX + cosine * localY;
    }
    this.left = left - this.radius;
    this.right = right + this.radius;
    this.bottom = bottom - this.radius;
    this.top = top + this.radius;
  }

  /**
   * Index of the vertex that lies farthest along a direction, or against it. The first of equals, except on a segment,
   * where it is the second.
   * @param direction shape [2]
   */
  supportIndex(direction: Float64Array, sense: 1 | -1): number {
    const nx = sense * direction[0]!;
    const ny = sense * direction[1]!;
    const vertices = this.vertices;
    let best = 0;
    let bestDistance = vertices[0]! * nx + vertices[1]! * ny;
    if (this.kind === SEGMENT) return bestDistance > vertices[2]! * nx + vertices[3]! * ny ? 0 : 1;
    for (let index = 1; index < this.vertexCount; index++) {
      const distance = vertices[2 * index]! * nx + vertices[2 * index + 1]! * ny;
      if (distance > bestDistance) {
        bestDistance = distance;
        best = index;
      }
    }
    return best;
  }
}

/**
 * Moment of inertia of a filled polygon about the origin of its corners.
 * @param corners in order around the polygon
 */
export function polygonInertia(mass: number, corners: readonly (readonly [x: number, y: number])[]): number {
  let weighted = 0;
  let area = 0;
  corners.forEach(([ax, ay], index) => {
    const [bx, by] = corners[(index + 1) % corners.length]!;
    const cross = bx * ay - by * ax;
    weighted += cross * (ax * ax + ay * ay + (ax * bx + ay * by) + (bx * bx + by * by));
    area += cross;
  });
  return (mass * weighted) / (6 * area);
}
