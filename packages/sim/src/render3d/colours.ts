import type { Rgb } from '@rapport/core';
import type { CameraPose, Intrinsics } from './camera.js';
import type { FramePoses, RenderScene } from './scene.js';
import type { PlanarTexture } from './shapes.js';
import type { SampleGrid } from './triangles.js';

/** A texture with what drawing it in one frame needs. */
interface PlacedTexture {
  readonly source: PlanarTexture;
  readonly mean: readonly [number, number, number];
  /** Rows that take a pixel (column, row, 1) times its depth to x, y, z in the instance's frame, with offsets. */
  readonly place: Float64Array;
  readonly instance: number;
}

/** Turns samples into colours. */
export class Colours {
  /** Red, green and blue of instance i at `3 * (i + 1)`, in 0..256; the background comes first. */
  readonly #palette: Int32Array;
  /** Opacity of instance i at `i + 1`, in 0..1. */
  readonly #opacity: Float64Array;
  readonly #textures: readonly PlacedTexture[];
  readonly #scene: RenderScene;

  constructor(scene: RenderScene, background: Rgb) {
    this.#scene = scene;
    const sources = scene.instances.map(({ source }) => source);
    const colours = [background, ...sources.map(({ colour }) => colour)];
    this.#palette = Int32Array.from(colours.flatMap((colour) => colour.map((part) => Math.round((part * 256) / 255))));
    this.#opacity = Float64Array.of(1, ...sources.map(({ opacity = 1 }) => opacity));
    this.#textures = sources.flatMap(({ texture, opacity = 1 }, instance) => {
      if (texture === undefined || opacity < 1) return [];
      return { source: texture, mean: meanColour(texture), place: new Float64Array(12), instance };
    });
  }

  /** Works out where textures lie in this frame's picture. */
  placeTextures(camera: CameraPose, { fx, fy, cx, cy }: Intrinsics, poses: FramePoses): void {
    for (const texture of this.#textures) {
      const { poseRow, fixedPosition, fixedRotation } = this.#scene.instances[texture.instance]!;
      const rotations = poseRow < 0 ? fixedRotation : poses.rotations;
      const positions = poseRow < 0 ? fixedPosition : poses.positions;
      const row = Math.max(poseRow, 0);
      for (let axis = 0; axis < 3; axis++) {
        const x = rotations[9 * row + axis]!;
        const y = rotations[9 * row + 3 + axis]!;
        const z = rotations[9 * row + 6 + axis]!;
        const right = (x * camera.rotation[0]! + y * camera.rotation[3]! + z * camera.rotation[6]!) / fx;
        const down = (x * camera.rotation[1]! + y * camera.rotation[4]! + z * camera.rotation[7]!) / fy;
        const forward = x * camera.rotation[2]! + y * camera.rotation[5]! + z * camera.rotation[8]!;
        texture.place[4 * axis] = right;
        texture.place[4 * axis + 1] = down;
        texture.place[4 * axis + 2] = forward - right * cx - down * cy;
        texture.place[4 * axis + 3] =
          x * (camera.position[0]! - positions[3 * row]!) +
          y * (camera.position[1]! - positions[3 * row + 1]!) +
          z * (camera.position[2]! - positions[3 * row + 2]!);
      }
    }
  }

  /**
   * Writes every sample's colour, leaving textures out.
   * @param out RGB, shape [height, width, 3]
   */
  write({ samples }: SampleGrid, out: Uint8Array): void {
    const palette = this.#palette;
    for (let pixel = 0, write = 0; pixel < samples.length; pixel++, write += 3) {
      const sample = samples[pixel]!;
      const shade = sample & 255;
      const colour = 3 * (sample >> 8);
      out[write] = (palette[colour]! * shade + 128) >> 8;
      out[write + 1] = (palette[colour + 1]! * shade + 128) >> 8;
      out[write + 2] = (palette[colour + 2]! * shade + 128) >> 8;
    }
  }

  /**
   * Paints textures where their instances are seen: the nearest texel, or, where a pixel covers many, the mean colour.
   * @param focal pixels per unit of x / z, which says how much of a texture one pixel covers
   */
  paintTextures({ width, samples, nearness }: SampleGrid, focal: number, out: Uint8Array): void {
    for (const { source, mean, place, instance } of this.#textures) {
      const { pixels } = source;
      const columns = source.width;
      const rows = source.height;
      // From the instance's frame to texels.
      const scaleX = columns / source.extent[0];
      const scaleY = -rows / source.extent[1];
      const [xColumn, xRow, xRay, xOffset] = [
        scaleX * place[0]!,
        scaleX * place[1]!,
        scaleX * place[2]!,
        scaleX * place[3]!,
      ];
      const [yColumn, yRow, yRay, yOffset] = [
        scaleY * place[4]!,
        scaleY * place[5]!,
        scaleY * place[6]!,
        scaleY * place[7]!,
      ];
      const [zColumn, zRow, zRay] = [place[8]!, place[9]!, place[10]!];
      const finest = Math.max(scaleX, -scaleY) / focal;
      const seen = (instance + 1) << 8;
      for (let pixel = 0; pixel < samples.length; pixel++) {
        const sample = samples[pixel]!;
        if ((sample & ~255) !== seen) continue;
        const row = (pixel / width) | 0;
        const column = pixel - row * width;
        const depth = 1 / nearness[pixel]!;
        const x = Math.floor((xColumn * column + xRow * row + xRay) * depth + xOffset);
        const y = Math.floor((yColumn * column + yRow * row + yRay) * depth + yOffset);
        const inX = x - columns * Math.floor(x / columns);
        const inY = y - rows * Math.floor(y / rows);
        const texel = 3 * (inY * columns + inX);
        // A pixel covers depth / focal metres across, and more along a surface that is seen at a grazing angle; the
        // ray's length is about 1.
        const covered = (finest * depth) / Math.max(Math.abs(zColumn * column + zRow * row + zRay), 1e-9);
        const blur = Math.min(Math.max(1.5 * covered - 0.5, 0), 1);
        const shade = (sample & 255) / 255;
        out[3 * pixel] = (pixels[texel]! + blur * (mean[0] - pixels[texel]!)) * shade + 0.5;
        out[3 * pixel + 1] = (pixels[texel + 1]! + blur * (mean[1] - pixels[texel + 1]!)) * shade + 0.5;
        out[3 * pixel + 2] = (pixels[texel + 2]! + blur * (mean[2] - pixels[texel + 2]!)) * shade + 0.5;
      }
    }
  }

  /** Mixes the nearest transparent surfaces into a picture, where they are nearer than what is in it. */
  blend(transparent: SampleGrid, opaque: SampleGrid, out: Uint8Array): void {
    const palette = this.#palette;
    const opacities = this.#opacity;
    const { samples, nearness } = transparent;
    for (let pixel = 0, write = 0; pixel < samples.length; pixel++, write += 3) {
      if (!(nearness[pixel]! > opaque.nearness[pixel]!)) continue;
      const sample = samples[pixel]!;
      const shade = (sample & 255) / 256;
      const instance = sample >> 8;
      const opacity = opacities[instance]!;
      for (let part = 0; part < 3; part++) {
        const colour = palette[3 * instance + part]! * shade;
        out[write + part] = out[write + part]! * (1 - opacity) + Math.min(colour, 255) * opacity + 0.5;
      }
    }
  }
}

function meanColour({ pixels }: PlanarTexture): readonly [number, number, number] {
  const mean = [0, 0, 0];
  for (const [index, value] of pixels.entries()) mean[index % 3]! += (3 * value) / pixels.length;
  return [mean[0]!, mean[1]!, mean[2]!];
}
