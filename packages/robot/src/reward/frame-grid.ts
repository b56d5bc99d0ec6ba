/** A picture that comes this much of a period early is still that of its moment: cameras are not exactly in step. */
const EARLY = 0.25;

/**
 * Which pictures of a camera an episode is judged by: one for each period after its start, the first that comes, as in the
 * videos that the reward was learned from. Periods are in step with the first picture, whenever in its period that was taken.
 * Times are seconds of the pictures' stamps.
 */
export class FrameGrid {
  /** Periods that have passed without a picture that was taken. */
  dropped = 0;
  #last = -1;
  /** Where period 0 begins. */
  #origin: number;

  /**
   * @param start when the episode began
   * @param rate pictures per second
   */
  constructor(
    readonly start: number,
    readonly rate: number,
  ) {
    this.#origin = start;
  }

  /** Whether a picture would be the first of its period. Those from before the start, or from that moment, are not. */
  isDue(stamp: number): boolean {
    return stamp > this.start && (this.#last < 0 || this.#period(stamp) > this.#last);
  }

  /** Takes a picture that is due; the periods since the one before are dropped ones. */
  take(stamp: number): void {
    if (this.#last < 0) this.#origin = stamp - Math.floor((stamp - this.start) * this.rate) / this.rate;
    const period = this.#period(stamp);
    this.dropped += period - this.#last - 1;
    this.#last = period;
  }

  /** Pictures that have become due by now and have not been taken. */
  behind(now: number): number {
    return Math.max(0, this.#period(now) - this.#last);
  }

  #period(time: number): number {
    return Math.floor((time - this.#origin) * this.rate + EARLY);
  }
}
