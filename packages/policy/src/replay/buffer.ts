import { CorruptDataError, InputError, type RandomStream } from '@rapport/core';

/** A batch of transitions; arrays are reused by the next `sample`. */
export interface TransitionBatch {
  /** Shape [batch, observationSize]. */
  readonly observation: Float32Array;
  /** Shape [batch, actionSize]. */
  readonly action: Float32Array;
  /** Shape [batch, 1]. */
  readonly reward: Float32Array;
  /** Shape [batch, observationSize]. */
  readonly nextObservation: Float32Array;
  /** 1 where the value of the next state counts, 0 where the task itself ended; shape [batch, 1]. */
  readonly continues: Float32Array;
}

/** What a buffer holds, for checkpoints: the filled rows in storage order and the place of the next write. */
export interface ReplayState {
  readonly rows: Float32Array;
  readonly next: number;
}

/** A ring of transitions in one flat array, sampled uniformly with replacement. */
export class ReplayBuffer {
  readonly #capacity: number;
  readonly #observationSize: number;
  readonly #actionSize: number;
  /** One row: observation, action, reward, next observation, continues. */
  readonly #rowSize: number;
  #rows: Float32Array;
  #length = 0;
  #next = 0;

  constructor(options: { readonly capacity: number; readonly observationSize: number; readonly actionSize: number }) {
    this.#capacity = options.capacity;
    this.#observationSize = options.observationSize;
    this.#actionSize = options.actionSize;
    this.#rowSize = 2 * options.observationSize + options.actionSize + 2;
    this.#rows = new Float32Array(Math.min(options.capacity, 1024) * this.#rowSize);
  }

  /** Transitions held now. */
  get length(): number {
    return this.#length;
  }

  /**
   * Adds an episode of T steps.
   * @param observations shape [T + 1, observationSize]
   * @param actions shape [T, actionSize]
   * @param rewards shape [T]
   * @param terminated whether the task itself ended after the last step
   */
  addEpisode(
    observations: Float32Array,
    actions: Float32Array,
    rewards: Float32Array,
    terminated: 'terminated' | 'truncated',
  ): void {
    const steps = rewards.length;
    if (observations.length !== (steps + 1) * this.#observationSize || actions.length !== steps * this.#actionSize) {
      throw new InputError(
        `an episode of ${steps} rewards came with ${observations.length / this.#observationSize} observations and ${actions.length / this.#actionSize} actions; expected ${steps + 1} and ${steps}`,
      );
    }
    for (let step = 0; step < steps; step++) {
      const row = this.#claimRow();
      const { observationRow, nextObservationRow, actionRow } = this.#views(observations, actions, step);
      row.set(observationRow, 0);
      row.set(actionRow, this.#observationSize);
      row[this.#observationSize + this.#actionSize] = rewards[step]!;
      row.set(nextObservationRow, this.#observationSize + this.#actionSize + 1);
      row[this.#rowSize - 1] = terminated === 'terminated' && step === steps - 1 ? 0 : 1;
    }
  }

  /** Draws transitions uniformly, with replacement, into `batch`. */
  sample(stream: RandomStream, batch: TransitionBatch): void {
    const size = batch.reward.length;
    for (let index = 0; index < size; index++) {
      const start = stream.integer(this.#length) * this.#rowSize;
      const actionStart = start + this.#observationSize;
      const rewardStart = actionStart + this.#actionSize;
      batch.observation.set(this.#rows.subarray(start, actionStart), index * this.#observationSize);
      batch.action.set(this.#rows.subarray(actionStart, rewardStart), index * this.#actionSize);
      batch.reward[index] = this.#rows[rewardStart]!;
      const nextStart = rewardStart + 1;
      const nextEnd = nextStart + this.#observationSize;
      batch.nextObservation.set(this.#rows.subarray(nextStart, nextEnd), index * this.#observationSize);
      batch.continues[index] = this.#rows[nextEnd]!;
    }
  }

  state(): ReplayState {
    return { rows: this.#rows.slice(0, this.#length * this.#rowSize), next: this.#next };
  }

  /** @throws CorruptDataError when the state belongs to a buffer of another shape */
  restore(state: ReplayState): void {
    const length = state.rows.length / this.#rowSize;
    if (!Number.isInteger(length) || length > this.#capacity || state.next > length) {
      throw new CorruptDataError(
        `the saved replay buffer has ${state.rows.length} numbers; expected a multiple of ${this.#rowSize} up to ${this.#capacity * this.#rowSize}`,
      );
    }
    this.#rows = state.rows.slice();
    this.#length = length;
    this.#next = state.next;
  }

  #claimRow(): Float32Array {
    const start = this.#next * this.#rowSize;
    if (start === this.#rows.length) {
      const rows = new Float32Array(Math.min(this.#rows.length * 2, this.#capacity * this.#rowSize));
      rows.set(this.#rows);
      this.#rows = rows;
    }
    this.#length = Math.max(this.#length, this.#next + 1);
    this.#next = (this.#next + 1) % this.#capacity;
    return this.#rows.subarray(start, start + this.#rowSize);
  }

  #views(observations: Float32Array, actions: Float32Array, step: number) {
    const size = this.#observationSize;
    return {
      observationRow: observations.subarray(step * size, (step + 1) * size),
      nextObservationRow: observations.subarray((step + 1) * size, (step + 2) * size),
      actionRow: actions.subarray(step * this.#actionSize, (step + 1) * this.#actionSize),
    };
  }
}

/** An empty batch of the right shapes. */
export function allocateBatch(batchSize: number, observationSize: number, actionSize: number): TransitionBatch {
  return {
    observation: new Float32Array(batchSize * observationSize),
    action: new Float32Array(batchSize * actionSize),
    reward: new Float32Array(batchSize),
    nextObservation: new Float32Array(batchSize * observationSize),
    continues: new Float32Array(batchSize),
  };
}
