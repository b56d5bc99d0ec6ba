import type { Scene } from '@rapport/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeEnv } from '../registry.js';
import { intrinsicsFromFovY, lookAt } from './camera.js';
import { SceneRenderer } from './renderer.js';
import { RenderScene } from './scene.js';
import { SceneInstances } from './scene-instances.js';
import { tessellate } from './tessellate.js';

describe('SceneInstances', () => {
  it('puts shapes where their bodies take them', () => {
    const scene: Scene = {
      bodies: [
        { name: 'floor', pose: 'fixed', shapes: [{ kind: 'box', halfExtents: [1, 1, 0.1], colour: [9, 9, 9] }] },
        {
          name: 'wheel',
          pose: 'planar',
          shapes: [{ kind: 'sphere', radius: 0.1, colour: [9, 9, 9], position: [1, 0, 0.5] }],
        },
        {
          name: 'hand',
          pose: 'rigid',
          // A quarter turn about x in the body.
          shapes: [
            { kind: 'box', halfExtents: [1, 2, 3], colour: [9, 9, 9], position: [0, 0, 1], rotation: [Math.SQRT1_2, 0, 0, Math.SQRT1_2] }, // biome-ignore format: one line
          ],
        },
      ],
      bounds: { min: [-1, -1, -1], max: [1, 1, 1] },
      view: 'spatial',
    };
    const placed = new SceneInstances(scene);
    // The wheel a quarter turn about z at (2, 3), the hand a half turn about z at (1, 1, 1).
    placed.place([2, 3, Math.PI / 2, 1, 1, 1, 0, 0, 1, 0]);
    const expectRow = (row: number, position: number[], rotation: number[]) => {
      for (const [index, value] of position.entries())
        expect(placed.poses.positions[3 * row + index]).toBeCloseTo(value);
      for (const [index, value] of rotation.entries())
        expect(placed.poses.rotations[9 * row + index]).toBeCloseTo(value);
    };
    expectRow(0, [0, 0, 0], [1, 0, 0, 0, 1, 0, 0, 0, 1]);
    expectRow(1, [2, 4, 0.5], [0, -1, 0, 1, 0, 0, 0, 0, 1]);
    expectRow(2, [1, 1, 2], [-1, 0, 0, 0, 0, 1, 0, 1, 0]);
    expect(placed.instances.map(({ segment }) => segment)).toEqual([0, 1, 2]);
    expect(() => placed.place([1, 2])).toThrow('a frame of poses has 2 numbers; the scene');
  });

  it("draws X-Magical's arena from its pose track as the arena's own renderer does", async () => {
    const env = await makeEnv('xmagical/avoid-longstick');
    env.reset({ seed: 3 });
    const size = { width: 96, height: 96 };
    const flat = env.render(env.spec.cameras[0]!, size);
    const scene = env.scene();
    const placed = new SceneInstances(scene);
    const frame = new Float32Array(scene.bodies.reduce((sum, { pose }) => sum + (pose === 'fixed' ? 0 : 3), 0));
    env.writePoses(frame);
    env.close();
    placed.place(frame);
    // From so high above that the view is almost parallel; the arena's camera shows a square of 2.244 m.
    const height = 400;
    const fovYDeg = (2 * Math.atan(1.122 / height) * 180) / Math.PI;
    const rgb = new Uint8Array(flat.length);
    new SceneRenderer(new RenderScene(placed.instances), size).render(
      lookAt([0, 0, height], [0, 0, 0]),
      intrinsicsFromFovY(fovYDeg, size),
      placed.poses,
      { rgb },
    );
    // Shading is brighter than the flat colours or darker by one factor: compare hues.
    let equal = 0;
    for (let pixel = 0; pixel < rgb.length; pixel += 3) {
      const [a, b] = [rgb.subarray(pixel, pixel + 3), flat.subarray(pixel, pixel + 3)];
      const dot = a[0]! * b[0]! + a[1]! * b[1]! + a[2]! * b[2]!;
      if (dot > 0.995 * Math.hypot(...a) * Math.hypot(...b)) equal += 1;
    }
    expect(equal / (rgb.length / 3)).toBeGreaterThan(0.9);
  });
});

describe('tessellate', () => {
  it('covers an outline with dents once, whichever way round it is given', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.2, max: 1, noNaN: true }), { minLength: 3, maxLength: 12 }),
        fc.boolean(),
        (radii, backwards) => {
          const outline = radii.map((radius, index): [number, number] => {
            const angle = (2 * Math.PI * index) / radii.length;
            return [radius * Math.cos(angle), radius * Math.sin(angle)];
          });
          const shoelace = outline.reduce((sum, [x, y], index) => {
            const [nextX, nextY] = outline[(index + 1) % outline.length]!;
            return sum + (x * nextY - nextX * y) / 2;
          }, 0);
          const { positions, triangles } = tessellate(
            {
              kind: 'prism',
              outline: backwards ? outline.toReversed() : outline,
              bottom: -1,
              top: 2,
            },
            'fine',
          );
          // The signed volume of the closed surface (divergence theorem) is the outline's area times the height.
          let volume = 0;
          for (let at = 0; at < triangles.length; at += 3) {
            const [a, b, c] = [0, 1, 2].map((corner) => {
              const vertex = 3 * triangles[at + corner]!;
              return positions.subarray(vertex, vertex + 3);
            }) as [Float64Array, Float64Array, Float64Array];
            volume +=
              (a[0]! * (b[1]! * c[2]! - b[2]! * c[1]!) +
                a[1]! * (b[2]! * c[0]! - b[0]! * c[2]!) +
                a[2]! * (b[0]! * c[1]! - b[1]! * c[0]!)) /
              6;
          }
          expect(volume).toBeCloseTo(3 * shoelace, 9);
        },
      ),
      { numRuns: 100 },
    );
  });
});
