import { InputError } from '@rapport/core';
import type { DiffusionConfig, FeatureType, NormalizationMode } from './config.js';

/** Statistics of one feature by name: `min`, `max`, `mean`, `std`, `q01`, ...; one number per channel. */
export type FeatureStatistics = Readonly<Record<string, Float32Array>>;

/** Statistics by feature. They travel with the policy. */
export type Statistics = Readonly<Record<string, FeatureStatistics>>;

/** normalised = (x - shift) * scale + bias, and back: x = (normalised - bias) * inverseScale + shift; per channel. */
export interface Affine {
  readonly shift: Float64Array;
  readonly scale: Float64Array;
  /** 1 / scale; for MEAN_STD the deviation itself, without the epsilon that division needs. */
  readonly inverseScale: Float64Array;
  readonly bias: number;
}

/** Where a channel does not vary, LeRobot divides by this; elsewhere MEAN_STD adds it to the deviation. */
const EPSILON = 1e-8;

/** The statistics that a mode needs: [lower, upper], or [mean, deviation]. */
const needed: Readonly<Record<Exclude<NormalizationMode, 'IDENTITY'>, readonly [string, string]>> = {
  MIN_MAX: ['min', 'max'],
  MEAN_STD: ['mean', 'std'],
  QUANTILES: ['q01', 'q99'],
  QUANTILE10: ['q10', 'q90'],
};

/**
 * How a feature is normalised, after LeRobot's normaliser: the ranges map to [-1, 1], MEAN_STD to zero mean and unit
 * deviation; a type that the mapping leaves out passes unchanged.
 * @returns undefined when the feature passes unchanged
 * @throws InputError when the mode needs statistics that are not there
 */
export function featureAffine(
  feature: string,
  type: FeatureType,
  mapping: DiffusionConfig['normalizationMapping'],
  statistics: Statistics,
): Affine | undefined {
  const mode = mapping[type] ?? 'IDENTITY';
  if (mode === 'IDENTITY') return undefined;
  const [first, second] = needed[mode];
  const low = statistics[feature]?.[first];
  const high = statistics[feature]?.[second];
  if (low === undefined || high === undefined) {
    const missing = low === undefined ? first : second;
    throw new InputError(`feature "${feature}" is normalised by ${mode}, and its statistic "${missing}" is missing`);
  }
  const shift = Float64Array.from(low);
  if (mode === 'MEAN_STD') {
    const scale = Float64Array.from(high, (deviation) => 1 / (deviation + EPSILON));
    return { shift, scale, inverseScale: Float64Array.from(high), bias: 0 };
  }
  const inverseScale = Float64Array.from(high, (upper, channel) => (upper - low[channel]! || EPSILON) / 2);
  return { shift, scale: inverseScale.map((value) => 1 / value), inverseScale, bias: -1 };
}

/** Normalises rows of channels, shape [..., channels]. */
export function normalize(affine: Affine | undefined, values: Float32Array): Float32Array {
  if (affine === undefined) return values.slice();
  const { shift, scale, bias } = affine;
  const channels = shift.length;
  return values.map((value, index) => (value - shift[index % channels]!) * scale[index % channels]! + bias);
}

/** The inverse of `normalize`. */
export function denormalize(affine: Affine | undefined, values: Float32Array): Float32Array {
  if (affine === undefined) return values.slice();
  const { shift, inverseScale, bias } = affine;
  const channels = shift.length;
  return values.map((value, index) => (value - bias) * inverseScale[index % channels]! + shift[index % channels]!);
}
