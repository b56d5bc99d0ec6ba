import { type ImageSize, InputError, type Rgb, type Scene } from '@rapport/core';
import type { CameraPose, Intrinsics } from './camera.js';
import { type Clipped, clipNear } from './clip.js';
import { Colours } from './colours.js';
import type { FramePoses, PreparedInstance, RenderScene } from './scene.js';
import { SHADOW_SET_BACK, ShadowMap } from './shadow-map.js';
import { readSkin } from './skin.js';
import {
  composeTransform,
  NEAR,
  projectVertices,
  shadeVertices,
  TRANSFORM_SIZE,
  transformVertices,
} from './transform.js';
import {
  BACKGROUND,
  clearGrid,
  drawTriangles,
  makeProjectedVertices,
  makeSampleGrid,
  type SampleGrid,
} from './triangles.js';

export interface RenderQuality {
  /** Samples per pixel along each axis: 1, or 2 for smooth edges at about a third of the speed; 1 when absent. */
  readonly supersampling?: 1 | 2;
  /** Draws the key light's shadows within these bounds; none when absent. */
  readonly shadowBounds?: Scene['bounds'];
  /** Colour where nothing is. */
  readonly background?: Rgb;
}

/** Pictures to write, row-major, row 0 at the top; absent ones are not made. */
export interface RenderOutputs {
  /** Shape [height, width, 3]. */
  readonly rgb?: Uint8Array;
  /** Distance along the camera's z axis, metres, shape [height, width]; Infinity where nothing is. */
  readonly depth?: Float32Array;
  /** `segment` of the instance that is seen, shape [height, width]; -1 where nothing is. */
  readonly segmentation?: Int32Array;
}

const defaultBackground: Rgb = [214, 222, 232];

/**
 * Draws a scene into pictures of one size: a z-buffer with Lambert shading, on one thread, without a GPU. The same
 * scene, poses and camera give the same bytes on every run. All buffers are made here, none while rendering.
 */
export class SceneRenderer {
  readonly size: ImageSize;
  readonly #scene: RenderScene;
  readonly #factor: 1 | 2;
  readonly #opaque: SampleGrid;
  /** The nearest transparent surfaces; absent when the scene has none. */
  readonly #transparent: SampleGrid | undefined;
  readonly #shadows: ShadowMap | undefined;
  readonly #colours: Colours;
  /** Colours of all samples, with supersampling. */
  readonly #sampleColours: Uint8Array | undefined;
  readonly #projection = new Float64Array(12);
  readonly #transform = new Float64Array(TRANSFORM_SIZE);
  readonly #vertices;
  readonly #clipped: Clipped;
  readonly #intrinsics = { fx: 1, fy: 1, cx: 0, cy: 0 };

  /** @throws InputError when the size is not made of positive integers */
  constructor(scene: RenderScene, size: ImageSize, quality: RenderQuality = {}) {
    const { width, height } = size;
    if (!Number.isInteger(width) || !Number.isInteger(height) || width < 1 || height < 1) {
      throw new InputError(`picture size is ${width}x${height}; expected positive integers`);
    }
    const factor = quality.supersampling ?? 1;
    this.size = { width, height };
    this.#scene = scene;
    this.#factor = factor;
    this.#opaque = makeSampleGrid(factor * width, factor * height);
    if (scene.instances.some(({ transparent }) => transparent)) {
      this.#transparent = makeSampleGrid(factor * width, factor * height);
    }
    if (quality.shadowBounds !== undefined)
      this.#shadows = new ShadowMap(quality.shadowBounds, Math.max(width, height));
    this.#colours = new Colours(scene, quality.background ?? defaultBackground);
    if (factor > 1) this.#sampleColours = new Uint8Array(3 * factor * factor * width * height);
    this.#vertices = makeProjectedVertices(scene.mostVertices + 2 * scene.mostTriangles);
    this.#clipped = { triangles: new Uint32Array(6 * scene.mostTriangles), triangleCount: 0, vertexCount: 0 };
  }

