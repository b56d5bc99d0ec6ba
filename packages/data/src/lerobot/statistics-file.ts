import { join } from 'node:path';
import { writeDurably } from '../durable.js';
import { isPicture, perChannel } from './episode-rows.js';
import type { DatasetInfo } from './info.js';
import { type FeatureStatistics, mergeStatistics, STATISTIC_NAMES } from './statistics.js';

/** Adds the statistics of one more episode to those of the episodes before. */
export function includeStatistics(
  total: Map<string, FeatureStatistics>,
  added: ReadonlyMap<string, FeatureStatistics>,
): void {
  for (const [key, statistics] of added) {
    const before = total.get(key);
    total.set(key, before === undefined ? statistics : mergeStatistics([before, statistics]));
  }
}

/** Writes `meta/stats.json`. */
export async function writeStatistics(
  directory: string,
  info: DatasetInfo,
  statistics: ReadonlyMap<string, FeatureStatistics>,
): Promise<void> {
  const document = Object.fromEntries(
    [...statistics].map(([key, values]) => {
      const picture = isPicture(info.features[key]!);
      const entries = STATISTIC_NAMES.map((name) => {
        if (name === 'count') return [name, [values.count]];
        return [name, picture ? perChannel(values[name]) : values[name]];
      });
      return [key, Object.fromEntries(entries)];
    }),
  );
  await writeDurably(join(directory, 'meta/stats.json'), JSON.stringify(document, null, 4));
}
