/** How much the simulation may catch up at once; what it is further behind is given up, nanoseconds. */
const MOST_BEHIND = 50_000_000n;

/** How the simulation kept up since it was last asked. */
export interface Pace {
  /** Simulated time by wall time. */
  readonly realTimeFactor: number;
  /** Wall time that was given up because the simulation could not keep up, seconds. */
  readonly secondsBehind: number;
}

/** Tells how many ticks are due, from a clock that somebody else reads. */
export class Pacer {
  readonly #tick: bigint;
  readonly #factor: number;
  #last: bigint;
  /** Wall time, times the factor, that no tick has used yet. */
  #credit = 0n;
  #measuredFrom: bigint;
  #ticks = 0n;
  #givenUp = 0n;

  /**
   * @param tick simulated nanoseconds of a tick
   * @param factor simulated time by wall time that is wanted
   * @param now nanoseconds of a clock that never goes back
   */
  constructor(tick: bigint, factor: number, now: bigint) {
    this.#tick = tick;
    this.#factor = factor;
    this.#last = now;
    this.#measuredFrom = now;
  }

  /** Ticks that are due now; the caller does them. */
  due(now: bigint): number {
    this.#credit += BigInt(Math.round(Number(now - this.#last) * this.#factor));
    this.#last = now;
    if (this.#credit > MOST_BEHIND) {
      this.#givenUp += this.#credit - MOST_BEHIND;
      this.#credit = MOST_BEHIND;
    }
    const ticks = this.#credit / this.#tick;
    this.#credit -= ticks * this.#tick;
    this.#ticks += ticks;
    return Number(ticks);
  }

  /** What has been measured since the last call. */
  measure(now: bigint): Pace {
    const wall = Number(now - this.#measuredFrom);
    const pace = {
      realTimeFactor: wall > 0 ? Number(this.#ticks * this.#tick) / wall : 0,
      secondsBehind: Number(this.#givenUp) / 1e9,
    };
    this.#measuredFrom = now;
    this.#ticks = 0n;
    this.#givenUp = 0n;
    return pace;
  }
}
