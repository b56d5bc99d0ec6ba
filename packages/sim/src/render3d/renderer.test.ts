import { createHash } from 'node:crypto';
import { type ImageSize, RandomStream, type Vector3 } from '@rapport/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CameraPose, type Intrinsics, intrinsicsFromFovY, lookAt } from './camera.js';
import { type RenderQuality, SceneRenderer } from './renderer.js';
import { type FramePoses, type RenderInstance, RenderScene } from './scene.js';
import { checkerTexture, type Shape } from './shapes.js';
import { tessellate } from './tessellate.js';
import { lighting, NEAR } from './transform.js';

const size: ImageSize = { width: 48, height: 36 };
const pixels = size.width * size.height;
const identity = [1, 0, 0, 0, 1, 0, 0, 0, 1];
const noPoses: FramePoses = { positions: new Float64Array(0), rotations: new Float64Array(0) };

interface Hit {
  readonly depth: number;
  readonly segment: number;
}

const nothing: Hit = { depth: Number.POSITIVE_INFINITY, segment: -1 };

/** All triangles of a scene in the camera's frame, for casting rays at them one by one. */
function cameraTriangles(instances: readonly RenderInstance[], poses: FramePoses, camera: CameraPose) {
  return instances.flatMap(({ shape, pose, segment }) => {
    if (shape.kind === 'skin') throw new Error('skins are tested on their own');
    const { positions, triangles } = tessellate(shape, 'fine');
    const row = pose as number;
    const inCamera = (vertex: number): Vector3 => {
      const local = positions.subarray(3 * vertex, 3 * vertex + 3);
      const world = [0, 1, 2].map((axis) => {
        const r = 9 * row + 3 * axis;
        const turned = [0, 1, 2].reduce((sum, other) => sum + poses.rotations[r + other]! * local[other]!, 0);
        return turned + poses.positions[3 * row + axis]! - camera.position[axis]!;
      });
      const axis = (column: number) =>
        [0, 1, 2].reduce((sum, other) => sum + camera.rotation[3 * other + column]! * world[other]!, 0);
      return [axis(0), axis(1), axis(2)];
    };
    return Array.from({ length: triangles.length / 3 }, (_, triangle) => ({
      corners: [0, 1, 2].map((corner) => inCamera(triangles[3 * triangle + corner]!)) as [Vector3, Vector3, Vector3],
      segment,
    }));
  });
}

function minus(a: Vector3, b: Vector3): Vector3 {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}

function dot(a: Vector3, b: Vector3): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

