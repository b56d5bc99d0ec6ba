/** A picture of palette indices, row-major, row 0 at the top. */
export interface IndexImage {
  readonly width: number;
  readonly height: number;
  /** Shape [height, width]. */
  readonly pixels: Uint8Array;
}

/** Working memory of `fillPolygon`: where each row of the picture crosses the polygon's edges, from left to right. */
export interface Crossings {
  /** Shape [height, capacity]. */
  readonly columns: Int32Array;
  /** Crossings found, shape [height]; all 0 between calls. */
  readonly counts: Int32Array;
  /** Most corners of a polygon. */
  readonly capacity: number;
}

/** Working memory for pictures of a height and polygons of at most `capacity` corners. */
export function makeCrossings(height: number, capacity: number): Crossings {
  return { columns: new Int32Array(height * capacity), counts: new Int32Array(height), capacity };
}

/**
 * Fills a polygon of integer corners as pygame 2.1's `draw.polygon` does: every edge is cut by every row that it spans
 * (its lower end belongs to the next edge, except on the polygon's last row), crossings truncate towards the edge's
 * upper end, pairs of crossings are filled ends included, and horizontal edges are drawn.
 */
export function fillPolygon(
  image: IndexImage,
  xs: Int32Array,
  ys: Int32Array,
  count: number,
  colour: number,
  crossings: Crossings,
): void {
  let top = ys[0]!;
  let bottom = top;
  for (let corner = 1; corner < count; corner++) {
    const y = ys[corner]!;
    if (y < top) top = y;
    else if (y > bottom) bottom = y;
  }
  if (top === bottom) {
    fillFlatPolygon(image, xs, count, top, colour);
    return;
  }
  const { columns, counts, capacity } = crossings;
  const firstRow = Math.max(top, 0);
  const lastRow = Math.min(bottom, image.height - 1);
  let previous = count - 1;
  for (let corner = 0; corner < count; corner++) {
    const upper = ys[previous]! < ys[corner]! ? previous : corner;
    const lower = upper === corner ? previous : corner;
    previous = corner;
    const upperX = xs[upper]!;
    const upperY = ys[upper]!;
    const width = xs[lower]! - upperX;
    const height = ys[lower]! - upperY;
    if (height === 0) continue;
    const end = Math.min(ys[lower] === bottom ? bottom : ys[lower]! - 1, lastRow);
    for (let row = Math.max(upperY, firstRow); row <= end; row++) {
      // `| 0` truncates towards zero, as C's integer division does.
      const crossing = upperX + ((((row - upperY) * width) / height) | 0);
      const start = row * capacity;
      let place = start + counts[row]!;
      while (place > start && columns[place - 1]! > crossing) {
        columns[place] = columns[place - 1]!;
        place -= 1;
      }
      columns[place] = crossing;
      counts[row] = counts[row]! + 1;
    }
  }
  for (let row = firstRow; row <= lastRow; row++) {
    const start = row * capacity;
    const end = start + counts[row]!;
    for (let pair = start; pair + 1 < end; pair += 2) fillSpan(image, columns[pair]!, columns[pair + 1]!, row, colour);
    counts[row] = 0;
  }
  for (let corner = 0; corner < count; corner++) {
    const previous = corner === 0 ? count - 1 : corner - 1;
    const row = ys[corner]!;
    if (row > top && row < bottom && ys[previous] === row) fillSpan(image, xs[corner]!, xs[previous]!, row, colour);
  }
  // X-Magical repeats the first corner at the end, which pygame draws as a horizontal edge of one pixel.
  if (ys[0]! > top && ys[0]! < bottom) fillSpan(image, xs[0]!, xs[0]!, ys[0]!, colour);
}

/**
 * Draws a straight line two pixels wide as pygame 2.1's `draw.lines` does: Bresenham's line, doubled to the right where
 * it is steep and downwards where it is flat; a single point becomes two pixels side by side. A line that leaves the
 * picture is cut to it first (`clipLine`) and then walked from the cut end with the whole line's slope and first error,
 * so that it may lie a pixel beside the uncut line.
 */
