import type { Shape } from './shape.js';

/** GJK and EPA give up refining after so many steps; what they have then is good enough. */
const MAX_STEPS = 30;
/** Smallest normal double: keeps a division by a vanishing length finite. */
const TINY = 2.2250738585072014e-308;

/** Points of the Minkowski difference b - a, each with the two vertices that it comes from. */
const AX = 0;
const AY = 1;
const BX = 2;
const BY = 3;
const DX = 4;
const DY = 5;
/** Vertex indices (of a) * 256 + (of b). */
const ID = 6;
const STRIDE = 7;
const HULL_LIMIT = MAX_STEPS + 4;

/**
 * Closest points of two convex vertex hulls (skins left out), by the Gilbert-Johnson-Keerthi algorithm, and by the
 * expanding polytope algorithm where the hulls overlap (van den Bergen, "Collision Detection in Interactive 3D
 * Environments", ch. 4). One instance owns its working memory; results are read from its fields.
 */
export class ClosestPoints {
  /** Closest point on the first shape's hull. */
  ax = 0;
  ay = 0;
  /** Closest point on the second shape's hull. */
  bx = 0;
  by = 0;
  /** Unit direction from the first shape to the second along which they are nearest, or least deep in each other. */
  readonly normal = new Float64Array(2);
  /** Distance along the normal; negative when the hulls overlap. */
  distance = 0;
  /** Names the pair of edges found, four bytes; given back on the next call it starts the search there. 0 is none. */
  id = 0;

  /** Working points: 0 and 1 are the present edge, 2 is the newest point. */
  readonly #points = new Float64Array(3 * STRIDE);
  #hull = new Float64Array(HULL_LIMIT * STRIDE);
  #nextHull = new Float64Array(HULL_LIMIT * STRIDE);
  /** Where `support` looks, as an array because numbers handed to a call that is not inlined are allocated on the heap. */
  readonly #direction = new Float64Array(2);

  /** Finds the closest points of `a` and `b`, starting from `id` of an earlier call for the same two, or 0. */
  find(a: Shape, b: Shape, id: number): void {
    const points = this.#points;
    const direction = this.#direction;
    if (id !== 0) {
      setPoint(points, 0, a, (id >>> 24) & 0xff, b, (id >>> 16) & 0xff);
      setPoint(points, STRIDE, a, (id >>> 8) & 0xff, b, id & 0xff);
    } else {
      const towardsX = (a.left + a.right) / 2 - (b.left + b.right) / 2;
      const towardsY = (a.bottom + a.top) / 2 - (b.bottom + b.top) / 2;
      direction[0] = -towardsY;
      direction[1] = towardsX;
      support(points, 0, a, b, direction);
      direction[0] = towardsY;
      direction[1] = -towardsX;
      support(points, STRIDE, a, b, direction);
    }

    let v0 = 0;
    let v1 = STRIDE;
    let p = 2 * STRIDE;
    for (let step = 1; step <= MAX_STEPS; step++) {
      if (originBehind(points, v1, points, v0)) {
        const swapped = v0;
        v0 = v1;
        v1 = swapped;
      }
      const x0 = points[v0 + DX]!;
      const y0 = points[v0 + DY]!;
      const x1 = points[v1 + DX]!;
      const y1 = points[v1 + DY]!;
      const t = nearestParameter(x0, y0, x1, y1);
      let nx: number;
      let ny: number;
      if (-1 < t && t < 1) {
        nx = y0 - y1;
        ny = x1 - x0;
      } else {
        nx = -lerp(x0, x1, t);
        ny = -lerp(y0, y1, t);
      }
      direction[0] = nx;
      direction[1] = ny;
      support(points, p, a, b, direction);
      if (originBehind(points, p, points, v0) && originBehind(points, v1, points, p)) {
        this.#expand(a, b, v0, p, v1);
        return;
      }
      const px = points[p + DX]!;
      const py = points[p + DY]!;
      if (px * nx + py * ny <= Math.max(x0 * nx + y0 * ny, x1 * nx + y1 * ny)) break;
      // The new point is nearer to the origin: it replaces the end of the edge that is farther away.
      const spare = p;
      if (nearestSquare(points, v0, p) < nearestSquare(points, p, v1)) {
        p = v1;
        v1 = spare;
      } else {
        p = v0;
        v0 = spare;
      }
    }
    this.#finish(points, v0, v1);
  }

