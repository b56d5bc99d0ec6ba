import type { RandomStream } from '@rapport/core';
import type { DiffusionConfig } from '../diffusion/config.js';
import { noiseScales } from '../diffusion/network.js';
import type { AlignmentConfig } from './config.js';
import type { Comparison, Window } from './draws.js';
import type { RolloutWindows } from './windows.js';

/** What the denoiser and its losses are fed with R rows. */
export interface DenoisingFeeds extends Readonly<Record<string, Float32Array>> {
  /** [R, horizon, action] */
  readonly actions: Float32Array;
  readonly noise: Float32Array;
  /** [R] */
  readonly timesteps: Float32Array;
  readonly signalScale: Float32Array;
  readonly noiseScale: Float32Array;
  /** [R, condition] */
  readonly condition: Float32Array;
  /** How much each action counts, [R, horizon]; a row adds up to 1. */
  readonly weights: Float32Array;
}

/** Rows of windows with noise; the arrays are used again for every batch. */
export class DenoisingRows {
  readonly rows: number;
  readonly #config: DiffusionConfig;
  readonly #feeds: Omit<DenoisingFeeds, 'signalScale' | 'noiseScale'>;
  readonly #chunkSize: number;

  constructor(config: DiffusionConfig, sizes: Pick<RolloutWindows, 'conditionSize' | 'chunkSize'>, rows: number) {
    this.rows = rows;
    this.#config = config;
    this.#chunkSize = sizes.chunkSize;
    this.#feeds = {
      actions: new Float32Array(rows * sizes.chunkSize),
      noise: new Float32Array(rows * sizes.chunkSize),
      timesteps: new Float32Array(rows),
      condition: new Float32Array(rows * sizes.conditionSize),
      weights: new Float32Array(rows * config.horizon),
    };
  }

  writeWindow(row: number, windows: RolloutWindows, { rollout, step }: Window): void {
    windows.writeCondition(rollout, step, this.#feeds.condition!, row);
    windows.writeChunk(rollout, step, this.#feeds.actions!, row);
    windows.writeWeights(rollout, step, this.#feeds.weights!, row);
  }

  /** Draws noise for a row, and a timestep unless one is given. */
  drawNoise(row: number, stream: RandomStream, timestep = stream.integer(this.#config.numTrainTimesteps)): void {
    this.#feeds.timesteps![row] = timestep;
    stream.fillNormal(this.#feeds.noise!.subarray(row * this.#chunkSize, (row + 1) * this.#chunkSize));
  }

  /** Gives a row the noise and timestep of another. */
  copyNoise(from: number, to: number): void {
    this.#feeds.timesteps![to] = this.#feeds.timesteps![from]!;
    this.#feeds.noise!.copyWithin(to * this.#chunkSize, from * this.#chunkSize, (from + 1) * this.#chunkSize);
  }

  feeds(): DenoisingFeeds {
    return { ...this.#feeds, ...noiseScales(this.#config, this.#feeds.timesteps!) } as DenoisingFeeds;
  }
}

/**
 * Writes comparisons into rows: item k of comparison b is row k * comparisons + b. All items of a comparison have one
 * timestep and noise, or each its own.
 */
export function writeComparisons(
  rows: DenoisingRows,
  windows: RolloutWindows,
  comparisons: readonly Comparison[],
  noise: AlignmentConfig['noise'],
  stream: RandomStream,
): void {
  comparisons.forEach(({ windows: items }, index) => {
    items.forEach((window, item) => {
      const row = item * comparisons.length + index;
      rows.writeWindow(row, windows, window);
      if (item === 0 || noise === 'separate') rows.drawNoise(row, stream);
      else rows.copyNoise(index, row);
    });
  });
}
