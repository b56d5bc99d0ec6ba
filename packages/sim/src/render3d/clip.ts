import { NEAR } from './transform.js';
import type { ProjectedVertices } from './triangles.js';

/** What the near plane leaves of an instance. */
export interface Clipped {
  /** Shape [triangleCount, 3], with room for two triangles for each that there was. */
  readonly triangles: Uint32Array;
  triangleCount: number;
  vertexCount: number;
}

/**
 * Cuts triangles at the near plane. Vertices are not yet projected; new ones go behind the `vertexCount` that are
 * there, and there is room for two per triangle.
 */
export function clipNear(
  vertices: ProjectedVertices,
  vertexCount: number,
  triangles: Uint32Array,
  clipped: Clipped,
): void {
  const out = clipped.triangles;
  const depth = vertices.w;
  let free = vertexCount;
  let written = 0;
  for (let at = 0; at < triangles.length; at += 3) {
    let a = triangles[at]!;
    let b = triangles[at + 1]!;
    let c = triangles[at + 2]!;
    const inside = (depth[a]! >= NEAR ? 1 : 0) + (depth[b]! >= NEAR ? 1 : 0) + (depth[c]! >= NEAR ? 1 : 0);
    if (inside === 0) continue;
    if (inside < 3) {
      // Turn the triangle until the vertex that differs from the other two comes first.
      while (depth[a]! >= NEAR !== (inside === 1)) {
        const first = a;
        a = b;
        b = c;
        c = first;
      }
      if (inside === 1) {
        b = cut(vertices, a, b, free++);
        c = cut(vertices, a, c, free++);
      } else {
        const onB = cut(vertices, b, a, free++);
        const onC = cut(vertices, c, a, free++);
        out[written++] = onB;
        out[written++] = b;
        out[written++] = c;
        a = onB;
        b = c;
        c = onC;
      }
    }
    out[written++] = a;
    out[written++] = b;
    out[written++] = c;
  }
  clipped.triangleCount = written / 3;
  clipped.vertexCount = free;
}

/** Makes the vertex where the edge from an inner to an outer vertex meets the plane, the same for both neighbours. */
function cut(vertices: ProjectedVertices, inner: number, outer: number, at: number): number {
  const { x, y, w, shade, backShade } = vertices;
  const part = (NEAR - w[inner]!) / (w[outer]! - w[inner]!);
  x[at] = x[inner]! + part * (x[outer]! - x[inner]!);
  y[at] = y[inner]! + part * (y[outer]! - y[inner]!);
  w[at] = NEAR;
  shade[at] = shade[inner]! + part * (shade[outer]! - shade[inner]!);
  backShade[at] = backShade[inner]! + part * (backShade[outer]! - backShade[inner]!);
  return at;
}
