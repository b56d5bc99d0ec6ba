import { InputError, type RandomStream } from '@rapport/core';
import type { DiffusionConfig } from '../diffusion/config.js';
import type { RolloutWindows } from './windows.js';

/** Demonstrated windows that are looked through at most; of more, every n-th is. */
const MOST_WINDOWS = 20_000;
/** Demonstrated windows whose observations are the likest; the nearest chunk is looked for among these. */
const LIKE_OBSERVATIONS = 50;
/** Demonstrated chunks whose distances to the others are measured. */
const CALIBRATION_CHUNKS = 400;
/**
 * What was demonstrated, as a yardstick for sampled chunks. The distance of a chunk is that of its executed actions to the
 * nearest ones demonstrated at like observations: root of the mean square over actions, normalised.
 */
export interface Manifold {
  /** Distances of demonstrated chunks to those of other episodes. */
  readonly own: Float32Array;
  /**
   * @param conditions [rows, condition], normalised as the policy sees them
   * @param chunks [rows, horizon, action], normalised
   * @returns distance of each row
   */
  distances(conditions: Float32Array, chunks: Float32Array): Float32Array;
}

/** @throws InputError with fewer than two demonstrations, whose distances to each other are the yardstick */
export function demonstratedManifold(config: DiffusionConfig, windows: RolloutWindows, stream: RandomStream): Manifold {
  const { lengths, conditionSize, chunkSize } = windows;
  if (lengths.length < 2) {
    throw new InputError(
      `there is ${lengths.length} demonstration; expected two or more, to compare them with each other`,
    );
  }
  const executed = executedRange(config, chunkSize);
  const all = lengths.flatMap((length, episode) => Array.from({ length }, (_, step) => ({ episode, step })));
  const stride = Math.ceil(all.length / MOST_WINDOWS);
  const kept = all.filter((_, index) => index % stride === 0);
  const conditions = new Float32Array(kept.length * conditionSize);
  const chunks = new Float32Array(kept.length * chunkSize);
  kept.forEach(({ episode, step }, row) => {
    windows.writeCondition(episode, step, conditions, row);
    windows.writeChunk(episode, step, chunks, row);
  });

  const distanceOf = (condition: Float32Array, chunk: Float32Array, without?: number): number => {
    const near = new NearestRows(LIKE_OBSERVATIONS);
    for (let row = 0; row < kept.length; row++) {
      if (kept[row]!.episode === without) continue;
      near.offer(row, squaredDistance(condition, 0, conditions, row * conditionSize, conditionSize, near.limit));
    }
    let best = Number.POSITIVE_INFINITY;
    for (const row of near.rows) {
      const offset = row * chunkSize + executed.start;
      best = Math.min(best, squaredDistance(chunk, executed.start, chunks, offset, executed.size, best));
    }
    return Math.sqrt(best / executed.size);
  };

  const sample = stream.sample(
    kept.map((_, row) => row),
    Math.min(CALIBRATION_CHUNKS, kept.length),
  );
  const own = sample.map((row) =>
    distanceOf(rowOf(conditions, row, conditionSize), rowOf(chunks, row, chunkSize), kept[row]!.episode),
  );
  return {
    own: Float32Array.from(own),
    distances: (conditionRows, chunkRows) =>
      Float32Array.from({ length: conditionRows.length / conditionSize }, (_, row) =>
        distanceOf(rowOf(conditionRows, row, conditionSize), rowOf(chunkRows, row, chunkSize)),
      ),
  };
}

/** Where in a chunk [horizon, action] the actions lie that are executed before the next plan. */
export function executedRange(
  { nObsSteps, nActionSteps, horizon }: DiffusionConfig,
  chunkSize: number,
): { readonly start: number; readonly size: number } {
  const actionSize = chunkSize / horizon;
  return { start: (nObsSteps - 1) * actionSize, size: nActionSteps * actionSize };
}

function rowOf(values: Float32Array, row: number, size: number): Float32Array {
  return values.subarray(row * size, (row + 1) * size);
}

/** Sum of squared differences; may stop early with some number above `limit`. */
function squaredDistance(
  a: Float32Array,
  aStart: number,
  b: Float32Array,
  bStart: number,
  size: number,
  limit: number,
): number {
  let sum = 0;
  for (let index = 0; index < size && sum <= limit; index++) sum += (a[aStart + index]! - b[bStart + index]!) ** 2;
  return sum;
}

/** Keeps the rows with the smallest distances. */
class NearestRows {
  readonly rows: number[] = [];
  readonly #distances: number[] = [];
  readonly #count: number;

  constructor(count: number) {
    this.#count = count;
  }

  /** A row farther than this is not kept. */
  get limit(): number {
    return this.rows.length < this.#count ? Number.POSITIVE_INFINITY : this.#distances.at(-1)!;
  }

  offer(row: number, distance: number): void {
    if (distance >= this.limit) return;
    let place = this.#distances.length;
    while (place > 0 && this.#distances[place - 1]! > distance) place -= 1;
    this.#distances.splice(place, 0, distance);
    this.rows.splice(place, 0, row);
    if (this.rows.length > this.#count) {
      this.rows.pop();
      this.#distances.pop();
    }
  }
}
