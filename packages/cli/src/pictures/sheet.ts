import type { RgbImage } from '@rapport/data';
import { GLYPH_HEIGHT, GLYPH_WIDTH, glyphCovers } from './glyphs.js';

/** A picture of a sheet with the line below it. */
export interface Tile {
  readonly picture: RgbImage;
  readonly label: string;
}

const GAP = 8;
const LINE = GLYPH_HEIGHT + 2;
const LETTER = GLYPH_WIDTH + 1;
const PAPER = 255;
const INK = 40;

/**
 * Lays pictures of one size out in rows, each above its label, which is broken into as many lines as it needs.
 * @throws RangeError when there is no tile
 */
export function composeSheet(tiles: readonly Tile[], columns: number): RgbImage {
  const first = tiles[0];
  if (first === undefined) throw new RangeError('a sheet needs at least one picture');
  const { width: tileWidth, height: tileHeight } = first.picture;
  const labels = tiles.map(({ label }) => breakLabel(label, Math.floor(tileWidth / LETTER)));
  const lines = Math.max(...labels.map((label) => label.length));
  const stepX = tileWidth + GAP;
  const stepY = tileHeight + GAP + LINE * lines;
  const width = GAP + stepX * Math.min(columns, tiles.length);
  const height = GAP + stepY * Math.ceil(tiles.length / columns);
  const sheet = { width, height, data: new Uint8Array(3 * width * height).fill(PAPER) };
  for (const [index, { picture }] of tiles.entries()) {
    const left = GAP + stepX * (index % columns);
    const top = GAP + stepY * Math.floor(index / columns);
    paste(sheet, picture, left, top);
    for (const [line, text] of labels[index]!.entries()) write(sheet, text, left, top + tileHeight + 3 + LINE * line);
  }
  return sheet;
}

/** Halves both sides of a picture by averaging four pixels each, which smooths the edges of what was drawn. */
export function halvePicture({ width, height, data }: RgbImage): RgbImage {
  const half = { width: width >> 1, height: height >> 1, data: new Uint8Array(3 * (width >> 1) * (height >> 1)) };
  for (let row = 0; row < half.height; row++) {
    for (let part = 0; part < 3 * half.width; part++) {
      const column = Math.floor(part / 3);
      const from = 3 * (2 * row * width + 2 * column) + (part % 3);
      const below = from + 3 * width;
      half.data[3 * row * half.width + part] =
        (data[from]! + data[from + 3]! + data[below]! + data[below + 3]! + 2) >> 2;
    }
  }
  return half;
}

/** Breaks after slashes and hyphens where it can. */
function breakLabel(label: string, letters: number): string[] {
  const lines: string[] = [''];
  for (const part of label.split(/(?<=[-/ ])/)) {
    const line = lines.at(-1)! + part;
    if (line.trimEnd().length <= letters || lines.at(-1) === '') lines[lines.length - 1] = line;
    else lines.push(part);
  }
  return lines.map((line) => line.slice(0, letters));
}

function paste(sheet: RgbImage, { width, height, data }: RgbImage, left: number, top: number): void {
  for (let row = 0; row < height; row++) {
    sheet.data.set(data.subarray(3 * width * row, 3 * width * (row + 1)), 3 * ((top + row) * sheet.width + left));
  }
}

function write(sheet: RgbImage, text: string, left: number, top: number): void {
  for (const [index, letter] of [...text].entries()) {
    for (let row = 0; row < GLYPH_HEIGHT; row++) {
      for (let column = 0; column < GLYPH_WIDTH; column++) {
        if (!glyphCovers(letter, column, row)) continue;
        const pixel = 3 * ((top + row) * sheet.width + left + LETTER * index + column);
        sheet.data.fill(INK, pixel, pixel + 3);
      }
    }
  }
}
