import type { Scene } from '@rapport/core';
import * as z from 'zod';

/** A scene as one line of JSON; the numbers of its meshes are base64 of little-endian float32 and uint32. */
export function sceneToText(scene: Scene): string {
  const { meshes, ...rest } = scene;
  const encoded = meshes?.map(({ positions, triangles }) => ({
    positions: toBase64(positions),
    triangles: toBase64(triangles),
  }));
  return `${JSON.stringify({ ...rest, ...(encoded !== undefined && { meshes: encoded }) })}\n`;
}

function toBase64({ buffer, byteOffset, byteLength }: Float32Array | Uint32Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}

/** The numbers in base64, four bytes each. */
function fromBase64(text: string): ArrayBuffer {
  return new Uint8Array(Buffer.from(text, 'base64')).buffer;
}

const base64 = z.base64().refine((text) => fromBase64(text).byteLength % 12 === 0, 'holds no triples of numbers');

const mesh = z
  .object({ positions: base64, triangles: base64 })
  .transform(({ positions, triangles }) => ({
    positions: new Float32Array(fromBase64(positions)),
    triangles: new Uint32Array(fromBase64(triangles)),
  }))
  .refine(
    ({ positions, triangles }) => triangles.every((vertex) => 3 * vertex < positions.length),
    'a triangle names a vertex that the mesh does not have',
  );

const vector3 = z.tuple([z.number(), z.number(), z.number()]);
const shapeCommon = {
  colour: vector3,
  opacity: z.exactOptional(z.number()),
  position: z.exactOptional(vector3),
  rotation: z.exactOptional(z.tuple([z.number(), z.number(), z.number(), z.number()])),
};

const shape = z.discriminatedUnion('kind', [
  z.object({
    ...shapeCommon,
    kind: z.literal('prism'),
    outline: z.array(z.tuple([z.number(), z.number()])),
    bottom: z.number(),
    top: z.number(),
  }),
  z.object({ ...shapeCommon, kind: z.literal('box'), halfExtents: vector3 }),
  z.object({ ...shapeCommon, kind: z.literal('sphere'), radius: z.number() }),
  z.object({ ...shapeCommon, kind: z.literal('cylinder'), radius: z.number(), halfLength: z.number() }),
  z.object({ ...shapeCommon, kind: z.literal('capsule'), radius: z.number(), halfLength: z.number() }),
  z.object({ ...shapeCommon, kind: z.literal('plane'), halfExtents: z.tuple([z.number(), z.number()]) }),
  z.object({ ...shapeCommon, kind: z.literal('ellipsoid'), radii: vector3 }),
  z.object({ ...shapeCommon, kind: z.literal('mesh'), mesh: z.int().min(0) }),
  z.object({
    ...shapeCommon,
    kind: z.literal('skin'),
    vertexCount: z.int().min(1),
    triangles: z.array(z.int().min(0)),
    surface: z.enum(['closed', 'open']),
  }),
]);

/** Reads what `sceneToText` writes. */
export const sceneSchema = z
  .object({
    bodies: z.array(
      z.object({
        name: z.string(),
        pose: z.enum(['fixed', 'planar', 'rigid', 'vertices']),
        role: z.exactOptional(z.literal('object')),
        shapes: z.array(shape),
      }),
    ),
    bounds: z.object({ min: vector3, max: vector3 }),
    view: z.enum(['planar', 'spatial']),
    meshes: z.exactOptional(z.array(mesh)),
  })
  .refine(
    ({ bodies, meshes = [] }) =>
      bodies.every(({ shapes }) => shapes.every((each) => each.kind !== 'mesh' || each.mesh < meshes.length)),
    'a shape names a mesh that the scene does not have',
  ) satisfies z.ZodType<Scene>;
