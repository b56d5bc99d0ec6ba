/**
 * The mean of a polyline over its last ticks: a line through it comes out with the same slope and half a window later, a
 * corner as a parabola.
 */
export class MovingMean {
  /** Shape [7]. */
  readonly positions = new Float64Array(7);
  /** Per second, shape [7]. */
  readonly velocities = new Float64Array(7);
  /** The polyline's last points, the newest at `#newest`. */
  readonly #points: readonly Float64Array[];
  readonly #seconds: number;
  #newest = 0;

  /**
   * @param ticks length of the window
   * @param tickSeconds seconds from one point to the next
   */
  constructor(ticks: number, tickSeconds: number) {
    this.#points = Array.from({ length: ticks + 1 }, () => new Float64Array(7));
    this.#seconds = ticks * tickSeconds;
  }

  /** Stands still at a point. */
  reset(point: ArrayLike<number>): void {
    for (const kept of this.#points) kept.set(point);
    this.positions.set(point);
    this.velocities.fill(0);
  }

  /** The polyline goes on to a point. */
  push(point: ArrayLike<number>): void {
    const points = this.#points;
    const count = points.length;
    this.#newest = (this.#newest + 1) % count;
    points[this.#newest]!.set(point);
    const newest = points[this.#newest]!;
    const oldest = points[(this.#newest + 1) % count]!;
    for (let entry = 0; entry < this.positions.length; entry++) {
      // The trapezoidal rule is exact for a polyline.
      let sum = -0.5 * (newest[entry]! + oldest[entry]!);
      for (let index = 0; index < count; index++) sum += points[index]![entry]!;
      this.positions[entry] = sum / (count - 1);
      this.velocities[entry] = (newest[entry]! - oldest[entry]!) / this.#seconds;
    }
  }
}
