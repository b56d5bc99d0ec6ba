import { ClosestPoints } from './closest-points.js';
import { CIRCLE, SEGMENT, type Shape } from './shape.js';

/** Smallest normal double: keeps a division by a vanishing length finite. */
const TINY = 2.2250738585072014e-308;
/** More vertices than a shape can have; makes a vertex pair one number. */
const VERTEX_LIMIT = 256;

/** An edge of a shape that faces a contact normal, with its ends in counter-clockwise order. */
interface Edge {
  ax: number;
  ay: number;
  bx: number;
  by: number;
  vertexA: number;
  vertexB: number;
}

/**
 * Narrow phase: contacts of two shapes at their present poses. One instance owns its working memory; results are read
 * from its fields.
 */
export class Collider {
  /** The two shapes in the order of their kinds; the normal points from `first` to `second`. */
  first: Shape | undefined;
  second: Shape | undefined;
  readonly normal = new Float64Array(2);
  /** Contacts found, 0 to 2. */
  count = 0;
  /** Of contact i, four numbers from 4 i on: its point on the first shape's surface and on the second's, world frame. */
  readonly points = new Float64Array(8);
  /**
   * Of contact i, the two vertices it comes from as one number. It does not depend on the order of the shapes, so that
   * a contact is known again in the next step.
   */
  readonly features = new Float64Array(2);
  /** Where the next search for the same two shapes starts. */
  searchId = 0;

  readonly #closest = new ClosestPoints();
  readonly #edge1: Edge = { ax: 0, ay: 0, bx: 0, by: 0, vertexA: 0, vertexB: 0 };
  readonly #edge2: Edge = { ax: 0, ay: 0, bx: 0, by: 0, vertexA: 0, vertexB: 0 };

  /** @param searchId `searchId` of an earlier call for the same two shapes in the same order, or 0 */
  collide(a: Shape, b: Shape, searchId: number): void {
    const inOrder = a.kind <= b.kind;
    const first = inOrder ? a : b;
    const second = inOrder ? b : a;
    this.first = first;
    this.second = second;
    this.count = 0;
    this.searchId = searchId;
    if (first.kind === CIRCLE && second.kind === CIRCLE) this.#circleToCircle(first, second);
    else if (first.kind === CIRCLE && second.kind === SEGMENT) this.#circleToSegment(first, second);
    else if (first.kind === SEGMENT && second.kind === SEGMENT) throw new Error('two segments never move');
    else this.#hullToHull(first, second);
  }

