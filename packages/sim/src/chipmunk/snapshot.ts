import { CorruptDataError } from '@rapport/core';

/** Reads the numbers of a saved state in the order in which they were written. */
export class StateReader {
  readonly #numbers: Float64Array;
  #position = 0;

  constructor(numbers: Float64Array) {
    this.#numbers = numbers;
  }

  /** @throws CorruptDataError past the end */
  next(): number {
    if (this.#position >= this.#numbers.length) {
      throw new CorruptDataError(`state has ${this.#numbers.length} numbers; expected more`);
    }
    const value = this.#numbers[this.#position]!;
    this.#position += 1;
    return value;
  }

  /**
   * An integer in [low, high].
   * @throws CorruptDataError when the next number is no such integer
   */
  integer(what: string, low: number, high: number): number {
    const value = this.next();
    if (!Number.isInteger(value) || value < low || value > high) {
      throw new CorruptDataError(`state entry ${this.#position - 1} (${what}) is ${value}; expected ${low} to ${high}`);
    }
    return value;
  }

  /** @throws CorruptDataError when numbers are left over */
  end(): void {
    if (this.#position !== this.#numbers.length) {
      throw new CorruptDataError(`state has ${this.#numbers.length} numbers; expected ${this.#position}`);
    }
  }
}
