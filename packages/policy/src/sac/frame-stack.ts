/**
 * The last `count` observations in one vector, oldest first, as a network's input. At the start of an episode the first
 * observation fills every place (XIRL's FrameStack wrapper).
 */
export class FrameStacker {
  readonly size: number;
  readonly #stack: Float32Array;
  readonly #observationSize: number;
  #empty = true;

  /** @param observationSize entries of one observation */
  constructor(observationSize: number, count: number) {
    this.#observationSize = observationSize;
    this.size = observationSize * count;
    this.#stack = new Float32Array(this.size);
  }

  /** Starts a new episode. */
  reset(): void {
    this.#empty = true;
  }

  /** Adds an observation and returns the stack, shape [count * observationSize]: borrowed, valid until the next call. */
  push(observation: Float32Array): Float32Array {
    if (this.#empty) {
      for (let start = 0; start < this.size; start += this.#observationSize) this.#stack.set(observation, start);
      this.#empty = false;
    } else {
      this.#stack.copyWithin(0, this.#observationSize);
      this.#stack.set(observation, this.size - this.#observationSize);
    }
    return this.#stack;
  }
}

/**
 * The stacks of a whole episode.
 * @param observations shape [T + 1, observationSize]
 * @returns shape [T + 1, count * observationSize]
 */
export function stackEpisode(observations: Float32Array, observationSize: number, count: number): Float32Array {
  const rows = observations.length / observationSize;
  const stacker = new FrameStacker(observationSize, count);
  const stacked = new Float32Array(rows * stacker.size);
  for (let row = 0; row < rows; row++) {
    const observation = observations.subarray(row * observationSize, (row + 1) * observationSize);
    stacked.set(stacker.push(observation), row * stacker.size);
  }
  return stacked;
}
