import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Body } from './body.js';
import { ClosestPoints } from './closest-points.js';
import { Shape } from './shape.js';

interface PolygonInput {
  readonly x: number;
  readonly y: number;
  readonly angle: number;
  readonly radii: readonly number[];
}

/** Corners on a circle at uneven angles make a convex polygon. */
const polygonInput: fc.Arbitrary<PolygonInput> = fc.record({
  x: fc.double({ min: -2, max: 2, noNaN: true }),
  y: fc.double({ min: -2, max: 2, noNaN: true }),
  angle: fc.double({ min: -3, max: 3, noNaN: true }),
  radii: fc.array(fc.double({ min: 0.2, max: 1, noNaN: true }), { minLength: 3, maxLength: 7 }),
});

function makePolygon({ x, y, angle, radii }: PolygonInput): Shape {
  const total = radii.reduce((sum, radius) => sum + radius, 0);
  let turned = 0;
  const corners = radii.map((radius): [number, number] => {
    turned += (2 * Math.PI * radius) / total;
    return [0.7 * Math.cos(turned), 0.7 * Math.sin(turned)];
  });
  return Shape.polygon(Body.unmovable(x, y, angle), corners, 0, { friction: 0 });
}

describe('ClosestPoints', () => {
  it('finds the distance that a search over all pairs of edges finds, for polygons apart', () => {
    const closest = new ClosestPoints();
    fc.assert(
      fc.property(polygonInput, polygonInput, (one, other) => {
        const a = makePolygon(one);
        const b = makePolygon(other);
        fc.pre(greatestGap(a, b) > 1e-3);
        closest.find(a, b, 0);
        expect(closest.distance).toBeCloseTo(edgeDistance(a, b), 9);
        expect(Math.hypot(closest.bx - closest.ax, closest.by - closest.ay)).toBeCloseTo(closest.distance, 9);
      }),
    );
  });

  it('finds the least depth that a search over all edge normals finds, for polygons that overlap', () => {
    const closest = new ClosestPoints();
    fc.assert(
      fc.property(polygonInput, polygonInput, (one, other) => {
        const a = makePolygon(one);
        const b = makePolygon(other);
        const gap = greatestGap(a, b);
        fc.pre(gap < -1e-3);
        closest.find(a, b, 0);
        expect(closest.distance).toBeCloseTo(gap, 9);
      }),
    );
  });

  it('gives the same result when it starts from the edges found before', () => {
    const closest = new ClosestPoints();
    fc.assert(
      fc.property(polygonInput, polygonInput, (one, other) => {
        const a = makePolygon(one);
        const b = makePolygon(other);
        closest.find(a, b, 0);
        const { distance, id } = closest;
        closest.find(a, b, id);
        expect(closest.distance).toBeCloseTo(distance, 9);
      }),
    );
  });
});

/** Distance of the outlines, over all pairs of a corner and an edge. */
function edgeDistance(a: Shape, b: Shape): number {
  return Math.min(cornerDistance(a, b), cornerDistance(b, a));
}

function cornerDistance(corners: Shape, edges: Shape): number {
  let least = Infinity;
  for (let corner = 0; corner < corners.vertexCount; corner++) {
    const px = corners.vertices[2 * corner]!;
    const py = corners.vertices[2 * corner + 1]!;
    for (let start = 0; start < edges.vertexCount; start++) {
      const end = (start + 1) % edges.vertexCount;
      const ax = edges.vertices[2 * start]!;
      const ay = edges.vertices[2 * start + 1]!;
      const dx = edges.vertices[2 * end]! - ax;
      const dy = edges.vertices[2 * end + 1]! - ay;
      const t = Math.min(1, Math.max(0, ((px - ax) * dx + (py - ay) * dy) / (dx * dx + dy * dy)));
      least = Math.min(least, Math.hypot(px - ax - t * dx, py - ay - t * dy));
    }
  }
  return least;
}

/** The greatest gap along an edge normal of either polygon (separating axis theorem); negative when they overlap. */
function greatestGap(a: Shape, b: Shape): number {
  return Math.max(gapAlongNormals(a, b), gapAlongNormals(b, a));
}

function gapAlongNormals(a: Shape, b: Shape): number {
  let greatest = -Infinity;
  for (let index = 0; index < a.vertexCount; index++) {
    const nx = a.normals[2 * index]!;
    const ny = a.normals[2 * index + 1]!;
    greatest = Math.max(greatest, -extent(b, -nx, -ny) - extent(a, nx, ny));
  }
  return greatest;
}

function extent(shape: Shape, nx: number, ny: number): number {
  let most = -Infinity;
  for (let index = 0; index < shape.vertexCount; index++) {
    most = Math.max(most, shape.vertices[2 * index]! * nx + shape.vertices[2 * index + 1]! * ny);
  }
  return most;
}