  /**
   * Draws one picture.
   * @throws InputError when an array is too short for the scene or has another length than the picture
   */
  render(camera: CameraPose, intrinsics: Intrinsics, poses: FramePoses, outputs: RenderOutputs): void {
    this.#check(poses, outputs);
    this.#scaleIntrinsics(intrinsics);
    for (const instance of this.#scene.instances) {
      if (instance.skinStart >= 0) readSkin(instance, poses.vertices!);
    }
    this.#setProjection(camera);
    clearGrid(this.#opaque);
    this.#drawInstances(poses, false, this.#opaque);
    if (outputs.depth !== undefined) this.#writeDepth(outputs.depth);
    if (outputs.segmentation !== undefined) this.#writeSegmentation(outputs.segmentation);
    if (outputs.rgb === undefined) return;
    if (this.#transparent !== undefined) {
      clearGrid(this.#transparent);
      this.#drawInstances(poses, true, this.#transparent);
    }
    if (this.#shadows !== undefined) {
      this.#drawShadowMap(this.#shadows, poses);
      this.#shadows.darken(this.#opaque, camera, this.#intrinsics);
    }
    this.#writeColours(camera, poses, outputs.rgb);
  }

  #check({ positions, rotations, vertices }: FramePoses, { rgb, depth, segmentation }: RenderOutputs): void {
    const { poseRows, skinVertices } = this.#scene;
    if (positions.length < 3 * poseRows || rotations.length < 9 * poseRows) {
      throw new InputError(
        `poses have ${positions.length} and ${rotations.length} numbers; the scene needs ${3 * poseRows} and ${9 * poseRows}`,
      );
    }
    if ((vertices?.length ?? 0) < 3 * skinVertices) {
      throw new InputError(`skins have ${vertices?.length ?? 0} numbers; the scene needs ${3 * skinVertices}`);
    }
    const pixels = this.size.width * this.size.height;
    checkLength('picture', rgb, 3 * pixels);
    checkLength('depth', depth, pixels);
    checkLength('segmentation', segmentation, pixels);
  }

  /** With supersampling, pixel (u, v) becomes the samples (2u, 2v) to (2u + 1, 2v + 1). */
  #scaleIntrinsics({ fx, fy, cx, cy }: Intrinsics): void {
    const factor = this.#factor;
    this.#intrinsics.fx = factor * fx;
    this.#intrinsics.fy = factor * fy;
    this.#intrinsics.cx = factor * cx + (factor - 1) / 2;
    this.#intrinsics.cy = factor * cy + (factor - 1) / 2;
  }

