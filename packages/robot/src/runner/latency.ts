/** Values kept for percentiles. */
const CAPACITY = 1024;

/** Seconds. */
export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
}

/** Percentiles over the last thousand of some durations, seconds. */
export class LatencyStatistics {
  readonly #values = new Float64Array(CAPACITY);
  #count = 0;
  #smoothed: number | undefined;

  add(seconds: number): void {
    this.#values[this.#count % CAPACITY] = seconds;
    this.#count += 1;
    this.#smoothed = this.#smoothed === undefined ? seconds : this.#smoothed + 0.2 * (seconds - this.#smoothed);
  }

  /** A mean in which the last five values weigh most; undefined before the first. */
  get recent(): number | undefined {
    return this.#smoothed;
  }

  /** @returns NaN before the first value */
  percentiles(): Percentiles {
    const sorted = this.#values.slice(0, Math.min(this.#count, CAPACITY)).sort();
    const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN;
    return { p50: at(0.5), p99: at(0.99) };
  }
}
