import { InputError, type Query } from '@rapport/core';

/**
 * Where the viewer gets queries from. After a restart the same source should give the same queries in the same order:
 * those that the ledger holds answers to are passed over, by their id.
 */
export interface QuerySource {
  /** How many queries there will be; while it grows, how many are known of. */
  readonly total: number;
  /** Whether `total` may still rise; false when absent. */
  readonly isGrowing?: boolean;
  /** The next query; undefined after the last. May wait: for rollouts, or for a model that chooses what to ask. */
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

/** A source that is filled while the viewer serves it. */
export interface QueryStream extends QuerySource {
  /**
   * Adds a query; it opens at once at whoever waits for one. Its clips must be readable by now.
   * @throws InputError after `end`
   */
  push(query: Query): void;
  /** There will be no more queries: the viewer is finished when those pushed are answered. */
  end(): void;
}

/**
 * Makes a source for rollouts that arrive while people rank.
 * @param planned how many queries there will be at least, for the progress on the page; as many as were pushed when absent
 */
export function queryStream(planned = 0): QueryStream {
  const queries: Query[] = [];
  let position = 0;
  let hasEnded = false;
  let wake: () => void = () => {};
  return {
    get total() {
      return hasEnded ? queries.length : Math.max(planned, queries.length);
    },
    get isGrowing() {
      return !hasEnded;
    },
    push(query) {
      if (hasEnded) throw new InputError(`query ${query.id} comes after the end of its stream`);
      queries.push(query);
      wake();
    },
    end() {
      hasEnded = true;
      wake();
    },
    async next() {
      while (position === queries.length && !hasEnded) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return queries[position++];
    },
  };
}
