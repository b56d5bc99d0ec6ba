import { expect, it } from 'vitest';
import { lineChart } from './line-chart.js';

/** Points of the polyline of a colour. */
function polyline(svg: string, colour: string): number[][] {
  const points = new RegExp(`<polyline points="([^"]*)" fill="none" stroke="${colour}"`).exec(svg)![1]!;
  return points.split(' ').map((point) => point.split(',').map(Number));
}

it('puts equal values at equal heights, larger ones above, and keeps to the picture', () => {
  const svg = lineChart({
    xLabel: 'step',
    range: [0, 1],
    lines: [
      {
        name: 'rises',
        colour: 'red',
        points: [
          { x: 0, y: 0 },
          { x: 10, y: 0.5, low: 0.2, high: 0.9 },
          { x: 20, y: 1 },
        ],
      },
      {
        name: 'stays',
        colour: 'blue',
        points: [
          { x: 0, y: 0.5 },
          { x: 20, y: 0.5 },
        ],
      },
    ],
  });
  const [first, middle, last] = polyline(svg, 'red');
  expect(first![1]!).toBeGreaterThan(middle![1]!);
  expect(middle![1]!).toBeCloseTo((first![1]! + last![1]!) / 2, 1);
  expect(middle![0]!).toBeCloseTo((first![0]! + last![0]!) / 2, 1);
  expect(polyline(svg, 'blue').map(([, y]) => y)).toEqual([middle![1], middle![1]]);
  expect(svg).toContain('<polygon');
  for (const [x, y] of polyline(svg, 'red')) {
    expect(x! >= 0 && x! <= 480 && y! >= 0 && y! <= 260).toBe(true);
  }
});

it('spaces decades evenly on a logarithmic scale', () => {
  const points = [1, 0.1, 0.01, 0.001].map((y, x) => ({ x, y }));
  const svg = lineChart({ xLabel: 'step', scale: 'logarithmic', lines: [{ name: 'loss', colour: 'red', points }] });
  const heights = polyline(svg, 'red').map(([, y]) => y!);
  const gaps = heights.slice(1).map((height, index) => height - heights[index]!);
  expect(Math.max(...gaps) - Math.min(...gaps)).toBeLessThan(0.2);
  expect(svg).toContain('>0.01</text>');
});

it('draws a line that does not vary, one point alone, and names that hold markup', () => {
  const lines = [{ name: 'a < b', colour: 'red', points: [{ x: 5, y: 2 }] }];
  const svg = lineChart({ xLabel: 'step', lines });
  expect(polyline(svg, 'red').flat().every(Number.isFinite)).toBe(true);
  expect(svg).toContain('a &#60; b');
});
