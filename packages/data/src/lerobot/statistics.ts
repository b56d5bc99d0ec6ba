/** Quantiles that LeRobot keeps, by their names in files. */
const QUANTILES: readonly (readonly [name: QuantileName, fraction: number])[] = [
  ['q01', 0.01],
  ['q10', 0.1],
  ['q50', 0.5],
  ['q90', 0.9],
  ['q99', 0.99],
];

type QuantileName = 'q01' | 'q10' | 'q50' | 'q90' | 'q99';
type StatisticName = 'min' | 'max' | 'mean' | 'std' | QuantileName;

/** Names in the order in which LeRobot writes them. */
export const STATISTIC_NAMES: readonly (StatisticName | 'count')[] = [
  'min',
  'max',
  'mean',
  'std',
  'count',
  'q01',
  'q10',
  'q50',
  'q90',
  'q99',
];

/** Statistics of one feature; each array has shape [entries] (three colour channels in [0, 1] for pictures). */
export type FeatureStatistics = Readonly<Record<StatisticName, readonly number[]>> & {
  /** Number of frames. */
  readonly count: number;
};

/**
 * Statistics over the rows of a vector feature; quantiles interpolate linearly as NumPy's do.
 * @param values shape [rows, width]
 */
export function vectorStatistics(values: ArrayLike<number>, width: number): FeatureStatistics {
  const rows = values.length / width;
  const sorted = new Float64Array(rows);
  return byEntry(width, rows, (entry) => {
    for (let row = 0; row < rows; row++) sorted[row] = values[row * width + entry]!;
    sorted.sort();
    let sum = 0;
    for (const value of sorted) sum += value;
    const mean = sum / rows;
    let squares = 0;
    for (const value of sorted) squares += (value - mean) ** 2;
    return summary(sorted[0]!, sorted[rows - 1]!, mean, Math.sqrt(squares / rows), (fraction) =>
      interpolate(fraction * (rows - 1), (rank) => sorted[rank]!),
    );
  });
}

/**
 * Statistics per colour channel over all pixels of all pictures, exact, from a histogram; values are scaled to [0, 1].
 * @param data RGB, shape [frames, height, width, 3]
 */
export function pictureStatistics(data: Uint8Array, frames: number): FeatureStatistics {
  const histograms = [new Float64Array(256), new Float64Array(256), new Float64Array(256)] as const;
  const [red, green, blue] = histograms;
  for (let index = 0; index < data.length; index += 3) {
    red[data[index]!]! += 1;
    green[data[index + 1]!]! += 1;
    blue[data[index + 2]!]! += 1;
  }
  const pixels = data.length / 3;
  return byEntry(3, frames, (channel) => {
    const histogram = histograms[channel]!;
    let sum = 0;
    for (let value = 0; value < 256; value++) sum += value * histogram[value]!;
    const mean = sum / pixels;
    let squares = 0;
    for (let value = 0; value < 256; value++) squares += (value - mean) ** 2 * histogram[value]!;
    const valueAt = (rank: number) => {
      let seen = histogram[0]!;
      let value = 0;
      while (seen <= rank && value < 255) seen += histogram[++value]!;
      return value / 255;
    };
    return summary(valueAt(0), valueAt(pixels - 1), mean / 255, Math.sqrt(squares / pixels) / 255, (fraction) =>
      interpolate(fraction * (pixels - 1), valueAt),
    );
  });
}

/**
 * Statistics of several episodes together: exact for min, max, mean and std; quantiles are means weighted by frames, as
 * LeRobot's own aggregation makes them.
 */
export function mergeStatistics(parts: readonly FeatureStatistics[]): FeatureStatistics {
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  const weighted = (pick: (part: FeatureStatistics) => number) =>
    parts.reduce((sum, part) => sum + part.count * pick(part), 0) / count;
  return byEntry(parts[0]!.mean.length, count, (entry) => {
    const mean = weighted((part) => part.mean[entry]!);
    const variance = weighted((part) => part.std[entry]! ** 2 + (part.mean[entry]! - mean) ** 2);
    const quantiles = QUANTILES.map(([name]) => [name, weighted((part) => part[name][entry]!)] as const);
    return {
      min: Math.min(...parts.map((part) => part.min[entry]!)),
      max: Math.max(...parts.map((part) => part.max[entry]!)),
      mean,
      std: Math.sqrt(variance),
      ...(Object.fromEntries(quantiles) as Record<QuantileName, number>),
    };
  });
}

type EntrySummary = Record<StatisticName, number>;

function summary(
  min: number,
  max: number,
  mean: number,
  std: number,
  quantile: (fraction: number) => number,
): EntrySummary {
  const [q01, q10, q50, q90, q99] = QUANTILES.map(([, fraction]) => quantile(fraction)) as [
    number,
    number,
    number,
    number,
    number,
  ];
  return { min, max, mean, std, q01, q10, q50, q90, q99 };
}

function byEntry(width: number, count: number, summarise: (entry: number) => EntrySummary): FeatureStatistics {
  const entries = Array.from({ length: width }, (_, entry) => summarise(entry));
  const column = (name: StatisticName) => entries.map((entry) => entry[name]);
  return {
    min: column('min'),
    max: column('max'),
    mean: column('mean'),
    std: column('std'),
    count,
    q01: column('q01'),
    q10: column('q10'),
    q50: column('q50'),
    q90: column('q90'),
    q99: column('q99'),
  };
}

function interpolate(position: number, valueAt: (rank: number) => number): number {
  const low = Math.floor(position);
  const below = valueAt(low);
  const fraction = position - low;
  return fraction === 0 ? below : below + fraction * (valueAt(low + 1) - below);
}
