/** Vectors of one topic over time, in order of time. */
export class VectorSeries {
  readonly width: number;
  #times = new Float64Array(256);
  #values: Float64Array;
  #length = 0;
  #sorted = true;

  constructor(width: number) {
    this.width = width;
    this.#values = new Float64Array(256 * width);
  }

  get length(): number {
    return this.#length;
  }

  /** @param time seconds */
  add(time: number, values: ArrayLike<number>): void {
    if (this.#length === this.#times.length) this.#grow();
    if (this.#length > 0 && time < this.#times[this.#length - 1]!) this.#sorted = false;
    this.#times[this.#length] = time;
    this.#values.set(values, this.#length * this.width);
    this.#length++;
  }

  #grow(): void {
    const times = new Float64Array(2 * this.#times.length);
    const values = new Float64Array(2 * this.#values.length);
    times.set(this.#times);
    values.set(this.#values);
    this.#times = times;
    this.#values = values;
  }

  /** Times in seconds, ascending. */
  get times(): Float64Array {
    if (!this.#sorted) this.#sort();
    return this.#times.subarray(0, this.#length);
  }

  /** The vector of message `index`, in order of time. */
  at(index: number): Float64Array {
    if (!this.#sorted) this.#sort();
    return this.#values.subarray(index * this.width, (index + 1) * this.width);
  }

  #sort(): void {
    const { width } = this;
    const order = Array.from({ length: this.#length }, (_, index) => index);
    order.sort((a, b) => this.#times[a]! - this.#times[b]!);
    const times = Float64Array.from(order, (index) => this.#times[index]!);
    const values = new Float64Array(this.#length * width);
    for (const [to, from] of order.entries()) {
      values.set(this.#values.subarray(from * width, (from + 1) * width), to * width);
    }
    this.#times = times;
    this.#values = values;
    this.#sorted = true;
  }
}

/** Index of the last time that is not after `time`; -1 when there is none. */
export function lastAtOrBefore(times: Float64Array, time: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! <= time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
