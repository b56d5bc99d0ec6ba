import { InputError } from './errors.js';
import { RandomStream } from './random.js';

/** A mean with its 95 % confidence interval and the number of independent samples behind it. */
export interface Interval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  /** Number of samples N. */
  readonly count: number;
}

const NORMAL_QUANTILE_975 = 1.959963984540054;
const BOOTSTRAP_RESAMPLES = 2_000;

/** Arithmetic mean. @throws InputError on an empty list */
export function mean(values: ArrayLike<number>): number {
  if (values.length === 0) throw new InputError('the mean of no values is undefined');
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += values[index]!;
  return sum / values.length;
}

/**
 * Mean with a 95 % percentile-bootstrap interval (Efron and Tibshirani 1993, section 13.3; 2,000 resamples from a fixed
 * seed, so that the same values give the same interval). With one value the interval is that value.
 */
export function meanInterval(values: ArrayLike<number>): Interval {
  const count = values.length;
  const center = mean(values);
  const stream = new RandomStream(0, `bootstrap/${count}`);
  const means = new Float64Array(BOOTSTRAP_RESAMPLES);
  for (let resample = 0; resample < BOOTSTRAP_RESAMPLES; resample++) {
    let sum = 0;
    for (let draw = 0; draw < count; draw++) sum += values[stream.integer(count)]!;
    means[resample] = sum / count;
  }
  means.sort();
  const tail = Math.floor(0.025 * BOOTSTRAP_RESAMPLES);
  return { mean: center, low: means[tail]!, high: means[BOOTSTRAP_RESAMPLES - 1 - tail]!, count };
}

/** Share of successes with its 95 % Wilson score interval (Wilson 1927). */
export function proportionInterval(successes: number, count: number): Interval {
  if (count < 1 || successes < 0 || successes > count) {
    throw new InputError(`${successes} successes out of ${count} is not a proportion`);
  }
  const share = successes / count;
  const z2 = NORMAL_QUANTILE_975 ** 2;
  const center = (share + z2 / (2 * count)) / (1 + z2 / count);
  const half =
    (NORMAL_QUANTILE_975 / (1 + z2 / count)) * Math.sqrt((share * (1 - share)) / count + z2 / (4 * count ** 2));
  return { mean: share, low: Math.max(0, center - half), high: Math.min(1, center + half), count };
}

/** Spearman's rank correlation in [-1, 1], ties by mean ranks; NaN when either side is constant. */
export function spearman(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new InputError(`cannot correlate ${a.length} values with ${b.length}`);
  const ranksA = meanRanks(a);
  const ranksB = meanRanks(b);
  const center = (a.length - 1) / 2;
  let covariance = 0;
  let varianceA = 0;
  let varianceB = 0;
  for (let index = 0; index < a.length; index++) {
    const deviationA = ranksA[index]! - center;
    const deviationB = ranksB[index]! - center;
    covariance += deviationA * deviationB;
    varianceA += deviationA ** 2;
    varianceB += deviationB ** 2;
  }
  return covariance / Math.sqrt(varianceA * varianceB);
}

/** Rank of each value from 0; equal values share the mean of their ranks. */
function meanRanks(values: ArrayLike<number>): Float64Array {
  const order = Array.from({ length: values.length }, (_, index) => index).sort((i, j) => values[i]! - values[j]!);
  const ranks = new Float64Array(values.length);
  let start = 0;
  while (start < order.length) {
    let end = start + 1;
    while (end < order.length && values[order[end]!] === values[order[start]!]) end += 1;
    for (let place = start; place < end; place++) ranks[order[place]!] = (start + end - 1) / 2;
    start = end;
  }
  return ranks;
}
