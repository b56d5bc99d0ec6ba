/** Where the joints were sent in the last second, to hold measurements against the setpoint of their own time. */
export class SetpointHistory {
  readonly #capacity: number;
  #entries: { readonly time: number; readonly positions: Float64Array }[] = [];

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  add(time: number, positions: Float64Array): void {
    this.#entries.push({ time, positions: positions.slice() });
    if (this.#entries.length > this.#capacity) this.#entries.shift();
  }

  clear(): void {
    this.#entries = [];
  }

  /** Where the joints had been sent at a time, rad; undefined when nothing had been. */
  at(time: number): Float64Array | undefined {
    return this.#entries.findLast((entry) => entry.time <= time)?.positions;
  }

  /**
   * The joint that is farthest from where it was sent, and by how much, rad; undefined when nothing was sent by then. What
   * counts is the nearest of the setpoints of the last `within` seconds, so that an arm which follows a little late is not
   * far off.
   */
  deviation(time: number, measured: ArrayLike<number>, within: number): { error: number; joint: number } | undefined {
    const recent = this.#entries.filter((entry) => entry.time <= time && entry.time >= time - within);
    let best: { error: number; joint: number } | undefined;
    for (const { positions } of recent) {
      const worst = { error: 0, joint: 0 };
      for (let joint = 0; joint < positions.length; joint++) {
        const error = Math.abs(positions[joint]! - measured[joint]!);
        if (!(error <= worst.error)) Object.assign(worst, { error, joint });
      }
      if (best === undefined || worst.error < best.error) best = worst;
    }
    return best;
  }
}