  #circleToCircle(a: Shape, b: Shape): void {
    const ax = a.vertices[0]!;
    const ay = a.vertices[1]!;
    const bx = b.vertices[0]!;
    const by = b.vertices[1]!;
    this.#pointToPoint(ax, ay, a.radius, bx, by, b.radius, 1, 0);
  }

  #circleToSegment(circle: Shape, segment: Shape): void {
    const x = circle.vertices[0]!;
    const y = circle.vertices[1]!;
    const ax = segment.vertices[0]!;
    const ay = segment.vertices[1]!;
    const alongX = segment.vertices[2]! - ax;
    const alongY = segment.vertices[3]! - ay;
    const t = clamp01((alongX * (x - ax) + alongY * (y - ay)) / (alongX * alongX + alongY * alongY));
    const { normals } = segment;
    this.#pointToPoint(x, y, circle.radius, ax + alongX * t, ay + alongY * t, segment.radius, normals[0]!, normals[1]!);
  }

  /** Contact of two discs; the spare normal serves where the centres coincide. */
  #pointToPoint(
    ax: number,
    ay: number,
    radiusA: number,
    bx: number,
    by: number,
    radiusB: number,
    spareX: number,
    spareY: number,
  ): void {
    const reach = radiusA + radiusB;
    const dx = bx - ax;
    const dy = by - ay;
    const square = dx * dx + dy * dy;
    if (square >= reach * reach) return;
    const distance = Math.sqrt(square);
    const nx = distance > 0 ? dx * (1 / distance) : spareX;
    const ny = distance > 0 ? dy * (1 / distance) : spareY;
    this.normal[0] = nx;
    this.normal[1] = ny;
    this.#push(ax + nx * radiusA, ay + ny * radiusA, bx - nx * radiusB, by - ny * radiusB, 0);
  }

  #hullToHull(a: Shape, b: Shape): void {
    const closest = this.#closest;
    closest.find(a, b, this.searchId);
    this.searchId = closest.id;
    if (closest.distance > a.radius + b.radius) return;
    const { normal } = closest;
    const nx = normal[0]!;
    const ny = normal[1]!;
    this.normal[0] = nx;
    this.normal[1] = ny;
    if (a.kind === CIRCLE) {
      this.#push(
        closest.ax + nx * a.radius,
        closest.ay + ny * a.radius,
        closest.bx - nx * b.radius,
        closest.by - ny * b.radius,
        0,
      );
      return;
    }
    supportEdge(a, normal, 1, this.#edge1);
    supportEdge(b, normal, -1, this.#edge2);
    this.#clipEdges(a, b);
  }

  /** Contacts where the two facing edges overlap along the tangent: each end of one against the other edge. */
  #clipEdges(a: Shape, b: Shape): void {
    const e1 = this.#edge1;
    const e2 = this.#edge2;
    const nx = this.normal[0]!;
    const ny = this.normal[1]!;
    const along1A = e1.ax * ny - e1.ay * nx;
    const along1B = e1.bx * ny - e1.by * nx;
    const along2A = e2.ax * ny - e2.ay * nx;
    const along2B = e2.bx * ny - e2.by * nx;
    const scale1 = 1 / (along1B - along1A + TINY);
    const scale2 = 1 / (along2B - along2A + TINY);
    this.#edgeContact(
      a,
      b,
      clamp01((along2B - along1A) * scale1),
      clamp01((along1A - along2A) * scale2),
      e1.vertexA,
      e2.vertexB,
    );
    this.#edgeContact(
      a,
      b,
      clamp01((along2A - along1A) * scale1),
      clamp01((along1B - along2A) * scale2),
      e1.vertexB,
      e2.vertexA,
    );
  }

  /** A contact between the points at t1 of edge 1 and t2 of edge 2, when the skins overlap there. */
  #edgeContact(a: Shape, b: Shape, t1: number, t2: number, vertex1: number, vertex2: number): void {
    const e1 = this.#edge1;
    const e2 = this.#edge2;
    const nx = this.normal[0]!;
    const ny = this.normal[1]!;
    const x1 = nx * a.radius + (e1.ax * (1 - t1) + e1.bx * t1);
    const y1 = ny * a.radius + (e1.ay * (1 - t1) + e1.by * t1);
    const x2 = nx * -b.radius + (e2.ax * (1 - t2) + e2.bx * t2);
    const y2 = ny * -b.radius + (e2.ay * (1 - t2) + e2.by * t2);
    if ((x2 - x1) * nx + (y2 - y1) * ny > 0) return;
    // The vertex of the shape that was added first leads.
    const feature = a.id < b.id ? vertex1 * VERTEX_LIMIT + vertex2 : vertex2 * VERTEX_LIMIT + vertex1;
    this.#push(x1, y1, x2, y2, feature);
  }

  #push(ax: number, ay: number, bx: number, by: number, feature: number): void {
    const { count, points } = this;
    points[4 * count] = ax;
    points[4 * count + 1] = ay;
    points[4 * count + 2] = bx;
    points[4 * count + 3] = by;
    this.features[count] = feature;
    this.count = count + 1;
  }
}

/** The edge of a segment or polygon that faces a direction, or against it, most: of the two at its farthest vertex. */
function supportEdge(shape: Shape, direction: Float64Array, sense: 1 | -1, edge: Edge): void {
  const nx = sense * direction[0]!;
  const ny = sense * direction[1]!;
  const { vertices, normals, vertexCount } = shape;
  let start: number;
  let end: number;
  if (shape.kind === SEGMENT) {
    const front = normals[0]! * nx + normals[1]! * ny > 0;
    start = front ? 0 : 1;
    end = 1 - start;
  } else {
    const vertex = shape.supportIndex(direction, sense);
    const next = vertex + 1 === vertexCount ? 0 : vertex + 1;
    const incoming = nx * normals[2 * vertex]! + ny * normals[2 * vertex + 1]!;
    const outgoing = nx * normals[2 * next]! + ny * normals[2 * next + 1]!;
    if (incoming > outgoing) {
      start = vertex === 0 ? vertexCount - 1 : vertex - 1;
      end = vertex;
    } else {
      start = vertex;
      end = next;
    }
  }
  edge.ax = vertices[2 * start]!;
  edge.ay = vertices[2 * start + 1]!;
  edge.bx = vertices[2 * end]!;
  edge.by = vertices[2 * end + 1]!;
  edge.vertexA = start;
  edge.vertexB = end;
}

function clamp01(value: number): number {
  return Math.min(Math.max(value, 0), 1);
}
