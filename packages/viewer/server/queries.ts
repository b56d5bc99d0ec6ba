import type { Query } from '@rapport/core';

/**
 * Where the viewer gets queries from. After a restart the same source should give the same queries in the same order:
 * those that the ledger holds answers to are passed over, by their id.
 */
export interface QuerySource {
  /** How many queries there will be. */
  readonly total: number;
  /** The next query; undefined after the last. May wait, for example for a model that chooses what to ask. */
  next(): Promise<Query | undefined>;
}

/** A source that gives these queries in order. */
export function fixedQueries(queries: readonly Query[]): QuerySource {
  let position = 0;
  return {
    total: queries.length,
    next: async () => queries[position++],
  };
}