  /** EPA from the triangle (v0, v1, v2) of working points, which holds the origin. */
  #expand(a: Shape, b: Shape, v0: number, v1: number, v2: number): void {
    copyPoint(this.#points, v0, this.#hull, 0);
    copyPoint(this.#points, v1, this.#hull, STRIDE);
    copyPoint(this.#points, v2, this.#hull, 2 * STRIDE);
    const direction = this.#direction;
    let count = 3;
    for (let step = 1; ; step++) {
      const hull = this.#hull;
      let nearest = 0;
      let nearestDistance = Infinity;
      for (let end = 0, start = count - 1; end < count; start = end, end++) {
        const distance = nearestSquare(hull, start * STRIDE, end * STRIDE);
        if (distance < nearestDistance) {
          nearestDistance = distance;
          nearest = start;
        }
      }
      const e0 = nearest * STRIDE;
      const e1 = ((nearest + 1) % count) * STRIDE;
      const p = 0;
      const next = this.#nextHull;
      direction[0] = hull[e0 + DY]! - hull[e1 + DY]!;
      direction[1] = hull[e1 + DX]! - hull[e0 + DX]!;
      support(next, p, a, b, direction);
      const known = next[p + ID] === hull[e0 + ID] || next[p + ID] === hull[e1 + ID];
      if (known || step >= MAX_STEPS || !rightOf(hull, e0, hull, e1, next, p)) {
        this.#finish(hull, e0, e1);
        return;
      }
      count = this.#insert(count, nearest);
    }
  }

  /** Builds the convex hull of the present one with the point that lies first in the next one. */
  #insert(count: number, nearest: number): number {
    const hull = this.#hull;
    const next = this.#nextHull;
    let nextCount = 1;
    for (let offset = 0; offset < count; offset++) {
      const index = (nearest + 1 + offset) % count;
      const last = (nextCount - 1) * STRIDE;
      const followingIsNew = offset + 1 === count;
      const following = followingIsNew ? 0 : ((index + 1) % count) * STRIDE;
      if (rightOf(next, last, followingIsNew ? next : hull, following, hull, index * STRIDE)) {
        copyPoint(hull, index * STRIDE, next, nextCount * STRIDE);
        nextCount += 1;
      }
    }
    this.#hull = next;
    this.#nextHull = hull;
    return nextCount;
  }

  /** Results from the edge of the Minkowski difference that is nearest to the origin. */
  #finish(points: Float64Array, v0: number, v1: number): void {
    const x0 = points[v0 + DX]!;
    const y0 = points[v0 + DY]!;
    const x1 = points[v1 + DX]!;
    const y1 = points[v1 + DY]!;
    const t = nearestParameter(x0, y0, x1, y1);
    const px = lerp(x0, x1, t);
    const py = lerp(y0, y1, t);
    this.ax = lerp(points[v0 + AX]!, points[v1 + AX]!, t);
    this.ay = lerp(points[v0 + AY]!, points[v1 + AY]!, t);
    this.bx = lerp(points[v0 + BX]!, points[v1 + BX]!, t);
    this.by = lerp(points[v0 + BY]!, points[v1 + BY]!, t);
    this.id = ((points[v0 + ID]! << 16) | points[v1 + ID]!) >>> 0;

    const edgeX = x1 - x0;
    const edgeY = y1 - y0;
    const scale = 1 / (Math.sqrt(edgeX * edgeX + edgeY * edgeY) + TINY);
    const nx = edgeY * scale;
    const ny = -edgeX * scale;
    const distance = nx * px + ny * py;
    if (distance <= 0 || (-1 < t && t < 1)) {
      this.normal[0] = nx;
      this.normal[1] = ny;
      this.distance = distance;
    } else {
      // Corner against corner: the normal is no edge's.
      const length = Math.sqrt(px * px + py * py);
      const inverseLength = 1 / (length + TINY);
      this.normal[0] = px * inverseLength;
      this.normal[1] = py * inverseLength;
      this.distance = length;
    }
  }
}

