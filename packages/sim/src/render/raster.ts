/** A picture of palette indices, row-major, row 0 at the top. */
export interface IndexImage {
  readonly width: number;
  readonly height: number;
  /** Shape [height, width]. */
  readonly pixels: Uint8Array;
}

/**
 * Fills a polygon of integer corners as pygame 2.1's `draw.polygon` does: every edge is cut by every row, crossings
 * truncate towards the edge's upper end, pairs of crossings are filled ends included, and horizontal edges are drawn.
 * @param crossings scratch for at least `count` numbers
 */
export function fillPolygon(
  image: IndexImage,
  xs: Int32Array,
  ys: Int32Array,
  count: number,
  colour: number,
  crossings: Int32Array,
): void {
  let top = ys[0]!;
  let bottom = top;
  for (let corner = 1; corner < count; corner++) {
    const y = ys[corner]!;
    if (y < top) top = y;
    else if (y > bottom) bottom = y;
  }
  if (top === bottom) {
    let left = xs[0]!;
    let right = left;
    for (let corner = 1; corner < count; corner++) {
      left = Math.min(left, xs[corner]!);
      right = Math.max(right, xs[corner]!);
    }
    fillSpan(image, left, right, top, colour);
    return;
  }
  const lastRow = Math.min(bottom, image.height - 1);
  for (let row = Math.max(top, 0); row <= lastRow; row++) {
    let found = 0;
    let previous = count - 1;
    for (let corner = 0; corner < count; corner++) {
      const fromY = ys[previous]!;
      const toY = ys[corner]!;
      if (fromY !== toY) {
        const down = fromY < toY;
        const upperY = down ? fromY : toY;
        const lowerY = down ? toY : fromY;
        // The lower end belongs to the next edge, except on the polygon's last row.
        if (row >= upperY && (row < lowerY || (row === bottom && lowerY === bottom))) {
          const upperX = down ? xs[previous]! : xs[corner]!;
          const lowerX = down ? xs[corner]! : xs[previous]!;
          // `| 0` truncates towards zero, as C's integer division does.
          const crossing = upperX + ((((row - upperY) * (lowerX - upperX)) / (lowerY - upperY)) | 0);
          let place = found;
          while (place > 0 && crossings[place - 1]! > crossing) {
            crossings[place] = crossings[place - 1]!;
            place -= 1;
          }
          crossings[place] = crossing;
          found += 1;
        }
      }
      previous = corner;
    }
    for (let pair = 0; pair + 1 < found; pair += 2) {
      fillSpan(image, crossings[pair]!, crossings[pair + 1]!, row, colour);
    }
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
