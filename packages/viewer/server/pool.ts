import type { LedgerEntry, Query } from '@rapport/core';
import type { QuerySource } from './queries.js';

/** A query with the people who have it open, in order of asking, and the entries that answer it. */
interface Slot {
  readonly query: Query;
  readonly holders: Set<string>;
  /** Annotator to entry id. */
  readonly answers: Map<string, string>;
}

interface StoredEntry {
  readonly annotator: string;
  /** The answered query; of an undo, the query of the answer taken back. */
  readonly queryId: string;
}

/**
 * Who has which query, and which answers stand. Every query goes to `overlap` different people; while it is open at
 * one of them, or answered by one, it counts for that person. The pool knows nothing of connections or storage.
 */
export class QueryPool {
  readonly #source: QuerySource;
  readonly #overlap: number;
  readonly #slots = new Map<string, Slot>();
  readonly #entries = new Map<string, StoredEntry>();
  /** Answers from before this start whose query the source has not given yet: query id, annotator, entry id. */
  readonly #earlier = new Map<string, Map<string, string>>();
  #exhausted = false;
  #withdrawn = 0;
  #reading: Promise<boolean> | undefined;
  /** Why the source ended before its last query. */
  failure: unknown;
  /** Called when a query that the source took its time for has come, or the source has ended. */
  onLateRead: () => void = () => {};

  /** @param entries the ledger so far */
  constructor(source: QuerySource, overlap: number, entries: readonly LedgerEntry[]) {
    this.#source = source;
    this.#overlap = overlap;
    for (const entry of entries) this.#readEarlier(entry);
  }

