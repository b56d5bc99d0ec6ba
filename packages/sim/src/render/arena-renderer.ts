import type { ImageSize, Rgb } from '@rapport/core';
import { InputError } from '@rapport/core';
import type { ArenaView, ViewPolygon } from '../xmagical/view.js';
import { type Crossings, drawLine, fillPolygon, type IndexImage, makeCrossings } from './raster.js';

/** Half the side of the square that a camera shows, metres: the arena's 1.1 zoomed out by 1.02. */
const VISIBLE_HALF_SIDE = 1.1 * 1.02;

/**
 * X-Magical's two cameras, both straight from above with one zoom: `above` stands still over the arena's middle, `ego`
 * flies with the robot, whose forward is up in the picture.
 */
export type ArenaCamera = 'above' | 'ego';

/** Where `ego` shows the robot's centre: shares of the picture's width from the left and of its height from below. */
const egoRobot = { right: 0.5, up: 0.15 };

/** From the world (metres) to the picture (pixels to the right, and up from its lower edge): an affine map. */
interface Projection {
  rightX: number;
  rightY: number;
  right: number;
  upX: number;
  upY: number;
  up: number;
}

/** A polygon with what drawing it needs. */
interface DrawnPolygon {
  readonly source: ViewPolygon;
  readonly corners: number;
  readonly fill: number;
  /** Palette index, or -1 without an outline. */
  readonly outline: number;
}

/**
 * Draws the arena from straight above. `above` shows x to the right and y up, the square [-1.122, 1.122]^2 stretched over
 * the picture; `ego` a square of the same size, turned and moved with the robot (body 0).
 * Corners are rounded to whole pixels and nothing is anti-aliased, so that a picture is the same bytes everywhere.
 */
export class ArenaRenderer {
  readonly size: ImageSize;
  readonly #view: ArenaView;
  readonly #image: IndexImage;
  /** The polygons below the first moving one, drawn once, as palette indices. */
  readonly #backdrop: Uint8Array;
  /** The same as RGB. */
  readonly #backdropColours: Uint8Array;
  readonly #polygons: readonly DrawnPolygon[];
  /** Red, green and blue of every palette index. */
  readonly #palette: Uint8Array;
  readonly #xs: Int32Array;
  readonly #ys: Int32Array;
  readonly #crossings: Crossings;
  /** Left column, right column, top row and bottom row of every polygon of the picture, clipped to it. */
  readonly #boxes: Int32Array;
  readonly #camera: ArenaCamera;
  readonly #projection: Projection;

