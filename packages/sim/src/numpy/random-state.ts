import { InputError } from '@rapport/core';
import { mersenne } from 'pure-rand/generator/mersenne';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';

/**
 * The draws of `numpy.random.RandomState(seed)` that X-Magical's resets make, number for number. NumPy keeps this
 * generator frozen: a Mersenne Twister (MT19937) seeded by Knuth's initialiser, doubles from two words, and bounded
 * integers by masking and rejection (NEP 19).
 */
export class NumpyRandomState {
  readonly #generator: RandomGenerator;

  /** @param seed integer in [0, 2^32) */
  constructor(seed: number) {
    if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) {
      throw new InputError(`seed is ${seed}; expected an integer from 0 to ${2 ** 32 - 1}`);
    }
    this.#generator = mersenne(seed);
  }

  /** `random_sample()`: uniform in [0, 1) with 53 random bits. */
  random(): number {
    const high = this.#uint32() >>> 5;
    const low = this.#uint32() >>> 6;
    return (high * 67_108_864 + low) / 9_007_199_254_740_992;
  }

  /** `uniform(low, high)`. */
  uniform(low: number, high: number): number {
    return low + (high - low) * this.random();
  }

  /** `choice(items)`: one item. */
  choice<T>(items: readonly T[]): T {
    return items[this.#below(items.length)]!;
  }

  /** `choice(items, size=count)`: items may repeat. */
  choices<T>(items: readonly T[], count: number): T[] {
    return Array.from({ length: count }, () => this.choice(items));
  }

  /** `choice(items, size=count, replace=False)`: the first `count` of a Fisher-Yates permutation. */
  sample<T>(items: readonly T[], count: number): T[] {
    if (count > items.length) throw new InputError(`cannot draw ${count} different items out of ${items.length}`);
    const order = [...items];
    for (let last = order.length - 1; last > 0; last--) {
      const other = this.#below(last + 1);
      [order[last], order[other]] = [order[other]!, order[last]!];
    }
    return order.slice(0, count);
  }

  /** Uniform integer in [0, count): words masked to the least 2^k - 1 >= count - 1, those above it thrown away. */
  #below(count: number): number {
    const largest = count - 1;
    if (largest <= 0) return 0;
    const mask = 0xffffffff >>> Math.clz32(largest);
    for (;;) {
      const value = (this.#uint32() & mask) >>> 0;
      if (value <= largest) return value;
    }
  }

  #uint32(): number {
    return this.#generator.next() >>> 0;
  }
}
