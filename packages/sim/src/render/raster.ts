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
}

/**
 * Draws a straight line two pixels wide as pygame 2.1's `draw.lines` does: Bresenham's line, doubled to the right where
 * it is steep and downwards where it is flat; a single point becomes two pixels side by side.
 */
export function drawLine(image: IndexImage, x: number, y: number, endX: number, endY: number, colour: number): void {
  const { width, height, pixels } = image;
  const spanX = Math.abs(endX - x);
  const spanY = Math.abs(endY - y);
  const stepX = x < endX ? 1 : -1;
  const stepY = y < endY ? 1 : -1;
  const steep = spanX <= spanY;
  const secondX = steep ? 1 : 0;
  const secondY = steep ? 0 : 1;
  let error = ((spanX > spanY ? spanX : -spanY) / 2) | 0;
  for (;;) {
    if (x >= 0 && x < width && y >= 0 && y < height) pixels[y * width + x] = colour;
    const besideX = x + secondX;
    const besideY = y + secondY;
    if (besideX >= 0 && besideX < width && besideY >= 0 && besideY < height) pixels[besideY * width + besideX] = colour;
    if (x === endX && y === endY) return;
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
