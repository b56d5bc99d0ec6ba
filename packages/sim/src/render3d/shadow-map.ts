import type { Scene } from '@rapport/core';
import type { CameraPose, Intrinsics } from './camera.js';
import { lighting } from './transform.js';
import { makeSampleGrid, type SampleGrid } from './triangles.js';

/** Pixels along each side of the map: one and a half times the picture's, within these bounds. */
const SMALLEST_SIDE = 128;
const LARGEST_SIDE = 1024;
/** A surface this much behind the one that the light sees (metres) is in its shadow. */
const BIAS = 0.003;
/** The map's own pixels span some depth on slanted surfaces: they are set back by that of this many pixels. */
export const SHADOW_SET_BACK = 1.2;
/**
 * What a shadow leaves of the light beyond the ambient and the fill light's most. What is darker anyway stays as it is,
 * so that a surface turning away from the light shows no edge where its own shadow begins.
 */
const LEFT_IN_SHADOW = 0.1;

/**
 * What the key light sees of a box of the world, as a depth map. The light is parallel: columns and rows are linear in
 * world coordinates, and `nearness` holds 1 at the box's near side to 0 beyond its far side.
 */
export class ShadowMap {
  readonly grid: SampleGrid;
  /** Rows of (matrix, offset) that take a world point to (column, row, nearness), shape [12]. */
  readonly projection: Float64Array;
  /** Half the diagonal of the bounds, metres. What is larger is ground or wall, which casts no shadow within them. */
  readonly radius: number;
  readonly #bias: number;
  /** What takes a pixel of the camera's picture into the map, see `darken`. */
  readonly #matrix = new Float64Array(12);

  /**
   * @param bounds what the map holds
   * @param pixels the larger side of the pictures that it is for
   */
  constructor(bounds: Scene['bounds'], pixels: number) {
    const side = Math.min(Math.max(Math.round(1.5 * pixels), SMALLEST_SIDE), LARGEST_SIDE);
    this.grid = makeSampleGrid(side, side);
    const centre = bounds.min.map((low, axis) => (low + bounds.max[axis]!) / 2);
    const radius = Math.hypot(...bounds.min.map((low, axis) => (bounds.max[axis]! - low) / 2));
    this.radius = radius;
    const [x, y, z] = lighting.key.direction;
    // Columns and rows of the map, seen from the light: right x down points away from it.
    const level = Math.hypot(x!, y!);
    const right = [-y! / level, x! / level, 0];
    const down = [(x! * z!) / level, (y! * z!) / level, -level];
    const toLight = [x!, y!, z!];
    const scale = (side - 1) / (2 * radius);
    const rows = [
      { axis: right, scale, middle: (side - 1) / 2 },
      { axis: down, scale, middle: (side - 1) / 2 },
      { axis: toLight, scale: 1 / (2 * radius), middle: 0.5 },
    ];
    this.projection = Float64Array.from(
      rows.flatMap(({ axis, scale, middle }) => {
        const offset = axis.reduce((sum, part, index) => sum + part * centre[index]!, 0);
        return [...axis.map((part) => scale * part), middle - scale * offset];
      }),
    );
    this.#bias = BIAS / (2 * radius);
  }

  /**
   * Darkens what lies in shadow, by its shade.
   * @param grid a picture of the camera, before colours
   */
  darken(grid: SampleGrid, camera: CameraPose, { fx, fy, cx, cy }: Intrinsics): void {
    const { width, height, nearness, samples } = grid;
    const map = this.grid.nearness;
    const side = this.grid.width;
    const { position, rotation } = camera;
    const projection = this.projection;
    // A seen point is at depth z on the ray of its pixel, so its place in the map is z (matrix pixel) + offset.
    const matrix = this.#matrix;
    for (let line = 0; line < 12; line += 4) {
      const a = projection[line]!;
      const b = projection[line + 1]!;
      const c = projection[line + 2]!;
      const column = a * rotation[0]! + b * rotation[3]! + c * rotation[6]!;
      const row = a * rotation[1]! + b * rotation[4]! + c * rotation[7]!;
      const forward = a * rotation[2]! + b * rotation[5]! + c * rotation[8]!;
      matrix[line] = column / fx;
      matrix[line + 1] = row / fy;
      matrix[line + 2] = forward - (column * cx) / fx - (row * cy) / fy;
      matrix[line + 3] = a * position[0]! + b * position[1]! + c * position[2]! + projection[line + 3]!;
    }
    const darkest = 255 * (lighting.ambient + lighting.fill.strength);
    const [uColumn, uRow, uRay, uOffset] = [matrix[0]!, matrix[1]!, matrix[2]!, matrix[3]!];
    const [vColumn, vRow, vRay, vOffset] = [matrix[4]!, matrix[5]!, matrix[6]!, matrix[7]!];
    const [litColumn, litRow, litRay, litOffset] = [matrix[8]!, matrix[9]!, matrix[10]!, matrix[11]! + this.#bias];
    for (let row = 0, pixel = 0; row < height; row++) {
      const uStart = uRow * row + uRay;
      const vStart = vRow * row + vRay;
      const litStart = litRow * row + litRay;
      for (let column = 0; column < width; column++, pixel++) {
        const near = nearness[pixel]!;
        const sample = samples[pixel]!;
        const shade = sample & 255;
        if (near === 0 || shade <= darkest) continue;
        const z = 1 / near;
        const u = z * (uColumn * column + uStart) + uOffset;
        const v = z * (vColumn * column + vStart) + vOffset;
        if (!(u >= 0 && v >= 0 && u < side - 1 && v < side - 1)) continue;
        const lit = z * (litColumn * column + litStart) + litOffset;
        // Beyond the bounds, where the map knows of no blocker.
        if (lit <= 0) continue;
        const left = u | 0;
        const top = v | 0;
        const at = top * side + left;
        const hides = map[at]! > lit;
        const hidesRight = map[at + 1]! > lit;
        const hidesBelow = map[at + side]! > lit;
        const hidesCorner = map[at + side + 1]! > lit;
        if (!(hides || hidesRight || hidesBelow || hidesCorner)) continue;
        // The share of the four neighbours that hide the point, weighted by how near they are.
        const du = u - left;
        const dv = v - top;
        const upper = (hides ? 1 - du : 0) + (hidesRight ? du : 0);
        const lower = (hidesBelow ? 1 - du : 0) + (hidesCorner ? du : 0);
        const hidden = upper * (1 - dv) + lower * dv;
        const darker = darkest + (shade - darkest) * (1 - hidden * (1 - LEFT_IN_SHADOW));
        samples[pixel] = sample - shade + (darker | 0);
      }
    }
  }
}
