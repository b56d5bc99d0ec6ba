import type { Scene } from '@rapport/core';
import { expect, it } from 'vitest';
import { sceneSchema, sceneToText } from './scene-file.js';

const colour = [10, 20, 30] as const;
const scene: Scene = {
  view: 'spatial',
  bounds: { min: [-1, -1, 0], max: [1, 1, 1] },
  bodies: [
    {
      name: 'link',
      pose: 'rigid',
      shapes: [
        { kind: 'mesh', mesh: 0, colour, position: [0, 0, 1], rotation: [0, 0, 0, 1] },
        { kind: 'plane', halfExtents: [4, 3], colour },
        { kind: 'ellipsoid', radii: [1, 2, 3], colour, opacity: 0.5 },
      ],
    },
    {
      name: 'cloth',
      pose: 'vertices',
      role: 'object',
      shapes: [{ kind: 'skin', vertexCount: 3, triangles: [0, 1, 2], surface: 'open', colour }],
    },
  ],
  meshes: [{ positions: Float32Array.of(0, 0, 0, 1.5, 0, 0, 0, -1e-7, 0), triangles: Uint32Array.of(0, 1, 2) }],
};

it('brings a scene back with the bits of its meshes', () => {
  expect(sceneSchema.parse(JSON.parse(sceneToText(scene)))).toEqual(scene);
});

it('refuses shapes without their mesh, and triangles without their vertices', () => {
  const { meshes: _, ...withoutMeshes } = scene;
  const beyond = { positions: new Float32Array(9), triangles: Uint32Array.of(0, 1, 3) };
  const problem = (wrong: Scene) => sceneSchema.safeParse(JSON.parse(sceneToText(wrong))).error?.issues[0]?.message;
  expect(problem(withoutMeshes)).toBe('a shape names a mesh that the scene does not have');
  expect(problem({ ...scene, meshes: [beyond] })).toBe('a triangle names a vertex that the mesh does not have');
  const torn = JSON.parse(sceneToText(scene));
  torn.meshes[0].positions = 'AAAA';
  expect(sceneSchema.safeParse(torn).error?.issues[0]?.message).toBe('holds no triples of numbers');
});