export function drawLine(image: IndexImage, x: number, y: number, endX: number, endY: number, colour: number): void {
  const spanX = Math.abs(endX - x);
  const spanY = Math.abs(endY - y);
  const stepX = x < endX ? 1 : -1;
  const stepY = y < endY ? 1 : -1;
  const steep = spanX <= spanY;
  let error = ((spanX > spanY ? spanX : -spanY) / 2) | 0;
  if (!clipLine(image, x, y, endX, endY)) return;
  x = clipped.x;
  y = clipped.y;
  for (;;) {
    const pastCut = (clipped.endX - x) * stepX <= 0 && (clipped.endY - y) * stepY <= 0;
    const atEnd = steep ? y === endY : x === endX;
    const visible = drawPair(image, x, y, steep, colour);
    // Behind the cut end it goes on until it leaves the picture.
    if (pastCut && (atEnd || !visible)) return;
    const before = error;
    if (before > -spanX) {
      error -= spanY;
      x += stepX;
    }
    if (before < spanY) {
      error += spanX;
      y += stepY;
    }
  }
}

/** Two pixels side by side, or one below the other. Returns whether one of them lies in the picture. */
function drawPair({ width, height, pixels }: IndexImage, x: number, y: number, beside: boolean, colour: number) {
  const first = x >= 0 && x < width && y >= 0 && y < height;
  if (first) pixels[y * width + x] = colour;
  const secondX = beside ? x + 1 : x;
  const secondY = beside ? y : y + 1;
  const second = secondX >= 0 && secondX < width && secondY >= 0 && secondY < height;
  if (second) pixels[secondY * width + secondX] = colour;
  return first || second;
}

/** What `clipLine` found. */
const clipped = { x: 0, y: 0, endX: 0, endY: 0 };

/**
 * Cuts a line to the picture and one pixel more at its right and its lower edge (Liang and Barsky, 1984), ends rounded to
 * the nearest pixel. Returns false when nothing of it is left.
 */
function clipLine({ width, height }: IndexImage, x: number, y: number, endX: number, endY: number): boolean {
  const alongX = endX - x;
  const alongY = endY - y;
  if ((alongX === 0 && (x < 0 || x > width)) || (alongY === 0 && (y < 0 || y > height))) return false;
  let enter = 0;
  let leave = 1;
  if (alongX !== 0) {
    enter = Math.max(enter, (alongX > 0 ? -x : width - x) / alongX);
    leave = Math.min(leave, (alongX > 0 ? width - x : -x) / alongX);
  }
  if (alongY !== 0) {
    enter = Math.max(enter, (alongY > 0 ? -y : height - y) / alongY);
    leave = Math.min(leave, (alongY > 0 ? height - y : -y) / alongY);
  }
  if (enter > leave) return false;
  clipped.x = x + roundHalfAway(alongX * enter);
  clipped.y = y + roundHalfAway(alongY * enter);
  clipped.endX = x + roundHalfAway(alongX * leave);
  clipped.endY = y + roundHalfAway(alongY * leave);
  return true;
}

function roundHalfAway(value: number): number {
  return Math.trunc(value < 0 ? value - 0.5 : value + 0.5);
}

function fillFlatPolygon(image: IndexImage, xs: Int32Array, count: number, row: number, colour: number): void {
  let left = xs[0]!;
  let right = left;
  for (let corner = 1; corner < count; corner++) {
    left = Math.min(left, xs[corner]!);
    right = Math.max(right, xs[corner]!);
  }
  fillSpan(image, left, right, row, colour);
}

/** Fills one row from `from` to `to`, both included and in either order, clipped to the picture. */
function fillSpan(image: IndexImage, from: number, to: number, row: number, colour: number): void {
  const { width, height, pixels } = image;
  if (row < 0 || row >= height) return;
  const left = Math.max(Math.min(from, to), 0);
  const right = Math.min(Math.max(from, to), width - 1);
  const end = row * width + right;
  // Most spans are a few pixels, for which a loop beats the call of `fill`.
  if (right - left > 24) pixels.fill(colour, row * width + left, end + 1);
  else for (let index = row * width + left; index <= end; index++) pixels[index] = colour;
}
