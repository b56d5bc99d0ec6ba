import type { Scene } from '@rapport/core';
import { z } from 'zod';

export const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'expected bytes');

const vector3 = z.tuple([z.number(), z.number(), z.number()]).readonly();
const colourChannel = z.number().min(0).max(255);

const common = {
  colour: z.tuple([colourChannel, colourChannel, colourChannel]).readonly(),
  opacity: z.exactOptional(z.number().min(0).max(1)),
  position: z.exactOptional(vector3),
  rotation: z.exactOptional(z.tuple([z.number(), z.number(), z.number(), z.number()]).readonly()),
};

const size = z.number().positive();

const shape = z.discriminatedUnion('kind', [
  z.object({
    ...common,
    kind: z.literal('prism'),
    outline: z
      .array(z.tuple([z.number(), z.number()]).readonly())
      .min(3)
      .readonly(),
    bottom: z.number(),
    top: z.number(),
  }),
  z.object({ ...common, kind: z.literal('box'), halfExtents: vector3 }),
  z.object({ ...common, kind: z.literal('sphere'), radius: size }),
  z.object({ ...common, kind: z.literal('cylinder'), radius: size, halfLength: size }),
  z.object({ ...common, kind: z.literal('capsule'), radius: size, halfLength: size }),
  z.object({ ...common, kind: z.literal('plane'), halfExtents: z.tuple([size, size]).readonly() }),
  z.object({ ...common, kind: z.literal('ellipsoid'), radii: vector3 }),
  z.object({ ...common, kind: z.literal('mesh'), mesh: z.int().min(0) }),
  z.object({
    ...common,
    kind: z.literal('skin'),
    vertexCount: z.int().min(1),
    triangles: z.array(z.int().min(0)).readonly(),
    surface: z.enum(['closed', 'open']),
  }),
]);

/** Numbers of four bytes each, little-endian. */
const float32s = bytes.transform((value) => new Float32Array(value.slice().buffer));
const uint32s = bytes.transform((value) => new Uint32Array(value.slice().buffer));

/** A scene as it travels to the page (see core's `Scene`). */
export const sceneSchema = z.object({
  bodies: z
    .array(
      z.object({
        name: z.string(),
        pose: z.enum(['fixed', 'planar', 'rigid', 'vertices']),
        role: z.exactOptional(z.literal('object')),
        shapes: z.array(shape).readonly(),
      }),
    )
    .readonly(),
  bounds: z.object({ min: vector3, max: vector3 }),
  view: z.enum(['planar', 'spatial']),
  meshes: z.exactOptional(z.array(z.object({ positions: float32s, triangles: uint32s }))),
}) satisfies z.ZodType<Scene>;

export type SentScene = z.input<typeof sceneSchema>;