  /** Answers wanted from everybody together. */
  get total(): number {
    return (this.#source.total - this.#withdrawn) * this.#overlap;
  }

  get answered(): number {
    return this.#count((slot) => Math.min(slot.answers.size, this.#overlap));
  }

  answeredBy(annotator: string): number {
    return this.#count((slot) => (slot.answers.has(annotator) ? 1 : 0));
  }

  /** Whether the source says that its total is not the last word. */
  get isGrowing(): boolean {
    return !this.#exhausted && this.#source.isGrowing === true;
  }

  /** Whether a query is asked for that has not come yet. */
  get isWaiting(): boolean {
    return this.#reading !== undefined;
  }

  get isFinished(): boolean {
    return this.#exhausted && [...this.#slots.values()].every((slot) => slot.answers.size >= this.#overlap);
  }

  /** Reads the source up to the first query that still wants an answer, as far as queries come at once. */
  async readOn(): Promise<void> {
    const wantsAnswer = (slot: Slot) => slot.answers.size < this.#overlap;
    while (![...this.#slots.values()].some(wantsAnswer) && (await this.#pull()));
  }

  /**
   * Gives the annotator a query that is free, and notes that it is open there; undefined when there is none now, though
   * one may come (`isWaiting`).
   */
  async take(annotator: string): Promise<Query | undefined> {
    for (;;) {
      for (const slot of this.#slots.values()) {
        if (!this.#isFreeFor(slot, annotator)) continue;
        slot.holders.add(annotator);
        return slot.query;
      }
      if (!(await this.#pull())) return undefined;
    }
  }

  /**
   * Gives back a query that the annotator had before a lost connection, unless it was answered or given away.
   * Reads on in the source where needed, past at most 64 open queries: a restarted server gives them in the old order.
   */
  async reclaim(annotator: string, queryId: string): Promise<void> {
    for (let pulls = 0; !this.#slots.has(queryId) && pulls < 64; pulls++) {
      if (!(await this.#pull())) return;
    }
    const slot = this.#slots.get(queryId);
    if (slot !== undefined && this.#isFreeFor(slot, annotator)) slot.holders.add(annotator);
  }

  /** Queries open at the annotator. */
  heldBy(annotator: string): Query[] {
    return [...this.#slots.values()].filter((slot) => slot.holders.has(annotator)).map((slot) => slot.query);
  }

  /** The query if it is open at the annotator. */
  held(annotator: string, queryId: string): Query | undefined {
    const slot = this.#slots.get(queryId);
    return slot?.holders.has(annotator) ? slot.query : undefined;
  }

  knows(queryId: string): boolean {
    return this.#slots.has(queryId);
  }

  /** The annotator left: what is open there is free again. */
  release(annotator: string): void {
    for (const slot of this.#slots.values()) slot.holders.delete(annotator);
  }

  /** Takes a query out for good, for example because a clip cannot be read. */
  withdraw(queryId: string): void {
    if (this.#slots.delete(queryId)) this.#withdrawn += 1;
  }

  /** The entry with this id, if the ledger holds it. */
  entry(entryId: string): StoredEntry | undefined {
    return this.#entries.get(entryId);
  }

  /** Notes a stored answer. */
  recordAnswer(annotator: string, queryId: string, entryId: string): void {
    this.#entries.set(entryId, { annotator, queryId });
    const slot = this.#slots.get(queryId);
    slot?.holders.delete(annotator);
    slot?.answers.set(annotator, entryId);
  }

  /** Whether this entry is an answer of the annotator that stands and that `recordUndo` can take back. */
  canUndo(annotator: string, entryId: string): boolean {
    const entry = this.#entries.get(entryId);
    return entry?.annotator === annotator && this.#slots.get(entry.queryId)?.answers.get(annotator) === entryId;
  }

  /** Notes a stored undo: the query is open at the annotator again. */
  recordUndo(annotator: string, undoneId: string, undoId: string): Query {
    const { queryId } = this.#entries.get(undoneId)!;
    this.#entries.set(undoId, { annotator, queryId });
    const slot = this.#slots.get(queryId)!;
    slot.answers.delete(annotator);
    slot.holders.add(annotator);
    return slot.query;
  }

  /** Standing answers of the annotator to queries of this source, oldest first. */
  undoable(annotator: string): string[] {
    return [...this.#entries.keys()].filter((entryId) => this.canUndo(annotator, entryId));
  }

  #isFreeFor({ holders, answers }: Slot, annotator: string): boolean {
    if (holders.has(annotator) || answers.has(annotator)) return false;
    return new Set([...holders, ...answers.keys()]).size < this.#overlap;
  }

  /**
   * Reads one query from the source; false after the last, and when none comes at once: nobody waits for rollouts that are
   * still being made. Callers at the same time share one reading.
   */
  #pull(): Promise<boolean> {
    this.#reading ??= this.#startReading();
    return this.#reading;
  }

  #startReading(): Promise<boolean> {
    let isLate = false;
    const reading = this.#readNext().then((more) => {
      this.#reading = undefined;
      if (isLate) this.onLateRead();
      return more;
    });
    const turn = new Promise<boolean>((resolve) => {
      setImmediate(() => {
        isLate = true;
        resolve(false);
      });
    });
    return Promise.race([reading, turn]);
  }

  async #readNext(): Promise<boolean> {
    if (this.#exhausted) return false;
    let query: Query | undefined;
    try {
      query = await this.#source.next();
    } catch (error) {
      this.failure = error;
    }
    if (query === undefined) {
      this.#exhausted = true;
      return false;
    }
    this.#slots.set(query.id, { query, holders: new Set(), answers: this.#earlier.get(query.id) ?? new Map() });
    return true;
  }

  #readEarlier(entry: LedgerEntry): void {
    if (entry.kind === 'feedback') {
      const answers = this.#earlier.get(entry.query.id) ?? new Map<string, string>();
      answers.set(entry.annotator, entry.id);
      this.#earlier.set(entry.query.id, answers);
      this.#entries.set(entry.id, { annotator: entry.annotator, queryId: entry.query.id });
      return;
    }
    const undone = this.#entries.get(entry.undoes);
    if (undone === undefined) return;
    const answers = this.#earlier.get(undone.queryId);
    if (answers?.get(entry.annotator) === entry.undoes) answers.delete(entry.annotator);
    this.#entries.set(entry.id, undone);
  }

  #count(of: (slot: Slot) => number): number {
    let sum = 0;
    for (const slot of this.#slots.values()) sum += of(slot);
    return sum;
  }
}
