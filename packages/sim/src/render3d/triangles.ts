/** A picture while it is drawn, row-major, row 0 at the top. */
export interface SampleGrid {
  readonly width: number;
  readonly height: number;
  /** Larger is nearer, 0 is infinitely far; shape [height, width]. A pinhole camera stores 1/z. */
  readonly nearness: Float32Array;
  /** `256 * (instance + 1) + shade` of what is seen, shape [height, width]; `BACKGROUND` where nothing is. */
  readonly samples: Int32Array;
}

/** Instance number -1 in full light. */
export const BACKGROUND = 255;

export function makeSampleGrid(width: number, height: number): SampleGrid {
  return { width, height, nearness: new Float32Array(width * height), samples: new Int32Array(width * height) };
}

export function clearGrid({ nearness, samples }: SampleGrid): void {
  nearness.fill(0);
  samples.fill(BACKGROUND);
}

/** Vertices in the picture: column, row and nearness, with the shade of either side. */
export interface ProjectedVertices {
  /** Pixels; before projection, the same times z. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** 1/z (1/m); before projection, z. */
  readonly w: Float64Array;
  /** In [0.5, 255.5]. */
  readonly shade: Float64Array;
  readonly backShade: Float64Array;
}

export function makeProjectedVertices(capacity: number): ProjectedVertices {
  const numbers = () => new Float64Array(capacity);
  return { x: numbers(), y: numbers(), w: numbers(), shade: numbers(), backShade: numbers() };
}

/** Smaller triangles (square pixels, doubled) are left out: their gradients would be rounding errors. */
const SMALLEST_AREA = 1e-9;

/**
 * Draws triangles into the grid, the nearest surface winning. A pixel belongs to a triangle when its centre does;
 * centres on an edge belong to the triangle on its right or below, so that neighbours neither overlap nor gape: both
 * cut a row at the same bits. 1/z is linear in the picture; the shade is taken as linear too (Gouraud).
 * @param triangles shape [count, 3]
 * @param base what a sample holds beside the shade; 0 leaves the samples alone and draws nearness only
 * @param facing 1 draws triangles seen from outside, -1 those seen from inside
 * @param setBack puts a surface farther off by its change of nearness over this many pixels; 0 but in shadow maps
 */
export function drawTriangles(
  grid: SampleGrid,
  { x, y, w }: ProjectedVertices,
  shade: Float64Array,
  triangles: Uint32Array,
  count: number,
  base: number,
  facing: 1 | -1,
  setBack: number,
): void {
  const { width, height, nearness, samples } = grid;
  for (let at = 0; at < 3 * count; at += 3) {
    const a = triangles[at]!;
    const b = triangles[at + 1]!;
    const c = triangles[at + 2]!;
    const ax = x[a]!;
    const ay = y[a]!;
    const bx = x[b]!;
    const by = y[b]!;
    const cx = x[c]!;
    const cy = y[c]!;
    const area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay);
    // Rows count downwards, so what is anticlockwise seen from outside has a negative area.
    if (!(area * facing < -SMALLEST_AREA)) continue;

    // The corners from top to bottom.
    let topX = ax;
    let topY = ay;
    let middleX = bx;
    let middleY = by;
    let bottomX = cx;
    let bottomY = cy;
    if (middleY < topY) {
      topX = bx;
      topY = by;
      middleX = ax;
      middleY = ay;
    }
    if (bottomY < middleY) {
      bottomX = middleX;
      bottomY = middleY;
      middleX = cx;
      middleY = cy;
      if (middleY < topY) {
        middleX = topX;
        middleY = topY;
        topX = cx;
        topY = cy;
      }
    }
    const firstRow = topY > 0 ? Math.ceil(topY) | 0 : 0;
    const endRow = bottomY < height ? Math.ceil(bottomY) | 0 : height;
    if (firstRow >= endRow) continue;

    const inverse = 1 / area;
    const wA = w[a]!;
    const wAB = w[b]! - wA;
    const wAC = w[c]! - wA;
    const shadeA = shade[a]!;
    const shadeAB = shade[b]! - shadeA;
    const shadeAC = shade[c]! - shadeA;
    const wColumn = (wAB * (cy - ay) - wAC * (by - ay)) * inverse;
    const wRow = (wAC * (bx - ax) - wAB * (cx - ax)) * inverse;
    const startW = wA - setBack * (Math.abs(wColumn) + Math.abs(wRow));
    const shadeColumn = (shadeAB * (cy - ay) - shadeAC * (by - ay)) * inverse;
    const shadeRow = (shadeAC * (bx - ax) - shadeAB * (cx - ax)) * inverse;

    const longSlope = (bottomX - topX) / (bottomY - topY);
    const upperSlope = (middleX - topX) / (middleY - topY);
    const lowerSlope = (bottomX - middleX) / (bottomY - middleY);
    for (let row = firstRow; row < endRow; row++) {
      let left = topX + (row - topY) * longSlope;
      let right = row < middleY ? topX + (row - topY) * upperSlope : middleX + (row - middleY) * lowerSlope;
      if (right < left) {
        const long = left;
        left = right;
        right = long;
      }
      const firstColumn = left > 0 ? Math.ceil(left) | 0 : 0;
      const endColumn = right < width ? Math.ceil(right) | 0 : width;
      if (firstColumn >= endColumn) continue;
      let pixelW = startW + (firstColumn - ax) * wColumn + (row - ay) * wRow;
      let pixelShade = shadeA + (firstColumn - ax) * shadeColumn + (row - ay) * shadeRow;
      const end = row * width + endColumn;
      if (base === 0) {
        for (let pixel = row * width + firstColumn; pixel < end; pixel++) {
          if (pixelW > nearness[pixel]!) nearness[pixel] = pixelW;
          pixelW += wColumn;
        }
        continue;
      }
      for (let pixel = row * width + firstColumn; pixel < end; pixel++) {
        if (pixelW > nearness[pixel]!) {
          nearness[pixel] = pixelW;
          samples[pixel] = base + (pixelShade | 0);
        }
        pixelW += wColumn;
        pixelShade += shadeColumn;
      }
    }
  }
}
