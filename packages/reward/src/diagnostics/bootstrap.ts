import { type Interval, RandomStream } from '@rapport/core';

const RESAMPLES = 1_000;

/**
 * A statistic of `count` cases with its 95 % percentile-bootstrap interval (Efron and Tibshirani 1993, section 13.3). The
 * stream is fixed, so that the same cases give the same interval; resamples in which the statistic is undefined are left
 * out.
 * @param statistic gets case numbers, with repetitions in a resample
 */
export function statisticInterval(count: number, statistic: (cases: Int32Array) => number): Interval {
  const value = statistic(Int32Array.from({ length: count }, (_, index) => index));
  const stream = new RandomStream(0, `bootstrap/${count}`);
  const draw = new Int32Array(count);
  const resampled: number[] = [];
  for (let round = 0; round < RESAMPLES && count > 0; round++) {
    for (let index = 0; index < count; index++) draw[index] = stream.integer(count);
    const drawn = statistic(draw);
    if (Number.isFinite(drawn)) resampled.push(drawn);
  }
  resampled.sort((a, b) => a - b);
  const tail = Math.floor(0.025 * resampled.length);
  return {
    mean: value,
    low: resampled[tail] ?? Number.NaN,
    high: resampled[resampled.length - 1 - tail] ?? Number.NaN,
    count,
  };
}
