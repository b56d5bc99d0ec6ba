/**
 * How one joint comes to rest as fast as its limits of acceleration and jerk allow: jerk towards braking, braking at the
 * limit, jerk back to no acceleration. These are the last three segments of the double-S velocity profile
 * (L. Biagiotti and C. Melchiorri, "Trajectory Planning for Automatic Machines and Robots", 2008, section 3.4), here from
 * any velocity and acceleration. Units are rad and seconds.
 *
 * With a0 the acceleration now, the velocity that is left once the acceleration has been brought to zero is
 * v0 + a0 |a0| / 2J, and its sign says which way to brake. Turned so that it is positive, braking with a peak p for t2
 * takes away p^2 / J + p t2 - a0^2 / 2J. Hence p = min(A, sqrt(J v0 + a0^2 / 2)), and t2 = (v0 + a0^2 / 2J) / A - A / J when
 * p = A, else 0.
 *
 * The rest of a stop is the stop from where it has got to. It is not planned again on the way, so that what was looked at
 * is what happens, to the bit.
 */
export class StopProfile {
  /** What `sample` found. */
  position = 0;
  velocity = 0;
  acceleration = 0;
  /** Position at rest, rad. */
  restPosition = 0;
  readonly #period: number;
  /** Periods of the whole profile, and those that are over. */
  #allSteps = 0;
  #elapsed = 0;
  /** When the segments begin, and when the last one ends, seconds. */
  readonly #times = new Float64Array(4);
  readonly #positions = new Float64Array(3);
  readonly #velocities = new Float64Array(3);
  readonly #accelerations = new Float64Array(3);
  readonly #jerks = new Float64Array(3);

  /** @param period seconds from one sample to the next */
  constructor(period: number) {
    this.#period = period;
  }

  /** Periods until rest. */
  get steps(): number {
    return Math.max(0, this.#allSteps - this.#elapsed);
  }

  /**
   * Plans the stop from a state, which is then the present.
   * @param largestAcceleration rad/s^2; an acceleration that is beyond it already is the limit instead
   * @param largestJerk rad/s^3
   */
  plan(
    position: number,
    velocity: number,
    acceleration: number,
    largestAcceleration: number,
    largestJerk: number,
  ): void {
    const jerk = largestJerk;
    const sign = velocity + (acceleration * Math.abs(acceleration)) / (2 * jerk) < 0 ? -1 : 1;
    const v = sign * velocity;
    const a = sign * acceleration;
    const limit = Math.max(largestAcceleration, Math.abs(a));
    const unlimited = Math.sqrt(Math.max(0, jerk * v + 0.5 * a * a));
    // Rounding may ask for less than the deceleration that is there already.
    const peak = Math.max(0, -a, Math.min(limit, unlimited));
    const cruise = unlimited <= limit ? 0 : Math.max(0, (v + (0.5 * a * a) / jerk) / limit - limit / jerk);
    this.#begin(position, velocity, acceleration);
    this.#segment(0, (a + peak) / jerk, -sign * jerk);
    this.#segment(1, cruise, 0);
    this.#segment(2, peak / jerk, sign * jerk);
    this.#allSteps = Math.ceil(this.#times[3]! / this.#period);
  }

  /** One period is over. */
  advance(): void {
    this.#elapsed += 1;
  }

  /** Writes the state some periods from now to `position`, `velocity` and `acceleration`. */
  sample(steps: number): void {
    const times = this.#times;
    const time = (this.#elapsed + steps) * this.#period;
    if (this.#elapsed + steps >= this.#allSteps) {
      this.position = this.restPosition;
      this.velocity = 0;
      this.acceleration = 0;
      return;
    }
    const segment = time < times[1]! ? 0 : time < times[2]! ? 1 : 2;
    this.#evaluate(segment, time - times[segment]!);
  }

  /** Takes over another joint's plan. */
  copy(other: StopProfile): void {
    this.restPosition = other.restPosition;
    this.#allSteps = other.#allSteps;
    this.#elapsed = other.#elapsed;
    this.#times.set(other.#times);
    this.#positions.set(other.#positions);
    this.#velocities.set(other.#velocities);
    this.#accelerations.set(other.#accelerations);
    this.#jerks.set(other.#jerks);
  }

  #begin(position: number, velocity: number, acceleration: number): void {
    this.position = position;
    this.velocity = velocity;
    this.acceleration = acceleration;
    this.#elapsed = 0;
  }

  /** Appends a segment that goes on from the state in `position`, `velocity` and `acceleration`. */
  #segment(index: number, duration: number, jerk: number): void {
    this.#positions[index] = this.position;
    this.#velocities[index] = this.velocity;
    this.#accelerations[index] = this.acceleration;
    this.#jerks[index] = jerk;
    this.#times[index + 1] = this.#times[index]! + duration;
    this.#evaluate(index, duration);
    this.restPosition = this.position;
  }

  #evaluate(segment: number, time: number): void {
    const velocity = this.#velocities[segment]!;
    const acceleration = this.#accelerations[segment]!;
    const jerk = this.#jerks[segment]!;
    this.position = this.#positions[segment]! + time * (velocity + time * (0.5 * acceleration + (time * jerk) / 6));
    this.velocity = velocity + time * (acceleration + 0.5 * time * jerk);
    this.acceleration = acceleration + time * jerk;
  }
}
