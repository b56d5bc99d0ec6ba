import { RandomStream } from '@rapport/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { interpret } from '../interpreter.js';
import { add, div, exp, maximum, minimum, mul, neg, sqrt, square, sub } from '../ops/index.js';
import { input, type Tensor } from '../tensor.js';
import { compileKernel } from './elementwise.js';
import { makeMemory } from './wasm.js';

describe('compileKernel', () => {
  it('computes what plain loops compute, for every length, and leaves what lies around untouched', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 41 }), fc.integer({ min: 0, max: 5 }), fc.nat(), (count, shift, seed) => {
        const [a, b] = [input('a', [count]), input('b', [count])];
        const scale = input('scale', []);
        const positive = add(square(b), 0.5);
        const first = sub(div(mul(a, scale), sqrt(positive)), neg(minimum(b, 0.25)));
        const results = new Map<Tensor, Tensor>([
          [a, first],
          [b, maximum(mul(first, -3), a)],
        ]);
        const memory = makeMemory(1024);
        const all = new RandomStream(seed, 'numbers').fillNormal(new Float32Array(memory.buffer, 0, 256));
        const before = all.slice();
        const places = [shift, 128 + shift];
        const scalar = Math.fround(0.7);
        compileKernel({ vectors: [a, b], scalars: [scale], results }, memory).run(
          places.map((place) => 4 * place),
          count,
          [scalar],
        );
        const part = (place: number) => Float64Array.from(before.subarray(place, place + count));
        const feeds = { a: part(places[0]!), b: part(places[1]!), scale: Float64Array.of(scalar) };
        const expected = before.slice();
        interpret([...results.values()], feeds).forEach(({ data }, index) => {
          expected.set(Float32Array.from(data), places[index]!);
        });
        const isInside = (index: number) => places.some((place) => index >= place && index < place + count);
        const wrong = Array.from(all).filter((value, index) => {
          const wanted = expected[index]!;
          return isInside(index) ? Math.abs(value - wanted) > 1e-5 * (1 + Math.abs(wanted)) : value !== wanted;
        });
        expect(wrong).toEqual([]);
      }),
      { numRuns: 60, seed: 1 },
    );
  });

  it('refuses an update that is no plain arithmetic', () => {
    const a = input('a', [4]);
    const program = { vectors: [a], scalars: [], results: new Map<Tensor, Tensor>([[a, exp(a)]]) };
    expect(() => compileKernel(program, makeMemory(16))).toThrow(
      'an optimiser\'s update uses the operator "exp"; expected plain arithmetic',
    );
  });
});
