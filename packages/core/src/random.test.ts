import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RandomStream } from './random.js';

describe('RandomStream', () => {
  it('goes on from a saved state with the same numbers, normals included', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat({ max: 7 }), (seed, normals) => {
        const stream = new RandomStream(seed, 'test');
        for (let index = 0; index < normals; index++) stream.normal();
        const copy = new RandomStream(0, 'other');
        copy.restore(stream.state());
        const draw = (from: RandomStream) => [from.normal(), from.uniform(), from.integer(10), from.normal()];
        expect(draw(copy)).toEqual(draw(stream));
      }),
    );
  });

  it('gives forks that do not depend on how far the parent was read', () => {
    const fresh = new RandomStream(4, 'root');
    const read = new RandomStream(4, 'root');
    for (let index = 0; index < 100; index++) read.uniform();
    expect(read.fork('part').uint32()).toBe(fresh.fork('part').uint32());
    expect(fresh.fork('part').uint32()).not.toBe(fresh.fork('other').uint32());
  });

  it('draws uniform numbers with the right moments', () => {
    const stream = new RandomStream(1, 'moments');
    const count = 100_000;
    let [sum, squares, fourth] = [0, 0, 0];
    for (let index = 0; index < count; index++) {
      const value = stream.normal();
      sum += value;
      squares += value ** 2;
      fourth += value ** 4;
    }
    // Five standard errors of the mean, the variance and the fourth moment of a standard normal.
    expect(Math.abs(sum / count)).toBeLessThan(5 * Math.sqrt(1 / count));
    expect(Math.abs(squares / count - 1)).toBeLessThan(5 * Math.sqrt(2 / count));
    expect(Math.abs(fourth / count - 3)).toBeLessThan(5 * Math.sqrt(96 / count));
  });

  it('shuffles into every order about equally often', () => {
    const stream = new RandomStream(2, 'shuffle');
    const counts = new Map<string, number>();
    for (let index = 0; index < 6000; index++) {
      const key = stream.shuffled([1, 2, 3]).join('');
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    const chiSquared = [...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(counts.size).toBe(6);
    expect(chiSquared).toBeLessThan(20.5); // 0.1 % point with 5 degrees of freedom
  });

  it('refuses a seed that is not a 32-bit integer', () => {
    expect(() => new RandomStream(1.5, 'x')).toThrow('seed is 1.5; expected an integer from 0 to 4294967295');
  });
});
