import { InputError } from '@rapport/core';
import type { Shape } from './shapes.js';

/** Triangles with normals, in the frame of an instance. A vertex with two normals appears twice. */
export interface TriangleMesh {
  /** Metres, shape [vertices, 3]. */
  readonly positions: Float64Array;
  /** Unit vectors, shape [vertices, 3]. */
  readonly normals: Float64Array;
  /** Shape [triangles, 3], anticlockwise when seen from outside. */
  readonly triangles: Uint32Array;
}

/** Normals of a mesh's neighbouring triangles are joined when they differ by less than this angle. */
const CREASE_COSINE = Math.cos((35 * Math.PI) / 180);

/** `fine` for what is seen, `coarse` for what casts shadows: about a third of the triangles on round shapes. */
export type Detail = 'fine' | 'coarse';

/**
 * Turns a shape into triangles. Round shapes are inscribed: vertices lie on the surface.
 * @throws InputError when a size is not positive or a mesh names a vertex that it does not have
 */
export function tessellate(shape: Exclude<Shape, { kind: 'skin' }>, detail: Detail): TriangleMesh {
  switch (shape.kind) {
    case 'box': {
      const [x, y, z] = checkSizes(shape.kind, shape.halfExtents);
      const outline = [
        [-x!, -y!],
        [x!, -y!],
        [x!, y!],
        [-x!, y!],
      ] as const;
      return prism(outline, -z!, z!);
    }
    case 'sphere':
      return ellipsoid(checkSizes(shape.kind, [shape.radius, shape.radius, shape.radius]), detail);
    case 'ellipsoid':
      return ellipsoid(checkSizes(shape.kind, shape.radii), detail);
    case 'capsule':
      checkSizes(shape.kind, [shape.radius, shape.halfLength]);
      return capsule(shape.radius, shape.halfLength, detail);
    case 'cylinder':
      checkSizes(shape.kind, [shape.radius, shape.halfLength]);
      return cylinder(shape.radius, shape.halfLength, detail);
    case 'plane': {
      const [x, y] = checkSizes(shape.kind, shape.halfExtents);
      return {
        positions: Float64Array.of(-x!, -y!, 0, x!, -y!, 0, x!, y!, 0, -x!, y!, 0),
        normals: Float64Array.of(0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1),
        triangles: Uint32Array.of(0, 1, 2, 0, 2, 3),
      };
    }
    case 'prism':
      return prism(shape.outline, shape.bottom, shape.top);
    case 'mesh':
      return creasedMesh(shape.positions, shape.triangles);
  }
}

function checkSizes(kind: string, sizes: readonly number[]): readonly number[] {
  if (!sizes.every((size) => Number.isFinite(size) && size > 0)) {
    throw new InputError(`${kind} has the sizes ${sizes.join(', ')}; expected positive numbers`);
  }
  return sizes;
}

/** Corners around a circle: enough that a finger is round in a close picture and an arm costs few triangles. */
function cornersAround(radius: number, detail: Detail): number {
  const corners = Math.min(40, 2 * Math.round(4 + 16 * Math.sqrt(radius)));
  return detail === 'fine' ? corners : Math.max(8, corners >> 1);
}

class MeshBuilder {
  readonly #positions: number[] = [];
  readonly #normals: number[] = [];
  readonly #triangles: number[] = [];

  vertex(x: number, y: number, z: number, nx: number, ny: number, nz: number): number {
    const length = Math.hypot(nx, ny, nz);
    this.#normals.push(nx / length, ny / length, nz / length);
    return this.#positions.push(x, y, z) / 3 - 1;
  }

  triangle(a: number, b: number, c: number): void {
    this.#triangles.push(a, b, c);
  }

  quad(a: number, b: number, c: number, d: number): void {
    this.#triangles.push(a, b, c, a, c, d);
  }

