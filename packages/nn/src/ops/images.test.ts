import { RandomStream } from '@rapport/core';
import { describe, expect, it } from 'vitest';
import { interpret } from '../interpreter.js';
import { input } from '../tensor.js';
import { transposedConv2d } from './images.js';

describe('transposedConv2d', () => {
  it('adds each input times the kernel at its strided place', () => {
    const stream = new RandomStream(3, 'transposed');
    const [inputs, outputs, width, kernel, stride, pad] = [2, 3, 5, 4, 2, 1];
    const x = Float64Array.from({ length: inputs * width }, () => stream.normal());
    const w = Float64Array.from({ length: inputs * outputs * kernel }, () => stream.normal());
    const b = Float64Array.from({ length: outputs }, () => stream.normal());
    const y = transposedConv2d(input('x', [1, inputs, 1, width]), input('w', [inputs, outputs, 1, kernel]), {
      strides: [1, stride],
      pads: [0, pad, 0, pad],
      bias: input('b', [outputs]),
    });
    expect(y.shape).toEqual([1, outputs, 1, 10]);

    const expected = new Float64Array(outputs * 10).map((_, index) => b[Math.floor(index / 10)]!);
    for (let i = 0; i < inputs; i++) {
      for (let o = 0; o < outputs; o++) {
        for (let column = 0; column < width; column++) {
          for (let tap = 0; tap < kernel; tap++) {
            const place = column * stride + tap - pad;
            if (place < 0 || place >= 10) continue;
            expected[o * 10 + place]! += x[i * width + column]! * w[(i * outputs + o) * kernel + tap]!;
          }
        }
      }
    }
    const [found] = interpret([y], { x, w, b });
    expected.forEach((value, index) => {
      expect(found!.data[index]).toBeCloseTo(value, 5);
    });
  });
});
