import { escapeHtml } from './page.js';

/** A line of a chart. */
export interface ChartLine {
  readonly name: string;
  /** CSS colour. */
  readonly colour: string;
  readonly points: readonly ChartPoint[];
}

export interface ChartPoint {
  readonly x: number;
  readonly y: number;
  /** Bounds of a band around the line. */
  readonly low?: number;
  readonly high?: number;
}

export interface ChartOptions {
  readonly xLabel: string;
  readonly lines: readonly ChartLine[];
  readonly scale?: 'linear' | 'logarithmic';
  /** Fixed bounds of a linear scale, for example 0 and 1 for shares. */
  readonly range?: readonly [low: number, high: number];
}

const WIDTH = 480;
const HEIGHT = 260;
/** Height of a row of the legend, and about the width of a letter in it. */
const LEGEND_ROW = 17;
const LETTER = 6;
const MARGIN = { left: 52, right: 12, top: 12, bottom: 56 };

/** A chart of lines with bands as an SVG picture that needs nothing else; its texts take the colour of what is around it. */
export function lineChart({ xLabel, lines, scale = 'linear', range }: ChartOptions): string {
  const points = lines.flatMap((line) => line.points);
  const values = points.flatMap(({ y, low = y, high = y }) => [low, y, high]);
  const forward = scale === 'logarithmic' ? (value: number) => Math.log10(Math.max(value, Number.MIN_VALUE)) : Number;
  const [low, high] = (range ?? spanOf(values)).map(forward) as [number, number];
  const [left, right] = spanOf(points.map(({ x }) => x));
  const column = (x: number) => MARGIN.left + ((x - left) / (right - left)) * (WIDTH - MARGIN.left - MARGIN.right);
  const row = (y: number) =>
    MARGIN.top + (1 - (forward(y) - low) / (high - low)) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const ticks = scale === 'logarithmic' ? decades(low, high) : evenTicks(low, high);
  const names = legend(lines);
  const parts = [
    ...ticks.map((tick) => horizontal(row(tick), formatTick(tick))),
    ...evenTicks(left, right).map(
      (tick) =>
        `<text x="${pixel(column(tick))}" y="${HEIGHT - MARGIN.bottom + 16}" text-anchor="middle">${formatTick(tick)}</text>`,
    ),
    `<text x="${(WIDTH + MARGIN.left) / 2}" y="${HEIGHT - MARGIN.bottom + 32}" text-anchor="middle">${escapeHtml(xLabel)}</text>`,
    ...lines.map((line) => drawLine(line, column, row)),
    ...names.parts,
  ];
  return `<svg class="lines" viewBox="0 0 ${WIDTH} ${HEIGHT + (names.rows - 1) * LEGEND_ROW}" font-size="11" fill="currentColor" role="img" aria-label="${escapeHtml(lines.map(({ name }) => name).join(', '))}">${parts.join('')}</svg>`;
}

/** Smallest and largest of the values, apart even where all are the same. */
function spanOf(values: readonly number[]): [number, number] {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return [0, 1];
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  return low < high ? [low, high] : [low - (Math.abs(low) || 1) / 2, high + (Math.abs(high) || 1) / 2];
}

/** Round numbers from low to high, four or so. */
function evenTicks(low: number, high: number): number[] {
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough)!;
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - first + 1;
  return Array.from({ length: count }, (_, index) => (first + index) * step);
}

/** Powers of ten between, or the bounds where there are fewer than two. */
function decades(low: number, high: number): number[] {
  const first = Math.ceil(low);
  const count = Math.floor(high) - first + 1;
  if (count < 2) return [10 ** low, 10 ** high];
  return Array.from({ length: count }, (_, index) => 10 ** (first + index));
}

function horizontal(y: number, label: string): string {
  return `<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${pixel(y)}" y2="${pixel(y)}" stroke="currentColor" stroke-opacity="0.15"/><text x="${MARGIN.left - 6}" y="${pixel(y + 4)}" text-anchor="end">${label}</text>`;
}

function drawLine({ colour, points }: ChartLine, column: (x: number) => number, row: (y: number) => number): string {
  const at = (x: number, y: number) => `${pixel(column(x))},${pixel(row(y))}`;
  const upper = points.map(({ x, y, high = y }) => at(x, high));
  const lower = points.map(({ x, y, low = y }) => at(x, low)).reverse();
  const hasBand = points.some(({ low, high }) => low !== undefined || high !== undefined);
  const band = hasBand
    ? `<polygon points="${[...upper, ...lower].join(' ')}" fill="${colour}" fill-opacity="0.15"/>`
    : '';
  const line = points.map(({ x, y }) => at(x, y)).join(' ');
  const dots =
    points.length > 40
      ? ''
      : points
          .map(({ x, y }) => `<circle cx="${pixel(column(x))}" cy="${pixel(row(y))}" r="2.5" fill="${colour}"/>`)
          .join('');
  return `${band}<polyline points="${line}" fill="none" stroke="${colour}" stroke-width="1.8"/>${dots}`;
}

/** Names with their colours, in as many rows as they need below the chart. */
function legend(lines: readonly ChartLine[]): { readonly parts: string[]; readonly rows: number } {
  let [x, row] = [MARGIN.left, 0];
  const parts = lines.map(({ name, colour }) => {
    const width = 30 + name.length * LETTER;
    if (x > MARGIN.left && x + width > WIDTH) [x, row] = [MARGIN.left, row + 1];
    const top = HEIGHT + row * LEGEND_ROW;
    const part = `<rect x="${pixel(x)}" y="${top - 17}" width="10" height="10" fill="${colour}"/><text x="${pixel(x + 15)}" y="${top - 8}">${escapeHtml(name)}</text>`;
    x += width;
    return part;
  });
  return { parts, rows: row + 1 };
}

const pixel = (value: number) => value.toFixed(1);

function formatTick(value: number): string {
  if (value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e5)) return value.toExponential(0);
  return String(Number(value.toPrecision(3)));
}
