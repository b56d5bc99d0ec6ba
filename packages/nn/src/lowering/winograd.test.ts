import { RandomStream } from '@rapport/core';
import { describe, expect, it } from 'vitest';
import { compileFunction } from '../compiledFunction.js';
import { gradient } from '../gradients/gradient.js';
import { conv2d, mul, sum } from '../ops/index.js';
import { input } from '../tensor.js';

type Sides = readonly [top: number, left: number, bottom: number, right: number];

/** Sizes for which the engine takes this way, with tiles that stand over the edge and without. */
const cases: { size: readonly [number, number]; pads: Sides; channels: number; outputs: number }[] = [
  { size: [3, 3], pads: [1, 1, 1, 1], channels: 64, outputs: 64 },
  { size: [6, 5], pads: [1, 1, 1, 1], channels: 64, outputs: 70 },
  { size: [4, 8], pads: [0, 2, 1, 0], channels: 66, outputs: 64 },
  { size: [3, 7], pads: [0, 0, 0, 0], channels: 64, outputs: 64 },
];

const IMAGES = 16;

describe('convolutions by tiles', () => {
  for (const one of cases) {
    it(`agree with plain loops: ${JSON.stringify(one)}`, async () => {
      const {
        size: [height, width],
        pads,
        channels,
        outputs,
      } = one;
      const [rows, columns] = [height + pads[0] + pads[2] - 2, width + pads[1] + pads[3] - 2];
      const x = input('x', [IMAGES, channels, height, width]);
      const weight = input('weight', [outputs, channels, 3, 3]);
      const dy = input('dy', [IMAGES, outputs, rows, columns]);
      const y = conv2d(x, weight, { pads });
      const [dx, dw] = gradient(sum(mul(y, dy)), [x, weight]);
      const run = await compileFunction({ outputs: { y, dx: dx!, dw: dw! } });
      const stream = new RandomStream(0, 'tiles');
      const draw = (...sizes: number[]) => stream.fillNormal(new Float32Array(sizes.reduce((a, b) => a * b, 1)));
      const feeds = {
        x: draw(IMAGES, channels, height, width),
        weight: draw(outputs, channels, 3, 3),
        dy: draw(IMAGES, outputs, rows, columns),
      };
      const found = await run.run(feeds);
      await run.close();

      const expected = {
        y: new Float64Array(feeds.dy.length),
        dx: new Float64Array(feeds.x.length),
        dw: new Float64Array(feeds.weight.length),
      };
      const visit = (output: number, pixel: number, tap: number) => {
        expected.y[output]! += feeds.x[pixel]! * feeds.weight[tap]!;
        expected.dx[pixel]! += feeds.dy[output]! * feeds.weight[tap]!;
        expected.dw[tap]! += feeds.dy[output]! * feeds.x[pixel]!;
      };
      for (let plane = 0; plane < IMAGES * outputs * channels; plane++) {
        const [channel, output] = [plane % channels, Math.floor(plane / channels) % outputs];
        const image = Math.floor(plane / channels / outputs);
        for (let place = 0; place < rows * columns * 9; place++) {
          const [tap, at] = [place % 9, Math.floor(place / 9)];
          const row = Math.floor(at / columns) - pads[0] + Math.floor(tap / 3);
          const column = (at % columns) - pads[1] + (tap % 3);
          if (row < 0 || row >= height || column < 0 || column >= width) continue;
          const pixel = ((image * channels + channel) * height + row) * width + column;
          visit((image * outputs + output) * rows * columns + at, pixel, (output * channels + channel) * 9 + tap);
        }
      }
      expectClose(found.y, expected.y);
      expectClose(found.dx, expected.dx);
      expectClose(found.dw, expected.dw);
    });
  }
});

/** Compares relative to the largest number. */
function expectClose(found: Float32Array, expected: Float64Array): void {
  expect(found.length).toBe(expected.length);
  const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  let worst = 0;
  expected.forEach((value, index) => {
    worst = Math.max(worst, Math.abs(found[index]! - value));
  });
  expect(worst / scale).toBeLessThan(1e-5);
}
