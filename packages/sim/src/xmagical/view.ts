import type { Rgb } from '@rapport/core';

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

/** A circle as X-Magical draws it: a polygon of 100 corners. */
export function circleVertices(radius: number, centreX = 0, centreY = 0): Float64Array {
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
export function rectangleVertices(width: number, height: number, centreX = 0, centreY = 0): Float64Array {
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
