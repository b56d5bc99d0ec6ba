import type { Scene } from '@rapport/core';
import { z } from 'zod';

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
    outline: z.array(z.tuple([z.number(), z.number()]).readonly()).min(3),
    bottom: z.number(),
    top: z.number(),
  }),
  z.object({ ...common, kind: z.literal('box'), halfExtents: vector3 }),
  z.object({ ...common, kind: z.literal('sphere'), radius: size }),
  z.object({ ...common, kind: z.literal('cylinder'), radius: size, halfLength: size }),
  z.object({ ...common, kind: z.literal('capsule'), radius: size, halfLength: size }),
]);

/** A scene as it travels to the page (see core's `Scene`). */
export const sceneSchema: z.ZodType<Scene> = z.object({
  bodies: z.array(z.object({ name: z.string(), pose: z.enum(['fixed', 'planar', 'rigid']), shapes: z.array(shape) })),
  bounds: z.object({ min: vector3, max: vector3 }),
  view: z.enum(['planar', 'spatial']),
});