/** Writes the Minkowski point of two vertices; an index beyond the shape's last vertex means its first. */
function setPoint(points: Float64Array, at: number, a: Shape, indexA: number, b: Shape, indexB: number): void {
  const vertexA = indexA < a.vertexCount ? indexA : 0;
  const vertexB = indexB < b.vertexCount ? indexB : 0;
  const ax = a.vertices[2 * vertexA]!;
  const ay = a.vertices[2 * vertexA + 1]!;
  const bx = b.vertices[2 * vertexB]!;
  const by = b.vertices[2 * vertexB + 1]!;
  points[at + AX] = ax;
  points[at + AY] = ay;
  points[at + BX] = bx;
  points[at + BY] = by;
  points[at + DX] = bx - ax;
  points[at + DY] = by - ay;
  points[at + ID] = vertexA * 256 + vertexB;
}

/** Writes the Minkowski point that lies farthest along a direction. */
function support(points: Float64Array, at: number, a: Shape, b: Shape, direction: Float64Array): void {
  setPoint(points, at, a, a.supportIndex(direction, -1), b, b.supportIndex(direction, 1));
}

function copyPoint(from: Float64Array, at: number, to: Float64Array, toAt: number): void {
  for (let entry = 0; entry < STRIDE; entry++) to[toAt + entry] = from[at + entry]!;
}

/** Whether the origin lies to the right of the line from point u to point v. */
function originBehind(us: Float64Array, u: number, vs: Float64Array, v: number): boolean {
  const ux = us[u + DX]!;
  const uy = us[u + DY]!;
  const vx = vs[v + DX]!;
  const vy = vs[v + DY]!;
  return (vy - uy) * (ux + vx) > (vx - ux) * (uy + vy);
}

/** Whether point w lies to the right of the line from point u to point v. */
function rightOf(us: Float64Array, u: number, vs: Float64Array, v: number, ws: Float64Array, w: number): boolean {
  const ux = us[u + DX]!;
  const uy = us[u + DY]!;
  const vx = vs[v + DX]!;
  const vy = vs[v + DY]!;
  return (vy - uy) * (ux + vx - 2 * ws[w + DX]!) > (vx - ux) * (uy + vy - 2 * ws[w + DY]!);
}

/** Where on the edge the point nearest to the origin lies: -1 at its start, 1 at its end. */
function nearestParameter(x0: number, y0: number, x1: number, y1: number): number {
  const dx = x1 - x0;
  const dy = y1 - y0;
  const t = -(dx * (x0 + x1) + dy * (y0 + y1)) / (dx * dx + dy * dy + TINY);
  return Math.min(Math.max(t, -1), 1);
}

/** Interpolation for the parameter of `nearestParameter`. */
function lerp(start: number, end: number, t: number): number {
  const half = 0.5 * t;
  return start * (0.5 - half) + end * (0.5 + half);
}

/** Squared distance from the origin to the edge from point u to point v. */
function nearestSquare(points: Float64Array, u: number, v: number): number {
  const x0 = points[u + DX]!;
  const y0 = points[u + DY]!;
  const x1 = points[v + DX]!;
  const y1 = points[v + DY]!;
  const t = nearestParameter(x0, y0, x1, y1);
  const x = lerp(x0, x1, t);
  const y = lerp(y0, y1, t);
  return x * x + y * y;
}
