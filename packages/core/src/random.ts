import { xoroshiro128plus, xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import { InputError } from './errors.js';

/** The state of a stream as plain integers, to be stored in checkpoints. */
export type RandomState = readonly number[];

/**
 * A named, seeded stream of random numbers (xoroshiro128+). The same seed and name give the same numbers on every
 * machine. Streams are passed in, never global; `fork(name)` gives an independent stream whose numbers do not depend on
 * how far this one has been read.
 */
export class RandomStream {
  readonly seed: number;
  readonly name: string;
  #generator: RandomGenerator;
  #spareNormal: number | undefined;

  /**
   * @param seed integer in [0, 2^32)
   * @param name what the numbers are for, for example `replay` or `evaluation/episode-3`
   */
  constructor(seed: number, name: string) {
    if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) {
      throw new InputError(`seed is ${seed}; expected an integer from 0 to ${2 ** 32 - 1}`);
    }
    this.seed = seed;
    this.name = name;
    this.#generator = xoroshiro128plus(mix(seed, name));
  }

  /** An independent stream for a part of the work. */
  fork(name: string): RandomStream {
    return new RandomStream(this.seed, `${this.name}/${name}`);
  }

  /** A 32-bit integer in [0, 2^32), for seeding something outside. */
  uint32(): number {
    return this.#generator.next() >>> 0;
  }

  /** Uniform in [0, 1) with 53 random bits. */
  uniform(): number {
    const high = this.uint32() >>> 5;
    const low = this.uint32() >>> 6;
    return (high * 67_108_864 + low) / 9_007_199_254_740_992;
  }

  /** Uniform in [low, high). */
  uniformBetween(low: number, high: number): number {
    return low + (high - low) * this.uniform();
  }

  /** Uniform integer in [0, count). */
  integer(count: number): number {
    if (!Number.isInteger(count) || count < 1) throw new InputError(`count is ${count}; expected a positive integer`);
    return Math.floor(this.uniform() * count);
  }

  /** Standard normal (Marsaglia's polar method). */
  normal(): number {
    if (this.#spareNormal !== undefined) {
      const spare = this.#spareNormal;
      this.#spareNormal = undefined;
      return spare;
    }
    for (;;) {
      const u = 2 * this.uniform() - 1;
      const v = 2 * this.uniform() - 1;
      const squared = u * u + v * v;
      if (squared > 0 && squared < 1) {
        const scale = Math.sqrt((-2 * Math.log(squared)) / squared);
        this.#spareNormal = v * scale;
        return u * scale;
      }
    }
  }

  /** Fills `out` with standard normal numbers and returns it. */
  fillNormal(out: Float32Array): Float32Array {
    for (let index = 0; index < out.length; index++) out[index] = this.normal();
    return out;
  }

  /** A new array with the items in random order (Fisher-Yates). */
  shuffled<T>(items: readonly T[]): T[] {
    const result = [...items];
    for (let index = result.length - 1; index > 0; index--) {
      const other = this.integer(index + 1);
      [result[index], result[other]] = [result[other]!, result[index]!];
    }
    return result;
  }

  /** `count` different items in random order. */
  sample<T>(items: readonly T[], count: number): T[] {
    if (count > items.length) throw new InputError(`cannot draw ${count} different items out of ${items.length}`);
    return this.shuffled(items).slice(0, count);
  }

  /** Everything needed to go on from here; see `restore`. */
  state(): RandomState {
    const spare = this.#spareNormal;
    if (spare === undefined) return this.#generator.getState();
    const bits = new Int32Array(new Float64Array([spare]).buffer);
    return [...this.#generator.getState(), bits[0]!, bits[1]!];
  }

  /** Puts the stream where it was when `state()` was called. */
  restore(state: RandomState): void {
    if (state.length !== 4 && state.length !== 6) {
      throw new InputError(`random state of stream "${this.name}" has ${state.length} integers; expected 4 or 6`);
    }
    this.#generator = xoroshiro128plusFromState(state.slice(0, 4));
    this.#spareNormal =
      state.length === 6 ? new Float64Array(new Int32Array([state[4]!, state[5]!]).buffer)[0]! : undefined;
  }
}

/** FNV-1a over the name, started from the seed: different names give unrelated generator seeds. */
function mix(seed: number, name: string): number {
  let hash = (0x811c9dc5 ^ seed) >>> 0;
  for (let index = 0; index < name.length; index++) {
    hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193) >>> 0;
  }
  // The finaliser of MurmurHash3 spreads neighbouring seeds over all bits.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35) >>> 0;
  return (hash ^ (hash >>> 16)) | 0;
}
