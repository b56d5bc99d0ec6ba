/** Least distance of two ticks as a share of the period: an arm must not be sent two setpoints at once. */
const LEAST_SPACING = 0.9;

/**
 * Says when the next setpoint is due. Ticks keep to a grid of the period; after a delay they come back to it a little at a
 * time, never in a burst, because two setpoints in quick succession are a velocity that no limit allows.
 */
export class CommandClock {
  readonly #period: number;
  #next: number | undefined;

  /** @param period seconds */
  constructor(period: number) {
    this.#period = period;
  }

  /** Seconds until a tick is due; 0 before the first. @param now as for `tick` */
  untilDue(now: number): number {
    return this.#next === undefined ? 0 : this.#next - now;
  }

  /**
   * @param now seconds, on any clock; it may jump
   * @returns the time on the grid when a tick is due, else undefined
   */
  tick(now: number): number | undefined {
    const period = this.#period;
    // The first tick, a clock that went back, or ticks that were missed: the grid begins anew.
    if (this.#next === undefined || this.#next > now + 2 * period || this.#next < now - 2 * period) this.#next = now;
    if (now < this.#next) return undefined;
    const due = this.#next;
    this.#next = Math.max(due + period, now + LEAST_SPACING * period);
    return due;
  }
}
