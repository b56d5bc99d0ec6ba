import { NEAR } from './transform.js';
import type { ProjectedVertices } from './triangles.js';

/**
 * Cuts triangles at the near plane. Vertices are not yet projected; new ones go behind the `vertexCount` that are
 * there, and there is room for two per triangle.
 * @param out the triangles that are left, room for two per triangle
 * @returns how many triangles and vertices there are now
 */
export function clipNear(
  vertices: ProjectedVertices,
  vertexCount: number,
  triangles: Uint32Array,
  out: Uint32Array,
): { readonly triangles: number; readonly vertices: number } {
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
  return { triangles: written / 3, vertices: free };
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
