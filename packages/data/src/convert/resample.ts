import type { SampleRule } from './mapping.js';
import { lastAtOrBefore, type VectorSeries } from './time-series.js';

/** Differences of time below this are rounding: stamps are sums of nanoseconds, in double precision seconds. */
const ROUNDING = 1e-7;

/** How a series is sampled. */
export interface Sampling {
  readonly rule: SampleRule;
  /** Seconds that a message may lie away from the time that is asked for. */
  readonly maxAge: number;
  /** First entries of the quaternions (x, y, z, w) among a vector's. */
  readonly quaternions?: readonly number[];
}

/**
 * The message that stands for a time, by the rules `last` and `nearest`; of two at the same distance the earlier.
 * @returns its index, or undefined when there is none within the greatest age
 */
export function pickMessage(
  times: Float64Array,
  time: number,
  { rule, maxAge }: Pick<Sampling, 'rule' | 'maxAge'>,
): number | undefined {
  let index = lastAtOrBefore(times, time + ROUNDING);
  const next = index + 1;
  if (rule === 'nearest' && next < times.length && (index < 0 || times[next]! - time < time - times[index]!)) {
    index = next;
  }
  if (index < 0 || Math.abs(time - times[index]!) > maxAge + ROUNDING) return undefined;
  return index;
}

/**
 * The vector of a series at a time.
 * @param out shape [series.width]
 * @returns false, with `out` as it was, when the series is silent there
 */
export function sampleSeries(series: VectorSeries, time: number, sampling: Sampling, out: Float64Array): boolean {
  if (sampling.rule === 'linear') return interpolate(series, time, sampling, out);
  const index = pickMessage(series.times, time, sampling);
  if (index === undefined) return false;
  out.set(series.at(index));
  return true;
}

/** Between the neighbours of a time, both of which must be near enough. */
function interpolate(
  series: VectorSeries,
  time: number,
  { maxAge, quaternions }: Sampling,
  out: Float64Array,
): boolean {
  const { times } = series;
  const before = lastAtOrBefore(times, time + ROUNDING);
  if (before < 0 || time - times[before]! > maxAge + ROUNDING) return false;
  const a = series.at(before);
  if (Math.abs(time - times[before]!) <= ROUNDING) {
    out.set(a);
    return true;
  }
  const after = before + 1;
  if (after >= times.length || times[after]! - time > maxAge + ROUNDING) return false;
  const b = series.at(after);
  const share = (time - times[before]!) / (times[after]! - times[before]!);
  for (let entry = 0; entry < out.length; entry++) out[entry] = a[entry]! + share * (b[entry]! - a[entry]!);
  for (const first of quaternions ?? []) interpolateQuaternion(a, b, share, first, out);
  return true;
}

/** q and -q are the same rotation: the nearer one is taken, and the mean normalised. */
function interpolateQuaternion(
  a: Float64Array,
  b: Float64Array,
  share: number,
  first: number,
  out: Float64Array,
): void {
  let dot = 0;
  for (let entry = first; entry < first + 4; entry++) dot += a[entry]! * b[entry]!;
  const sign = dot < 0 ? -1 : 1;
  let square = 0;
  for (let entry = first; entry < first + 4; entry++) {
    out[entry] = (1 - share) * a[entry]! + share * sign * b[entry]!;
    square += out[entry]! ** 2;
  }
  const norm = Math.sqrt(square);
  if (norm > 0) for (let entry = first; entry < first + 4; entry++) out[entry] = out[entry]! / norm;
}

/** First entries of the quaternions among paths: four in a row that end in `.x`, `.y`, `.z`, `.w` of the same field. */
export function quaternionsAmong(fields: readonly string[]): number[] {
  return fields.flatMap((field, index) => {
    const stem = field.endsWith('.x') ? field.slice(0, -2) : undefined;
    if (stem === undefined) return [];
    return ['.x', '.y', '.z', '.w'].every((end, offset) => fields[index + offset] === stem + end) ? [index] : [];
  });
}
