import type { Vector3 } from '@rapport/core';

/** What an instance looks like in its own frame, metres. */
export type Shape =
  | { readonly kind: 'box'; readonly halfExtents: Vector3 }
  | { readonly kind: 'sphere'; readonly radius: number }
  | { readonly kind: 'ellipsoid'; readonly radii: Vector3 }
  /** Axis along z, centred at the origin; `halfLength` does not count the caps. */
  | { readonly kind: 'capsule'; readonly radius: number; readonly halfLength: number }
  | { readonly kind: 'cylinder'; readonly radius: number; readonly halfLength: number }
  /** A rectangle in the xy plane that is seen from +z only. */
  | { readonly kind: 'plane'; readonly halfExtents: readonly [x: number, y: number] }
  /** An outline in the xy plane, without crossings, extruded from z = `bottom` to z = `top`. */
  | {
      readonly kind: 'prism';
      readonly outline: readonly (readonly [x: number, y: number])[];
      readonly bottom: number;
      readonly top: number;
    }
  /** Triangles, anticlockwise when seen from outside. */
  | {
      readonly kind: 'mesh';
      /** Shape [vertices, 3]. */
      readonly positions: ArrayLike<number>;
      /** Shape [triangles, 3]. */
      readonly triangles: ArrayLike<number>;
    }
  /** A deforming surface, such as cloth or the hull of a soft body: every frame brings its vertices, in the world. */
  | {
      readonly kind: 'skin';
      /** The first of its vertices in the frame's `vertices`. */
      readonly firstVertex: number;
      readonly vertexCount: number;
      /** Shape [triangles, 3], counted from the first vertex. */
      readonly triangles: ArrayLike<number>;
      /** A closed hull shows its outside only; an open sheet shows both sides. */
      readonly surface: 'closed' | 'open';
    };

/** An image that repeats over the xy plane of an instance's frame, its first row at the largest y. */
export interface PlanarTexture {
  readonly width: number;
  readonly height: number;
  /** RGB, row-major, shape [height, width, 3]; it replaces the instance's colour. */
  readonly pixels: Uint8Array;
  /** Extent of one repeat along x and y, metres. */
  readonly extent: readonly [x: number, y: number];
}

/** A chessboard whose squares have sides of `squareSide` metres. */
export function checkerTexture(
  first: readonly [number, number, number],
  second: readonly [number, number, number],
  squareSide: number,
): PlanarTexture {
  return {
    width: 2,
    height: 2,
    pixels: Uint8Array.from([...first, ...second, ...second, ...first]),
    extent: [2 * squareSide, 2 * squareSide],
  };
}
