import type { Interval } from '@rapport/core';
import type { Judgement, PairedDifference } from './judge.js';

/** Rows of preferred way, success, true score and N, for the terminal; what nobody told is left out. */
export function judgementTable(
  rows: readonly (readonly [name: string, values: Judgement | PairedDifference | null])[],
): string[][] {
  return rows.flatMap(([name, values]) => {
    if (values === null) return [];
    const { preferred, success, score } = values;
    const way = preferred === null ? 'none' : cell(preferred);
    return [[name, way, cell(success), cell(score), String(success.count)]];
  });
}

/** Mean and limits. */
export function cell({ mean, low, high }: Interval): string {
  return `${mean.toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}]`;
}