  build(): TriangleMesh {
    return {
      positions: Float64Array.from(this.#positions),
      normals: Float64Array.from(this.#normals),
      triangles: Uint32Array.from(this.#triangles),
    };
  }
}

/** Joins rings of `around` vertices each, from the lowest to the highest. */
function joinRings(mesh: MeshBuilder, lower: number, upper: number, around: number): void {
  for (let corner = 0; corner < around; corner++) {
    const next = (corner + 1) % around;
    mesh.quad(lower + corner, lower + next, upper + next, upper + corner);
  }
}

/** A ball of unit radius from pole to pole in rings, each put to its place by `place`. */
function ball(
  radius: number,
  detail: Detail,
  place: (mesh: MeshBuilder, x: number, y: number, z: number, ring: number) => number,
  seams: 1 | 2,
): TriangleMesh {
  const around = cornersAround(radius, detail);
  // Caps of capsules mostly lie in joints: they get by with fewer rings.
  const half = Math.max(2, Math.round(around / (seams === 2 ? 5 : 4)));
  const mesh = new MeshBuilder();
  const south = place(mesh, 0, 0, -1, 0);
  const rings: number[] = [];
  for (let ring = 1; ring < 2 * half; ring++) {
    const latitude = ((ring - half) / half) * (Math.PI / 2);
    // A capsule has its equator twice, below and above the straight part.
    const copies = ring === half ? seams : 1;
    for (let copy = 0; copy < copies; copy++) {
      for (let corner = 0; corner < around; corner++) {
        const longitude = (2 * Math.PI * corner) / around;
        const out = ring === half ? 1 : Math.cos(latitude);
        const vertex = place(
          mesh,
          out * Math.cos(longitude),
          out * Math.sin(longitude),
          ring === half ? 0 : Math.sin(latitude),
          ring - half + copy,
        );
        if (corner === 0) rings.push(vertex);
      }
    }
  }
  const north = place(mesh, 0, 0, 1, 2 * half);
  for (let corner = 0; corner < around; corner++) {
    const next = (corner + 1) % around;
    mesh.triangle(south, rings[0]! + next, rings[0]! + corner);
    mesh.triangle(north, rings.at(-1)! + corner, rings.at(-1)! + next);
  }
  for (let ring = 0; ring + 1 < rings.length; ring++) joinRings(mesh, rings[ring]!, rings[ring + 1]!, around);
  return mesh.build();
}

function ellipsoid([a, b, c]: readonly number[], detail: Detail): TriangleMesh {
  const largest = Math.max(a!, b!, c!);
  return ball(largest, detail, (mesh, x, y, z) => mesh.vertex(a! * x, b! * y, c! * z, x / a!, y / b!, z / c!), 1);
}

function capsule(radius: number, halfLength: number, detail: Detail): TriangleMesh {
  return ball(
    radius,
    detail,
    (mesh, x, y, z, ring) => {
      const shift = z < 0 || (z === 0 && ring === 0) ? -halfLength : halfLength;
      return mesh.vertex(radius * x, radius * y, radius * z + shift, x, y, z);
    },
    2,
  );
}

function cylinder(radius: number, halfLength: number, detail: Detail): TriangleMesh {
  const around = cornersAround(radius, detail);
  const mesh = new MeshBuilder();
  const ring = (z: number, out: number, up: number) => {
    const first = mesh.vertex(radius, 0, z, out, 0, up);
    for (let corner = 1; corner < around; corner++) {
      const angle = (2 * Math.PI * corner) / around;
      const [x, y] = [Math.cos(angle), Math.sin(angle)];
      mesh.vertex(radius * x, radius * y, z, out * x, out * y, up);
    }
    return first;
  };
  joinRings(mesh, ring(-halfLength, 1, 0), ring(halfLength, 1, 0), around);
  const bottom = ring(-halfLength, 0, -1);
  const top = ring(halfLength, 0, 1);
  for (let corner = 1; corner + 1 < around; corner++) {
    mesh.triangle(bottom, bottom + corner + 1, bottom + corner);
    mesh.triangle(top, top + corner, top + corner + 1);
  }
  return mesh.build();
}

/** Closes an extruded outline: the bottom is seen from below, the top from above. */
function close(mesh: MeshBuilder, bottom: number, top: number, outline: readonly (readonly [number, number])[]): void {
  for (const [a, b, c] of cutIntoTriangles(outline)) {
    mesh.triangle(bottom + a, bottom + c, bottom + b);
    mesh.triangle(top + a, top + b, top + c);
  }
}

/** Cuts an anticlockwise outline without crossings, which may have dents, ear by ear. */
function cutIntoTriangles(outline: readonly (readonly [number, number])[]): [number, number, number][] {
  const left = outline.map((_, index) => index);
  const area = (a: number, b: number, c: number) => {
    const [[ax, ay], [bx, by], [cx, cy]] = [outline[a]!, outline[b]!, outline[c]!];
    return (bx - ax) * (cy - ay) - (cx - ax) * (by - ay);
  };
  const triangles: [number, number, number][] = [];
  while (left.length >= 3) {
    const corners = left.map((b, at): [number, number, number] => [left.at(at - 1)!, b, left[(at + 1) % left.length]!]);
    const ear = corners.findIndex(
      ([a, b, c]) =>
        area(a, b, c) > 0 &&
        left.every(
          (other) =>
            [a, b, c].includes(other) || area(a, b, other) < 0 || area(b, c, other) < 0 || area(c, a, other) < 0,
        ),
    );
    // An outline with its corners in a line has no ear left; what remains covers nothing.
    if (ear < 0) break;
    triangles.push(corners[ear]!);
    left.splice(ear, 1);
  }
  return triangles;
}

function prism(given: readonly (readonly [number, number])[], bottom: number, top: number): TriangleMesh {
  if (given.length < 3 || !(top > bottom)) {
    throw new InputError(
      `prism has ${given.length} corners from z = ${bottom} to z = ${top}; expected 3 or more and a positive height`,
    );
  }
  const outline = signedArea(given) < 0 ? given.toReversed() : given;
  const mesh = new MeshBuilder();
  for (const [index, [x, y]] of outline.entries()) {
    const [nextX, nextY] = outline[(index + 1) % outline.length]!;
    const [outX, outY] = [nextY - y, x - nextX];
    mesh.quad(
      mesh.vertex(x, y, bottom, outX, outY, 0),
      mesh.vertex(nextX, nextY, bottom, outX, outY, 0),
      mesh.vertex(nextX, nextY, top, outX, outY, 0),
      mesh.vertex(x, y, top, outX, outY, 0),
    );
  }
  const lower = outline.map(([x, y]) => mesh.vertex(x, y, bottom, 0, 0, -1));
  const upper = outline.map(([x, y]) => mesh.vertex(x, y, top, 0, 0, 1));
  close(mesh, lower[0]!, upper[0]!, outline);
  return mesh.build();
}

/** Gives a mesh normals that are smooth over shallow edges and broken at sharp ones. */
function creasedMesh(positions: ArrayLike<number>, triangles: ArrayLike<number>): TriangleMesh {
  const vertexCount = positions.length / 3;
  const faceNormals = new Float64Array(triangles.length);
  const facesAt: number[][] = Array.from({ length: vertexCount }, () => []);
  for (let face = 0; face < triangles.length; face += 3) {
    const [a, b, c] = [triangles[face]!, triangles[face + 1]!, triangles[face + 2]!];
    for (const corner of [a, b, c]) {
      if (!(corner < vertexCount)) {
        throw new InputError(`mesh triangle ${face / 3} names vertex ${corner}; there are ${vertexCount}`);
      }
      facesAt[corner]!.push(face);
    }
    writeFaceNormal(positions, a, b, c, faceNormals, face);
  }
  const mesh = new MeshBuilder();
  /** Vertices made so far at each of the mesh's, with their normals. */
  const made = new Map<string, number>();
  const corners = new Uint32Array(triangles.length);
  for (let corner = 0; corner < triangles.length; corner++) {
    const face = corner - (corner % 3);
    const vertex = triangles[corner]!;
    let [x, y, z] = [0, 0, 0];
    for (const other of facesAt[vertex]!) {
      if (cosineBetween(faceNormals, face, other) < CREASE_COSINE) continue;
      // The length of a face's normal is twice its area, so that large faces count more.
      x += faceNormals[other]!;
      y += faceNormals[other + 1]!;
      z += faceNormals[other + 2]!;
    }
    if (x === 0 && y === 0 && z === 0) z = 1;
    const key = `${vertex}/${x}/${y}/${z}`;
    let index = made.get(key);
    if (index === undefined) {
      index = mesh.vertex(positions[3 * vertex]!, positions[3 * vertex + 1]!, positions[3 * vertex + 2]!, x, y, z);
      made.set(key, index);
    }
    corners[corner] = index;
  }
  return { ...mesh.build(), triangles: corners };
}

/** Writes a normal as long as twice the triangle's area. */
export function writeFaceNormal(
  positions: ArrayLike<number>,
  a: number,
  b: number,
  c: number,
  out: Float64Array,
  at: number,
): void {
  const [x, y, z] = [positions[3 * a]!, positions[3 * a + 1]!, positions[3 * a + 2]!];
  const [abX, abY, abZ] = [positions[3 * b]! - x, positions[3 * b + 1]! - y, positions[3 * b + 2]! - z];
  const [acX, acY, acZ] = [positions[3 * c]! - x, positions[3 * c + 1]! - y, positions[3 * c + 2]! - z];
  out[at] = abY * acZ - abZ * acY;
  out[at + 1] = abZ * acX - abX * acZ;
  out[at + 2] = abX * acY - abY * acX;
}

function cosineBetween(normals: Float64Array, a: number, b: number): number {
  if (a === b) return 1;
  const length = (at: number) => Math.hypot(normals[at]!, normals[at + 1]!, normals[at + 2]!);
  const dot = normals[a]! * normals[b]! + normals[a + 1]! * normals[b + 1]! + normals[a + 2]! * normals[b + 2]!;
  const lengths = length(a) * length(b);
  return lengths === 0 ? 0 : dot / lengths;
}

/** Of an outline, positive when anticlockwise (the shoelace formula). */
function signedArea(outline: readonly (readonly [number, number])[]): number {
  return outline.reduce((sum, [x, y], index) => {
    const [nextX, nextY] = outline[(index + 1) % outline.length]!;
    return sum + (x * nextY - nextX * y) / 2;
  }, 0);
}
