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
      const { extent, pixels } = source;
      const texelSize = Math.min(extent[0] / source.width, extent[1] / source.height);
      for (let pixel = 0; pixel < samples.length; pixel++) {
        const sample = samples[pixel]!;
        if (sample >> 8 !== instance + 1) continue;
        const column = pixel % width;
        const row = (pixel - column) / width;
        const depth = 1 / nearness[pixel]!;
        const rayX = place[0]! * column + place[1]! * row + place[2]!;
        const rayY = place[4]! * column + place[5]! * row + place[6]!;
        const rayZ = place[8]! * column + place[9]! * row + place[10]!;
        const repeatX = (rayX * depth + place[3]!) / extent[0];
        const repeatY = (rayY * depth + place[7]!) / extent[1];
        const texelX = Math.floor((repeatX - Math.floor(repeatX)) * source.width);
        const texelY = Math.floor((Math.ceil(repeatY) - repeatY) * source.height);
        const texel = 3 * (Math.min(texelY, source.height - 1) * source.width + Math.min(texelX, source.width - 1));
        // A pixel covers depth / focal metres across, and more along a surface that is seen at a grazing angle.
        const length = Math.sqrt(rayX * rayX + rayY * rayY + rayZ * rayZ);
        const covered = (depth * length) / (focal * Math.max(Math.abs(rayZ), 1e-9));
        const blur = Math.min(Math.max((1.5 * covered) / texelSize - 0.5, 0), 1);
        const shade = (sample & 255) / 255;
        for (let part = 0; part < 3; part++) {
          const value = pixels[texel + part]! * (1 - blur) + mean[part]! * blur;
          out[3 * pixel + part] = value * shade + 0.5;
        }
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