  /** @throws InputError when the size is not made of positive integers */
  constructor(view: ArenaView, size: ImageSize, camera: ArenaCamera) {
    const { width, height } = size;
    if (!Number.isInteger(width) || !Number.isInteger(height) || width < 1 || height < 1) {
      throw new InputError(`picture size is ${width}x${height}; expected positive integers`);
    }
    this.size = { width, height };
    this.#view = view;
    this.#camera = camera;
    this.#projection = fixedProjection(this.size);
    this.#image = { width, height, pixels: new Uint8Array(width * height) };

    const palette = new Palette();
    const background = palette.index(view.background);
    this.#polygons = view.polygons.map((source) => ({
      source,
      corners: source.vertices.length / 2,
      fill: palette.index(source.fill),
      outline: source.outline === undefined ? -1 : palette.index(source.outline),
    }));
    this.#palette = palette.bytes();

    const mostCorners = Math.max(0, ...this.#polygons.map((polygon) => polygon.corners));
    this.#xs = new Int32Array(mostCorners);
    this.#ys = new Int32Array(mostCorners);
    this.#crossings = makeCrossings(height, mostCorners);

    // Under a camera that moves nothing stands still but the ground outside.
    const firstMoving = camera === 'ego' ? 0 : this.#polygons.findIndex((polygon) => polygon.source.body >= 0);
    const still = firstMoving < 0 ? this.#polygons : this.#polygons.slice(0, firstMoving);
    this.#image.pixels.fill(background);
    this.#boxes = new Int32Array(4 * this.#polygons.length);
    for (const polygon of still) this.#draw(polygon, 0, 0, 0, 0);
    this.#backdrop = this.#image.pixels.slice();
    this.#backdropColours = coloured(this.#backdrop, this.#palette);
    this.#polygons = this.#polygons.slice(still.length);
  }

  /**
   * Draws one picture.
   * @param poses shape [view.bodyCount, 3]: x, y (metres) and angle (radians) of every body, world frame
   * @param out RGB, row-major, shape [height, width, 3]
   * @throws InputError when an array has another length
   */
  render(poses: Float64Array, out: Uint8Array): void {
    const { pixels } = this.#image;
    if (poses.length !== 3 * this.#view.bodyCount) {
      throw new InputError(`poses have ${poses.length} numbers; expected ${3 * this.#view.bodyCount}`);
    }
    if (out.length !== 3 * pixels.length) {
      throw new InputError(`picture buffer has ${out.length} bytes; expected ${3 * pixels.length}`);
    }
    if (this.#camera === 'ego') followRobot(this.#projection, this.size, poses[0]!, poses[1]!, poses[2]!);
    pixels.set(this.#backdrop);
    out.set(this.#backdropColours);
    const polygons = this.#polygons;
    for (let index = 0; index < polygons.length; index++) {
      const polygon = polygons[index]!;
      const pose = 3 * polygon.source.body;
      if (pose < 0) this.#draw(polygon, 0, 0, 0, 4 * index);
      else this.#draw(polygon, poses[pose]!, poses[pose + 1]!, poses[pose + 2]!, 4 * index);
    }
    const boxes = this.#boxes;
    for (let box = 0; box < 4 * polygons.length; box += 4) {
      if (liesInEarlierBox(boxes, box)) continue;
      this.#colour(out, boxes[box]!, boxes[box + 1]!, boxes[box + 2]!, boxes[box + 3]!);
    }
  }

  /** Writes what differs from the backdrop in a rectangle, its last column and row included, as RGB. */
  #colour(out: Uint8Array, left: number, right: number, top: number, bottom: number): void {
    const { width, pixels } = this.#image;
    const palette = this.#palette;
    const backdrop = this.#backdrop;
    for (let row = top; row <= bottom; row++) {
      const end = row * width + right;
      for (let index = row * width + left; index <= end; index++) {
        const pixel = pixels[index]!;
        if (pixel === backdrop[index]) continue;
        const colour = 3 * pixel;
        const write = 3 * index;
        out[write] = palette[colour]!;
        out[write + 1] = palette[colour + 1]!;
        out[write + 2] = palette[colour + 2]!;
      }
    }
  }

  /** Draws a polygon and notes the rectangle that it covers as `boxes[box]` to `boxes[box + 3]`. */
  #draw(polygon: DrawnPolygon, x: number, y: number, angle: number, box: number): void {
    const { width, height } = this.size;
    const { corners, source, outline } = polygon;
    const { vertices } = source;
    const xs = this.#xs;
    const ys = this.#ys;
    const { rightX, rightY, right: rightEdge, upX, upY, up } = this.#projection;
    const cosine = Math.cos(angle);
    const sine = Math.sin(angle);
    const columnX = rightX * cosine + rightY * sine;
    const columnY = rightY * cosine - rightX * sine;
    const column = rightX * x + rightY * y + rightEdge;
    const rowX = -(upX * cosine + upY * sine);
    const rowY = upX * sine - upY * cosine;
    const row = height - (upX * x + upY * y + up);
    let count = 0;
    let left = width;
    let right = 0;
    let top = height;
    let bottom = 0;
    for (let corner = 0; corner < corners; corner++) {
      const localX = vertices[2 * corner]!;
      const localY = vertices[2 * corner + 1]!;
      const cornerX = roundHalfEven(columnX * localX + columnY * localY + column);
      const cornerY = roundHalfEven(rowX * localX + rowY * localY + row);
      // Small circles have many corners on one pixel; to the inside they add nothing, to an outline they do.
      if (outline < 0 && count > 0 && xs[count - 1] === cornerX && ys[count - 1] === cornerY) continue;
      xs[count] = cornerX;
      ys[count] = cornerY;
      count += 1;
      if (cornerX < left) left = cornerX;
      if (cornerX > right) right = cornerX;
      if (cornerY < top) top = cornerY;
      if (cornerY > bottom) bottom = cornerY;
    }
    // Outlines are two pixels wide, to the right and downwards.
    this.#boxes[box] = Math.max(left, 0);
    this.#boxes[box + 1] = Math.min(right + 1, width - 1);
    this.#boxes[box + 2] = Math.max(top, 0);
    this.#boxes[box + 3] = Math.min(bottom + 1, height - 1);
    fillPolygon(this.#image, xs, ys, count, polygon.fill, this.#crossings);
    if (outline < 0) return;
    for (let corner = 0; corner < corners; corner++) {
      const next = corner + 1 === corners ? 0 : corner + 1;
      drawLine(this.#image, xs[corner]!, ys[corner]!, xs[next]!, ys[next]!, outline);
    }
  }
}

/** The RGB bytes of palette indices. */
function coloured(pixels: Uint8Array, palette: Uint8Array): Uint8Array {
  const out = new Uint8Array(3 * pixels.length);
  pixels.forEach((pixel, index) => {
    out.set(palette.subarray(3 * pixel, 3 * pixel + 3), 3 * index);
  });
  return out;
}

/** Whether the rectangle at `box` lies in one before it: much of a robot lies in its largest part's. */
function liesInEarlierBox(boxes: Int32Array, box: number): boolean {
  const left = boxes[box]!;
  const right = boxes[box + 1]!;
  const top = boxes[box + 2]!;
  const bottom = boxes[box + 3]!;
  for (let at = 0; at < box; at += 4) {
    if (boxes[at]! <= left && boxes[at + 1]! >= right && boxes[at + 2]! <= top && boxes[at + 3]! >= bottom) return true;
  }
  return false;
}

/** The camera that stands over the arena's middle. */
function fixedProjection({ width, height }: ImageSize): Projection {
  const rightX = width / (2 * VISIBLE_HALF_SIDE);
  const upY = height / (2 * VISIBLE_HALF_SIDE);
  return { rightX, rightY: 0, right: VISIBLE_HALF_SIDE * rightX, upX: 0, upY, up: VISIBLE_HALF_SIDE * upY };
}

/** Turns the world by minus the robot's angle about the robot and moves the robot to its place in the picture. */
function followRobot(out: Projection, { width, height }: ImageSize, x: number, y: number, angle: number): void {
  const scaleX = width / (2 * VISIBLE_HALF_SIDE);
  const scaleY = height / (2 * VISIBLE_HALF_SIDE);
  const cosine = Math.cos(angle);
  const sine = Math.sin(angle);
  out.rightX = scaleX * cosine;
  out.rightY = scaleX * sine;
  out.right = scaleX * (2 * VISIBLE_HALF_SIDE * egoRobot.right - cosine * x - sine * y);
  out.upX = -scaleY * sine;
  out.upY = scaleY * cosine;
  out.up = scaleY * (2 * VISIBLE_HALF_SIDE * egoRobot.up + sine * x - cosine * y);
}

/** NumPy's rounding: to the nearest integer, halves to the even one. */
function roundHalfEven(value: number): number {
  const rounded = Math.floor(value + 0.5);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

/** Gives every colour a number. */
class Palette {
  readonly #colours: Rgb[] = [];

  index([red, green, blue]: Rgb): number {
    const known = this.#colours.findIndex((colour) => colour[0] === red && colour[1] === green && colour[2] === blue);
    return known >= 0 ? known : this.#colours.push([red, green, blue]) - 1;
  }

  bytes(): Uint8Array {
    return Uint8Array.from(this.#colours.flat());
  }
}
