import type { ProjectedVertices } from './triangles.js';

/**
 * What takes an instance's vertices into a picture and lights them, shape [18]: rows of (matrix, offset) that give
 * `column * z`, `row * z` and z, then the two lights' directions in the instance's frame.
 */
export type InstanceTransform = Float64Array;

export const TRANSFORM_SIZE = 18;

/** Nearest surface that is drawn, metres from the camera. */
export const NEAR = 0.01;

/** Directional lights, as unit vectors towards them in the world, with their strengths; only the first casts shadows. */
export interface Lighting {
  readonly ambient: number;
  readonly key: { readonly direction: Float64Array; readonly strength: number };
  readonly fill: { readonly direction: Float64Array; readonly strength: number };
}

/** Light from above the scene's front right, and half as much from behind left; no surface is black. */
export const lighting: Lighting = {
  ambient: 0.42,
  key: { direction: unit(0.35, -0.45, 0.82), strength: 0.5 },
  fill: { direction: unit(-0.55, 0.65, 0.5), strength: 0.18 },
};

function unit(x: number, y: number, z: number): Float64Array {
  const length = Math.sqrt(x * x + y * y + z * z);
  return Float64Array.of(x / length, y / length, z / length);
}

/**
 * Joins an instance's pose with the projection.
 * @param projection rows of (matrix, offset) that take a world point to (column * z, row * z, z), shape [12]
 * @param positions the instance's position lies at `3 * row`
 * @param rotations worldFromInstance lies at `9 * row`, row-major
 */
export function composeTransform(
  projection: Float64Array,
  positions: Float64Array,
  rotations: Float64Array,
  row: number,
  out: InstanceTransform,
): void {
  const px = positions[3 * row]!;
  const py = positions[3 * row + 1]!;
  const pz = positions[3 * row + 2]!;
  const at = 9 * row;
  for (let line = 0; line < 12; line += 4) {
    const a = projection[line]!;
    const b = projection[line + 1]!;
    const c = projection[line + 2]!;
    out[line] = a * rotations[at]! + b * rotations[at + 3]! + c * rotations[at + 6]!;
    out[line + 1] = a * rotations[at + 1]! + b * rotations[at + 4]! + c * rotations[at + 7]!;
    out[line + 2] = a * rotations[at + 2]! + b * rotations[at + 5]! + c * rotations[at + 8]!;
    out[line + 3] = a * px + b * py + c * pz + projection[line + 3]!;
  }
  const key = lighting.key.direction;
  const fill = lighting.fill.direction;
  for (let axis = 0; axis < 3; axis++) {
    const x = rotations[at + axis]!;
    const y = rotations[at + 3 + axis]!;
    const z = rotations[at + 6 + axis]!;
    out[12 + axis] = x * key[0]! + y * key[1]! + z * key[2]!;
    out[15 + axis] = x * fill[0]! + y * fill[1]! + z * fill[2]!;
  }
}

/** Takes vertices into the picture without dividing by z: `w` holds z. */
export function transformVertices(
  transform: InstanceTransform,
  positions: Float64Array,
  count: number,
  out: ProjectedVertices,
): void {
  const { x, y, w } = out;
  const xx = transform[0]!;
  const xy = transform[1]!;
  const xz = transform[2]!;
  const xo = transform[3]!;
  const yx = transform[4]!;
  const yy = transform[5]!;
  const yz = transform[6]!;
  const yo = transform[7]!;
  const zx = transform[8]!;
  const zy = transform[9]!;
  const zz = transform[10]!;
  const zo = transform[11]!;
  for (let vertex = 0, at = 0; vertex < count; vertex++, at += 3) {
    const px = positions[at]!;
    const py = positions[at + 1]!;
    const pz = positions[at + 2]!;
    x[vertex] = xx * px + xy * py + xz * pz + xo;
    y[vertex] = yx * px + yy * py + yz * pz + yo;
    w[vertex] = zx * px + zy * py + zz * pz + zo;
  }
}

/** Divides by z; vertices nearer than the near plane, which no drawn triangle uses, are left as they are. */
export function projectVertices({ x, y, w }: ProjectedVertices, count: number): void {
  for (let vertex = 0; vertex < count; vertex++) {
    const z = w[vertex]!;
    if (z < NEAR) continue;
    const inverse = 1 / z;
    x[vertex] = x[vertex]! * inverse;
    y[vertex] = y[vertex]! * inverse;
    w[vertex] = inverse;
  }
}

/** Lambert's law for two directional lights and an ambient one, as a number in [0.5, 255.5]. */
export function shadeVertices(
  transform: InstanceTransform,
  normals: Float64Array,
  count: number,
  out: Float64Array,
  facing: 1 | -1,
): void {
  const ambient = 255 * lighting.ambient;
  const keyScale = facing * 255 * lighting.key.strength;
  const fillScale = facing * 255 * lighting.fill.strength;
  const keyX = keyScale * transform[12]!;
  const keyY = keyScale * transform[13]!;
  const keyZ = keyScale * transform[14]!;
  const fillX = fillScale * transform[15]!;
  const fillY = fillScale * transform[16]!;
  const fillZ = fillScale * transform[17]!;
  for (let vertex = 0, at = 0; vertex < count; vertex++, at += 3) {
    const x = normals[at]!;
    const y = normals[at + 1]!;
    const z = normals[at + 2]!;
    const key = keyX * x + keyY * y + keyZ * z;
    const fill = fillX * x + fillY * y + fillZ * z;
    const shade = ambient + Math.max(key, 0) + Math.max(fill, 0);
    out[vertex] = Math.min(shade, 255.5);
  }
}
