import type { Interval } from '@rapport/core';
import type { Judgement, PairedDifference } from './judge.js';

/** Rows of preferred way, success, true score and N, for the terminal. */
export function judgementTable(
  rows: readonly (readonly [name: string, values: Judgement | PairedDifference])[],
): string[][] {
  return rows.map(([name, { preferred, success, score }]) => [
    name,
    preferred === null ? 'none' : cell(preferred),
    cell(success),
    cell(score),
    String(success.count),
  ]);
}

function cell({ mean, low, high }: Interval): string {
  return `${mean.toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}]`;
}
