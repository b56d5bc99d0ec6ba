/** A value with the time that it is about, seconds. */
export interface Sample<T> {
  readonly stamp: number;
  readonly value: T;
}

/** Samples kept per source where nothing else is said: a quarter of a second at 1 kHz, and more than enough of slower ones. */
const CAPACITY = 256;

/** The last samples of one source in the order of their stamps, whatever the order in which they came. */
export class TimeSeries<T> {
  /** What messages call the source: a topic. */
  readonly name: string;
  /** Oldest sample that may still be acted on, seconds. */
  readonly maxAge: number;
  readonly #capacity: number;
  #samples: Sample<T>[] = [];

  /** @param capacity samples that are kept */
  constructor(name: string, maxAge: number, capacity = CAPACITY) {
    this.name = name;
    this.maxAge = maxAge;
    this.#capacity = capacity;
  }

  get newest(): Sample<T> | undefined {
    return this.#samples.at(-1);
  }

  /**
   * Takes a sample; one with the stamp of another replaces it.
   * @returns the value that is kept no more, if any: the oldest, the one replaced, or this one when its stamp is not finite
   */
  offer(stamp: number, value: T): T | undefined {
    if (!Number.isFinite(stamp)) return value;
    const samples = this.#samples;
    let place = samples.length;
    while (place > 0 && samples[place - 1]!.stamp > stamp) place -= 1;
    const same = place > 0 && samples[place - 1]!.stamp === stamp;
    const [replaced] = samples.splice(same ? place - 1 : place, same ? 1 : 0, { stamp, value });
    const dropped = samples.length > this.#capacity ? samples.shift() : replaced;
    return dropped?.value;
  }

  /** The sample nearest to a time; of two equally near ones the newer. */
  nearest(time: number): Sample<T> | undefined {
    const samples = this.#samples;
    let best = samples.at(-1);
    for (let index = samples.length - 2; index >= 0; index--) {
      const sample = samples[index]!;
      if (Math.abs(sample.stamp - time) >= Math.abs(best!.stamp - time)) break;
      best = sample;
    }
    return best;
  }

  clear(): void {
    this.#samples = [];
  }
}