  #setProjection({ position, rotation }: CameraPose): void {
    const { fx, fy, cx, cy } = this.#intrinsics;
    const projection = this.#projection;
    for (let axis = 0; axis < 3; axis++) {
      const forward = rotation[3 * axis + 2]!;
      projection[axis] = fx * rotation[3 * axis]! + cx * forward;
      projection[4 + axis] = fy * rotation[3 * axis + 1]! + cy * forward;
      projection[8 + axis] = forward;
    }
    for (let line = 0; line < 12; line += 4) {
      projection[line + 3] = -(
        projection[line]! * position[0]! +
        projection[line + 1]! * position[1]! +
        projection[line + 2]! * position[2]!
      );
    }
  }

  #drawInstances(poses: FramePoses, transparent: boolean, grid: SampleGrid): void {
    const { instances } = this.#scene;
    for (let index = 0; index < instances.length; index++) {
      const instance = instances[index]!;
      if (instance.transparent !== transparent) continue;
      compose(instance, poses, this.#projection, this.#transform);
      const view = this.#judge(instance);
      if (view !== 'hidden') this.#drawInstance(instance, view, grid, 256 * (index + 1));
    }
  }

  /** By the sphere around an instance: whether it can be in the picture at all, and needs no cut at the near plane. */
  #judge({ centre, radius }: PreparedInstance): 'hidden' | 'cut' | 'whole' {
    if (radius === Number.POSITIVE_INFINITY) return 'cut';
    const m = this.#transform;
    const x = centre[0]!;
    const y = centre[1]!;
    const z = centre[2]!;
    const depth = m[8]! * x + m[9]! * y + m[10]! * z + m[11]!;
    if (depth + radius < NEAR) return 'hidden';
    const column = m[0]! * x + m[1]! * y + m[2]! * z + m[3]!;
    const row = m[4]! * x + m[5]! * y + m[6]! * z + m[7]!;
    const { fx, fy, cx, cy } = this.#intrinsics;
    const { width, height } = this.#opaque;
    // The picture's edges are planes through the camera; pixels reach half a pixel beyond their centres.
    const leftX = cx + 0.5;
    const rightX = width - 0.5 - cx;
    const topY = cy + 0.5;
    const bottomY = height - 0.5 - cy;
    if (
      column + 0.5 * depth < -radius * Math.sqrt(fx * fx + leftX * leftX) ||
      (width - 0.5) * depth - column < -radius * Math.sqrt(fx * fx + rightX * rightX) ||
      row + 0.5 * depth < -radius * Math.sqrt(fy * fy + topY * topY) ||
      (height - 0.5) * depth - row < -radius * Math.sqrt(fy * fy + bottomY * bottomY)
    ) {
      return 'hidden';
    }
    return depth - radius < NEAR ? 'cut' : 'whole';
  }

  #drawInstance(instance: PreparedInstance, view: 'cut' | 'whole', grid: SampleGrid, base: number): void {
    const { positions, normals, vertexCount, twoSided } = instance;
    const vertices = this.#vertices;
    transformVertices(this.#transform, positions, vertexCount, vertices);
    shadeVertices(this.#transform, normals, vertexCount, vertices.shade, 1);
    if (twoSided) shadeVertices(this.#transform, normals, vertexCount, vertices.backShade, -1);
    let triangles = instance.triangles;
    let count = triangles.length / 3;
    let used = vertexCount;
    if (view === 'cut') {
      clipNear(vertices, vertexCount, triangles, this.#clipped);
      triangles = this.#clipped.triangles;
      count = this.#clipped.triangleCount;
      used = this.#clipped.vertexCount;
    }
    projectVertices(vertices, used);
    drawTriangles(grid, vertices, vertices.shade, triangles, count, base, 1, 0);
    if (twoSided) drawTriangles(grid, vertices, vertices.backShade, triangles, count, base, -1, 0);
  }

  #drawShadowMap({ grid, projection, radius }: ShadowMap, poses: FramePoses): void {
    clearGrid(grid);
    const vertices = this.#vertices;
    for (const instance of this.#scene.instances) {
      const rigid = instance.skinStart < 0;
      if (instance.transparent || (rigid && instance.radius > radius / 2)) continue;
      compose(instance, poses, projection, this.#transform);
      const { positions, triangles } = instance.shadow;
      transformVertices(this.#transform, positions, positions.length / 3, vertices);
      const count = triangles.length / 3;
      drawTriangles(grid, vertices, vertices.shade, triangles, count, 0, 1, SHADOW_SET_BACK);
      if (instance.twoSided) drawTriangles(grid, vertices, vertices.shade, triangles, count, 0, -1, SHADOW_SET_BACK);
    }
  }

  /** The nearest of a pixel's samples. */
  #nearestSample(column: number, row: number): number {
    if (this.#factor === 1) return row * this.size.width + column;
    const { width, nearness } = this.#opaque;
    const first = 2 * row * width + 2 * column;
    let best = first;
    if (nearness[first + 1]! > nearness[best]!) best = first + 1;
    if (nearness[first + width]! > nearness[best]!) best = first + width;
    if (nearness[first + width + 1]! > nearness[best]!) best = first + width + 1;
    return best;
  }

  #writeDepth(out: Float32Array): void {
    const { width, height } = this.size;
    const { nearness } = this.#opaque;
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        out[row * width + column] = 1 / nearness[this.#nearestSample(column, row)]!;
      }
    }
  }

  #writeSegmentation(out: Int32Array): void {
    const { width, height } = this.size;
    const { samples } = this.#opaque;
    const { instances } = this.#scene;
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        const sample = samples[this.#nearestSample(column, row)]!;
        out[row * width + column] = sample === BACKGROUND ? -1 : instances[(sample >> 8) - 1]!.source.segment;
      }
    }
  }

  #writeColours(camera: CameraPose, poses: FramePoses, out: Uint8Array): void {
    const target = this.#sampleColours ?? out;
    this.#colours.placeTextures(camera, this.#intrinsics, poses);
    this.#colours.write(this.#opaque, target);
    this.#colours.paintTextures(this.#opaque, this.#intrinsics.fx, target);
    if (this.#transparent !== undefined) this.#colours.blend(this.#transparent, this.#opaque, target);
    if (this.#sampleColours !== undefined) averageFours(this.#sampleColours, this.size, out);
  }
}

function compose(instance: PreparedInstance, poses: FramePoses, projection: Float64Array, out: Float64Array): void {
  const { poseRow, fixedPosition, fixedRotation } = instance;
  if (poseRow < 0) composeTransform(projection, fixedPosition, fixedRotation, 0, out);
  else composeTransform(projection, poses.positions, poses.rotations, poseRow, out);
}

function checkLength(what: string, array: { readonly length: number } | undefined, expected: number): void {
  if (array !== undefined && array.length !== expected) {
    throw new InputError(`${what} buffer has ${array.length} numbers; expected ${expected}`);
  }
}

/** Averages 2x2 samples. */
function averageFours(samples: Uint8Array, { width, height }: ImageSize, out: Uint8Array): void {
  const below = 6 * width;
  for (let row = 0, write = 0; row < height; row++) {
    for (let read = 12 * row * width, end = read + below; read < end; read += 6) {
      for (let part = read; part < read + 3; part++) {
        const sum = samples[part]! + samples[part + 3]! + samples[part + below]! + samples[part + below + 3]!;
        out[write++] = (sum + 2) >> 2;
      }
    }
  }
}
