import type { LedgerEntry } from '@rapport/core';

/** Which queries have an answer that has not been taken back. */
export class StandingAnswers {
  readonly #queryOf = new Map<string, string>();

  constructor(entries: readonly LedgerEntry[]) {
    for (const entry of entries) this.add(entry);
  }

  add(entry: LedgerEntry): void {
    if (entry.kind === 'undo') this.#queryOf.delete(entry.undoes);
    else this.#queryOf.set(entry.id, entry.query.id);
  }

  /** Whether all of these have one. */
  cover(queries: ReadonlySet<string>): boolean {
    const answered = new Set(this.#queryOf.values());
    return [...queries].every((query) => answered.has(query));
  }
}