function cross(a: Vector3, b: Vector3): Vector3 {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

/** Möller and Trumbore's intersection: the nearest outside of a triangle beyond the near plane. */
function castRay(
  triangles: ReturnType<typeof cameraTriangles>,
  { fx, fy, cx, cy }: Intrinsics,
  column: number,
  row: number,
): Hit {
  const ray: Vector3 = [(column - cx) / fx, (row - cy) / fy, 1];
  let best = nothing;
  for (const { corners, segment } of triangles) {
    const [a, b, c] = corners;
    const [ab, ac] = [minus(b, a), minus(c, a)];
    const across = cross(ray, ac);
    const determinant = dot(ab, across);
    if (determinant <= 0) continue;
    const fromA: Vector3 = [-a[0], -a[1], -a[2]];
    const u = dot(fromA, across) / determinant;
    const turned = cross(fromA, ab);
    const v = dot(ray, turned) / determinant;
    if (u < 0 || v < 0 || u + v > 1) continue;
    const depth = dot(ac, turned) / determinant;
    if (depth >= NEAR && depth < best.depth) best = { depth, segment };
  }
  return best;
}

function randomRotation(random: RandomStream): number[] {
  const [w, x, y, z] = Array.from({ length: 4 }, () => random.normal());
  const n = Math.hypot(w!, x!, y!, z!);
  const [a, b, c, d] = [w! / n, x! / n, y! / n, z! / n];
  return [
    1 - 2 * (c * c + d * d),
    2 * (b * c - a * d),
    2 * (b * d + a * c),
    2 * (b * c + a * d),
    1 - 2 * (b * b + d * d),
    2 * (c * d - a * b),
    2 * (b * d - a * c),
    2 * (c * d + a * b),
    1 - 2 * (b * b + c * c),
  ];
}

/** Shapes of every kind around the origin, within about `spread` metres. */
function randomScene(random: RandomStream, spread: number): { instances: RenderInstance[]; poses: FramePoses } {
  const length = () => random.uniformBetween(0.05, 0.4);
  const tetrahedron = () => Array.from({ length: 12 }, () => random.uniformBetween(-0.4, 0.4));
  const shapes: Shape[] = [
    { kind: 'box', halfExtents: [length(), length(), length()] },
    { kind: 'sphere', radius: length() },
    { kind: 'ellipsoid', radii: [length(), length(), length()] },
    { kind: 'capsule', radius: length() / 2, halfLength: length() },
    { kind: 'cylinder', radius: length(), halfLength: length() },
    { kind: 'plane', halfExtents: [1, 2] },
    { kind: 'prism', outline: [[-0.2, -0.1], [0.3, -0.1], [0.1, 0.4]], bottom: -length(), top: length() }, // biome-ignore format: one line
    { kind: 'mesh', positions: tetrahedron(), triangles: [0, 1, 2, 0, 2, 3, 0, 3, 1, 1, 3, 2] },
  ];
  return {
    instances: shapes.map((shape, index) => ({
      shape,
      colour: [200, 30 * index, 90],
      segment: 10 + index,
      pose: index,
    })),
    poses: {
      positions: Float64Array.from({ length: 3 * shapes.length }, () => random.uniformBetween(-spread, spread)),
      rotations: Float64Array.from(shapes.flatMap(() => randomRotation(random))),
    },
  };
}

/** Compares every pixel but those at an edge, where a ray a ten-thousandth of a pixel away sees something else. */
function expectRays(instances: RenderInstance[], poses: FramePoses, camera: CameraPose, intrinsics: Intrinsics) {
  const depth = new Float32Array(pixels);
  const segmentation = new Int32Array(pixels);
  new SceneRenderer(new RenderScene(instances), size).render(camera, intrinsics, poses, { depth, segmentation });
  const triangles = cameraTriangles(instances, poses, camera);
  let compared = 0;
  for (let pixel = 0; pixel < pixels; pixel++) {
    const column = pixel % size.width;
    const row = Math.floor(pixel / size.width);
    const hit = castRay(triangles, intrinsics, column, row);
    const wrongDepth = Math.abs(depth[pixel]! / hit.depth - 1) > 1e-6;
    if (segmentation[pixel] !== hit.segment || wrongDepth) {
      const around = [-1e-4, 1e-4].flatMap((shift) => [
        castRay(triangles, intrinsics, column + shift, row),
        castRay(triangles, intrinsics, column, row + shift),
      ]);
      const atEdge = around.some(
        (other) => other.segment !== hit.segment || Math.abs(other.depth / hit.depth - 1) > 1e-3,
      );
      if (atEdge) continue;
    }
    expect([column, row, segmentation[pixel]]).toEqual([column, row, hit.segment]);
    if (hit.segment >= 0) expect(Math.abs(depth[pixel]! / hit.depth - 1)).toBeLessThan(1e-6);
    else expect(depth[pixel]).toBe(Number.POSITIVE_INFINITY);
    compared += 1;
  }
  return compared / pixels;
}

describe('SceneRenderer', () => {
  it('sees what rays cast at every triangle see, depth and segment', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const random = new RandomStream(seed, 'scene');
        const { instances, poses } = randomScene(random, 0.6);
        const camera = lookAt([1.5, random.uniformBetween(-1, 1), random.uniformBetween(-1, 1.5)], [0, 0, 0]);
        const compared = expectRays(instances, poses, camera, intrinsicsFromFovY(55, size));
        expect(compared).toBeGreaterThan(0.99);
      }),
      { numRuns: 12 },
    );
  });

  it('cuts at the near plane what reaches behind the camera', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const random = new RandomStream(seed, 'near');
        const { instances, poses } = randomScene(random, 0.25);
        const target: Vector3 = [random.uniformBetween(-1, 1), random.uniformBetween(-1, 1), random.normal()];
        const camera = lookAt([0.05, random.uniformBetween(-0.2, 0.2), 0.02], target);
        const compared = expectRays(instances, poses, camera, { fx: 30, fy: 24, cx: 20, cy: 11 });
        expect(compared).toBeGreaterThan(0.97);
      }),
      { numRuns: 12 },
    );
  });

  it('leaves no gap between neighbouring triangles', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        // A sheet of random triangles that fills the picture, at one depth.
        const random = new RandomStream(seed, 'sheet');
        const across = 9;
        const positions: number[] = [];
        const triangles: number[] = [];
        for (let row = 0; row <= across; row++) {
          for (let column = 0; column <= across; column++) {
            const jitter = () => random.uniformBetween(-0.4, 0.4);
            positions.push((column + jitter()) / across - 0.5, (row + jitter()) / across - 0.5, 0.1 * random.uniform());
            const corner = row * (across + 1) + column;
            const next = corner + across + 1;
            if (row < across && column < across) triangles.push(corner, corner + 1, next, corner + 1, next + 1, next);
          }
        }
        const instance: RenderInstance = {
          shape: { kind: 'mesh', positions, triangles },
          colour: [255, 255, 255],
          segment: 0,
          pose: { position: [0, 0, 0], rotation: identity },
        };
        const segmentation = new Int32Array(pixels);
        const camera = lookAt([0, 0, 0.6], [0, 0, 0]);
        new SceneRenderer(new RenderScene([instance]), size).render(camera, intrinsicsFromFovY(40, size), noPoses, {
          segmentation,
        });
        expect(segmentation.filter((segment) => segment !== 0)).toHaveLength(0);
      }),
      { numRuns: 20 },
    );
  });

  it("follows Lambert's law on a sphere", () => {
    const radius = 0.3;
    const instance: RenderInstance = {
      shape: { kind: 'sphere', radius },
      colour: [255, 255, 255],
      segment: 0,
      pose: { position: [0, 0, 0], rotation: randomRotation(new RandomStream(3, 'turn')) },
    };
    const camera = lookAt([1, -0.4, 0.5], [0, 0, 0]);
    const intrinsics = intrinsicsFromFovY(40, size);
    const rgb = new Uint8Array(3 * pixels);
    const depth = new Float32Array(pixels);
    new SceneRenderer(new RenderScene([instance]), size).render(camera, intrinsics, noPoses, { rgb, depth });
    let worst = 0;
    let seen = 0;
    for (let pixel = 0; pixel < pixels; pixel++) {
      const z = depth[pixel]!;
      if (z === Number.POSITIVE_INFINITY) continue;
      const inCamera = [
        (z * ((pixel % size.width) - intrinsics.cx)) / intrinsics.fx,
        (z * (Math.floor(pixel / size.width) - intrinsics.cy)) / intrinsics.fy,
        z,
      ];
      const normal = [0, 1, 2].map(
        (axis) =>
          ([0, 1, 2].reduce((sum, other) => sum + camera.rotation[3 * axis + other]! * inCamera[other]!, 0) +
            camera.position[axis]!) /
          radius,
      ) as unknown as Vector3;
      const lit = ({ direction, strength }: { direction: Float64Array; strength: number }) =>
        strength * Math.max(0, dot(normal, direction as unknown as Vector3));
      const expected = 255 * Math.min(1, lighting.ambient + lit(lighting.key) + lit(lighting.fill));
      worst = Math.max(worst, Math.abs(rgb[3 * pixel]! - expected));
      seen += 1;
    }
    expect(seen).toBeGreaterThan(300);
    // Triangles of about 13 degrees: the shade within one is linear, the law's is not.
    expect(worst).toBeLessThan(9);
  });

  it('paints a chessboard where the squares are, and its mean colour far away', () => {
    const instance: RenderInstance = {
      shape: { kind: 'plane', halfExtents: [50, 50] },
      colour: [0, 0, 0],
      texture: checkerTexture([250, 250, 250], [50, 50, 50], 0.2),
      segment: 0,
      pose: { position: [0, 0, 0], rotation: identity },
    };
    const intrinsics = intrinsicsFromFovY(50, size);
    const shade =
      lighting.ambient + lighting.key.strength * lighting.key.direction[2]! + 0.18 * lighting.fill.direction[2]!;
    const picture = (height: number) => {
      const rgb = new Uint8Array(3 * pixels);
      const camera = lookAt([0, 0, height], [0, 0, 0]);
      new SceneRenderer(new RenderScene([instance]), size).render(camera, intrinsics, noPoses, { rgb });
      return rgb;
    };
    const close = picture(1);
    for (let pixel = 0; pixel < pixels; pixel++) {
      // Looking straight down with the world's y up in the picture.
      const x = ((pixel % size.width) - intrinsics.cx) / intrinsics.fx;
      const y = -(Math.floor(pixel / size.width) - intrinsics.cy) / intrinsics.fy;
      const even = (Math.floor(x / 0.2) + Math.floor(y / 0.2)) % 2 === 0;
      // The texture's first row is at the largest y: its first texel is where x is in [0, 0.2) and y in [0.2, 0.4).
      expect(Math.abs(close[3 * pixel]! - (even ? 50 : 250) * shade)).toBeLessThan(1.5);
    }
    for (const value of picture(40)) expect(Math.abs(value - 150 * shade)).toBeLessThan(1.5);
  });

  it('darkens where a ray towards the light is blocked', () => {
    const place = (z: number) => ({ position: [0, 0, z] as const, rotation: identity });
    const cube: RenderInstance = {
      shape: { kind: 'box', halfExtents: [0.1, 0.1, 0.1] },
      colour: [255, 0, 0],
      segment: 1,
      pose: place(0.3),
    };
    const floor: RenderInstance = {
      shape: { kind: 'plane', halfExtents: [2, 2] },
      colour: [255, 255, 255],
      segment: 0,
      pose: place(0),
    };
    const scene = new RenderScene([floor, cube]);
    const camera = lookAt([-0.5, 0.8, 0.9], [-0.1, 0.15, 0]);
    const intrinsics = intrinsicsFromFovY(50, size);
    const shadowBounds = { min: [-1, -1, 0], max: [1, 1, 0.5] } as const;
    const rgb = new Uint8Array(3 * pixels);
    const depth = new Float32Array(pixels);
    const segmentation = new Int32Array(pixels);
    new SceneRenderer(scene, size, { shadowBounds }).render(camera, intrinsics, noPoses, { rgb, depth, segmentation });
    const [lx, ly, lz] = lighting.key.direction as unknown as Vector3;
    let shadowed = 0;
    let wrong = 0;
    for (let pixel = 0; pixel < pixels; pixel++) {
      if (segmentation[pixel] !== 0) continue;
      const z = depth[pixel]!;
      const [u, v] = [pixel % size.width, Math.floor(pixel / size.width)];
      const ray = [(z * (u - intrinsics.cx)) / intrinsics.fx, (z * (v - intrinsics.cy)) / intrinsics.fy, z];
      const world = (axis: number) =>
        [0, 1, 2].reduce(
          (sum, other) => sum + camera.rotation[3 * axis + other]! * ray[other]!,
          camera.position[axis]!,
        );
      // The blocked part of the floor: the cube moved along the light onto z = 0.
      const blocked = Array.from({ length: 41 }, (_, step) => 0.2 + 0.005 * step).some((height) => {
        const t = height / lz;
        return Math.abs(world(0) + t * lx) < 0.1 && Math.abs(world(1) + t * ly) < 0.1;
      });
      if (Math.hypot(world(0), world(1)) > 0.9) continue;
      const full =
        255 * (lighting.ambient + lighting.key.strength * lz + lighting.fill.strength * lighting.fill.direction[2]!);
      const dark = rgb[3 * pixel]! < full - 40;
      if (blocked) shadowed += 1;
      if (dark !== blocked) wrong += 1;
    }
    expect(shadowed).toBeGreaterThan(30);
    // Pixels at the shadow's edge.
    expect(wrong).toBeLessThan(0.2 * shadowed);
  });

  it('casts no shadow on what lies below the bounds of shadows', () => {
    const floor: RenderInstance = {
      shape: { kind: 'plane', halfExtents: [9, 9] },
      colour: [255, 255, 255],
      segment: 0,
      pose: { position: [0, 0, -3], rotation: identity },
    };
    const scene = new RenderScene([floor]);
    const draw = (quality: RenderQuality) => {
      const rgb = new Uint8Array(3 * pixels);
      new SceneRenderer(scene, size, quality).render(
        lookAt([1, 1, 1], [0, 0, 0]),
        intrinsicsFromFovY(50, size),
        noPoses,
        { rgb },
      );
      return rgb;
    };
    expect(draw({ shadowBounds: { min: [-1, -1, 0], max: [1, 1, 1] } })).toEqual(draw({}));
  });

  it('mixes the nearest transparent surface into what is behind it', () => {
    const wall = (z: number, colour: [number, number, number], opacity: number, segment: number): RenderInstance => ({
      shape: { kind: 'plane', halfExtents: [1, 1] },
      colour,
      opacity,
      segment,
      pose: { position: [0, 0, z], rotation: identity },
    });
    const draw = (instances: RenderInstance[]) => {
      const rgb = new Uint8Array(3 * pixels);
      const segmentation = new Int32Array(pixels);
      new SceneRenderer(new RenderScene(instances), size).render(
        lookAt([0, 0, 1], [0, 0, 0]),
        intrinsicsFromFovY(30, size),
        noPoses,
        { rgb, segmentation },
      );
      return { colour: [...rgb.subarray(0, 3)], segment: segmentation[0] };
    };
    const [red] = draw([wall(0, [250, 0, 0], 1, 5)]).colour;
    const [, green] = draw([wall(0, [0, 250, 0], 1, 6)]).colour;
    const mixed = draw([wall(0.1, [0, 250, 0], 0.25, 6), wall(0, [250, 0, 0], 1, 5), wall(-0.1, [0, 0, 250], 0.9, 7)]);
    expect(Math.abs(mixed.colour[0]! - 0.75 * red!)).toBeLessThan(1.5);
    expect(Math.abs(mixed.colour[1]! - 0.25 * green!)).toBeLessThan(1.5);
    expect(mixed.colour[2]).toBe(0);
    expect(mixed.segment).toBe(5);
  });

  it('shows both sides of a sheet and follows its vertices', () => {
    const sheet: RenderInstance = {
      shape: { kind: 'skin', firstVertex: 1, vertexCount: 4, triangles: [0, 1, 2, 0, 2, 3], surface: 'open' },
      colour: [255, 255, 255],
      segment: 4,
    };
    const renderer = new SceneRenderer(new RenderScene([sheet]), size);
    const intrinsics = intrinsicsFromFovY(60, size);
    for (const [height, eye] of [
      [0.2, 1],
      [-0.3, -1],
    ] as const) {
      // biome-ignore format: one line
      const corners = [-1, -1, 1, -1, 1, 1, -1, 1];
      const vertices = Float64Array.from(
        [0, 1, 2, 3].flatMap((corner) => [corners[2 * corner]!, corners[2 * corner + 1]!, height]),
      );
      const depth = new Float32Array(pixels);
      const rgb = new Uint8Array(3 * pixels);
      renderer.render(
        lookAt([0, 0, eye], [0, 0, 0]),
        intrinsics,
        { ...noPoses, vertices: Float64Array.of(9, 9, 9, ...vertices) },
        { depth, rgb },
      );
      for (const value of depth) expect(value).toBeCloseTo(Math.abs(eye - height), 6);
      const towards = (light: { direction: Float64Array; strength: number }) =>
        light.strength * Math.max(0, eye * light.direction[2]!);
      const shade = lighting.ambient + towards(lighting.key) + towards(lighting.fill);
      for (const value of rgb) expect(Math.abs(value - 255 * Math.min(shade, 1))).toBeLessThan(1.5);
    }
  });

  it('averages four samples per pixel and reports the nearest of them', () => {
    const { instances, poses } = randomScene(new RandomStream(8, 'scene'), 0.5);
    const scene = new RenderScene(instances);
    const camera = lookAt([1.4, 0.3, 0.6], [0, 0, 0]);
    const fine: ImageSize = { width: 2 * size.width, height: 2 * size.height };
    const make = (of: ImageSize) => ({
      rgb: new Uint8Array(3 * of.width * of.height),
      depth: new Float32Array(of.width * of.height),
    });
    const [smooth, single] = [make(size), make(fine)];
    const intrinsics = intrinsicsFromFovY(50, size);
    new SceneRenderer(scene, size, { supersampling: 2 }).render(camera, intrinsics, poses, smooth);
    new SceneRenderer(scene, fine).render(camera, intrinsicsFromFovY(50, fine), poses, single);
    for (let pixel = 0; pixel < pixels; pixel++) {
      const first = 2 * Math.floor(pixel / size.width) * fine.width + 2 * (pixel % size.width);
      const four = [first, first + 1, first + fine.width, first + fine.width + 1];
      expect(smooth.depth[pixel]).toBeCloseTo(Math.min(...four.map((sample) => single.depth[sample]!)), 5);
      for (let part = 0; part < 3; part++) {
        const mean = four.reduce((sum, sample) => sum + single.rgb[3 * sample + part]! / 4, 0);
        expect(Math.abs(smooth.rgb[3 * pixel + part]! - mean)).toBeLessThan(0.51);
      }
    }
  });

  it('gives the same bytes on every run', () => {
    const { instances, poses } = randomScene(new RandomStream(5, 'scene'), 0.5);
    const bounds = { min: [-1, -1, -1], max: [1, 1, 1] } as const;
    const camera = lookAt([1.4, 0.3, 0.6], [0, 0, 0]);
    const renderer = new SceneRenderer(new RenderScene(instances), size, { supersampling: 2, shadowBounds: bounds });
    const hash = () => {
      const rgb = new Uint8Array(3 * pixels);
      const depth = new Float32Array(pixels);
      renderer.render(camera, intrinsicsFromFovY(50, size), poses, { rgb, depth });
      return createHash('sha256').update(rgb).update(new Uint8Array(depth.buffer)).digest('hex');
    };
    const first = hash();
    renderer.render(lookAt([-1, 0.2, 0.3], [0, 0, 0]), intrinsicsFromFovY(70, size), poses, {
      rgb: new Uint8Array(3 * pixels),
    });
    expect(hash()).toBe(first);
    // Also the bytes of other processes and machines.
    expect(first).toMatchInlineSnapshot(`"2dd6a49c31d5ad39b8c3459153c119dd04884964dc26e993459269555bbfb3e9"`);
  });

  it('refuses what does not fit, by name', () => {
    const box: RenderInstance = {
      shape: { kind: 'box', halfExtents: [1, 1, 1] },
      colour: [0, 0, 0],
      segment: 0,
      pose: 2,
    };
    const renderer = new SceneRenderer(new RenderScene([box]), size);
    const camera = lookAt([3, 0, 0], [0, 0, 0]);
    const intrinsics = intrinsicsFromFovY(50, size);
    expect(() => renderer.render(camera, intrinsics, noPoses, {})).toThrow(
      'poses have 0 and 0 numbers; the scene needs 9 and 27',
    );
    const poses = { positions: new Float64Array(9), rotations: new Float64Array(27) };
    expect(() => renderer.render(camera, intrinsics, poses, { depth: new Float32Array(7) })).toThrow(
      `depth buffer has 7 numbers; expected ${pixels}`,
    );
    expect(() => new SceneRenderer(new RenderScene([box]), { width: 0, height: 4 })).toThrow('picture size is 0x4');
    expect(() => new RenderScene([{ ...box, shape: { kind: 'sphere', radius: -1 } }])).toThrow(
      'sphere has the sizes -1',
    );
    expect(() => new RenderScene([{ ...box, segment: -2 }])).toThrow('instance 0 has segment -2');
    expect(() => lookAt([1, 1, 1], [1, 1, 1])).toThrow('camera at 1, 1, 1 looks at its own place');
  });
});
