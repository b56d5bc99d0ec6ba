import { type FeedbackEntry, InputError, type LedgerEntry, type RandomStream, type UndoEntry } from '@rapport/core';
import type { Ledger } from '@rapport/data';
import {
  type AnswerMessage,
  type ClientMessage,
  closeCodes,
  type HelloMessage,
  type UndoMessage,
} from '../protocol/index.js';
import { feedbackEntry, screenOrder } from './answers.js';
import type { ClipSource } from './clips.js';
import type { QueryPool } from './pool.js';
import { ProtocolError } from './protocol-error.js';
import { Seat, type Visitor } from './seat.js';

export interface DeskOptions {
  readonly pool: QueryPool;
  readonly clips: ClipSource;
  readonly ledger: Ledger;
  readonly question: string;
  readonly reasons: readonly string[];
  /** What happens when everything is answered; may be empty. */
  readonly afterwards: string;
  /** Screen orders are drawn from it. */
  readonly random: RandomStream;
  /** How long the queries of someone who left wait for a return (a reload, a lost connection), in milliseconds. */
  readonly graceMs: number;
  readonly onFeedback: ((entry: LedgerEntry) => void) | undefined;
  readonly onProblem: ((error: unknown) => void) | undefined;
}

/** Hands out queries and takes in answers; knows messages and annotators, not sockets. */
export class Desk {
  readonly #options: DeskOptions;
  readonly #seats = new Map<string, Seat>();
  readonly #seatOf = new WeakMap<Visitor, Seat>();
  readonly #storing = new Set<Promise<void>>();
  /** Resolves when every query has its answers; rejects when the source of the queries failed. */
  readonly finished: Promise<void>;
  #finish: () => void = () => {};
  #fail: (error: unknown) => void = () => {};

  constructor(options: DeskOptions) {
    this.#options = options;
    this.finished = new Promise((resolve, reject) => {
      this.#finish = resolve;
      this.#fail = reject;
    });
    // Whoever waits hears of a failure; nobody has to wait.
    this.finished.catch(() => {});
    options.pool.onLateRead = () => void this.#goOn();
    this.#noteFinish();
  }

  /**
   * Answers one message of a page; messages of one page must be passed in one after another.
   * @throws ProtocolError when the message cannot be followed; nothing has changed then
   */
  async receive(visitor: Visitor, message: ClientMessage): Promise<void> {
    if (message.type === 'hello') return this.#welcome(visitor, message);
    const seat = this.#seatOf.get(visitor);
    if (seat === undefined) throw new ProtocolError('out-of-order', `${message.type} came before hello`);
    if (seat.visitor !== visitor) throw new ProtocolError('out-of-order', 'this annotator opened the page elsewhere');
    switch (message.type) {
      case 'answer':
        return this.#takeAnswer(seat, visitor, message);
      case 'undo':
        return this.#takeUndo(seat, visitor, message);
      case 'pictures':
        return seat.sendPictures(message);
    }
  }

  /** A page is gone; its queries go back to the pool unless the annotator returns in time. */
  leave(visitor: Visitor): void {
    const seat = this.#seatOf.get(visitor);
    if (seat === undefined || seat.visitor !== visitor) return;
    seat.visitor = undefined;
    seat.leaving = setTimeout(() => {
      this.#seats.delete(seat.annotator);
      this.#options.pool.release(seat.annotator);
      void this.#serveIdle();
    }, this.#options.graceMs);
    this.#sendProgress();
  }

  /** Sends everybody away; resolves when the answers in storing are stored or refused. */
  async close(): Promise<void> {
    for (const seat of this.#seats.values()) {
      clearTimeout(seat.leaving);
      seat.visitor?.end(closeCodes.stopping, 'the server is stopping');
      seat.visitor = undefined;
    }
    this.#seats.clear();
    await Promise.allSettled(this.#storing);
  }

  async #welcome(visitor: Visitor, { annotator: name, held }: HelloMessage): Promise<void> {
    if (this.#seatOf.has(visitor)) throw new ProtocolError('out-of-order', 'hello came twice');
    const { pool, question, reasons, afterwards } = this.#options;
    const seat = this.#takeSeat(visitor, `human/${name}`);
    for (const queryId of held) await pool.reclaim(seat.annotator, queryId);
    await visitor.send({
      type: 'welcome',
      question,
      reasons: [...reasons],
      afterwards,
      undoable: pool.undoable(seat.annotator).slice(-50),
    });
    await seat.serve();
    this.#sendProgress();
  }

  #takeSeat(visitor: Visitor, annotator: string): Seat {
    const earlier = this.#seats.get(annotator);
    if (earlier !== undefined) {
      clearTimeout(earlier.leaving);
      earlier.visitor?.end(closeCodes.openedElsewhere, 'opened elsewhere');
    }
    const seat = new Seat(annotator, visitor, { ...this.#options, onWithdrawn: () => this.#noteFinish() });
    this.#seats.set(annotator, seat);
    this.#seatOf.set(visitor, seat);
    return seat;
  }

  async #takeAnswer(seat: Seat, visitor: Visitor, message: AnswerMessage): Promise<void> {
    const { pool, random } = this.#options;
    if (this.#isStored(seat.annotator, message.entry, message.query)) {
      await visitor.send({ type: 'acknowledged', entry: message.entry });
      return;
    }
    const query = pool.held(seat.annotator, message.query);
    if (query === undefined) {
      throw pool.knows(message.query)
        ? new ProtocolError('out-of-order', `query ${message.query} is not open at ${seat.annotator}`)
        : new ProtocolError('unknown-query', `there is no query ${message.query}`);
    }
    const entry = feedbackEntry(message, query, screenOrder(random, query, seat.annotator), seat.annotator);
    await this.#store(entry);
    pool.recordAnswer(seat.annotator, query.id, entry.id);
    seat.takeBack(query.id);
    await this.#afterEntry(seat, visitor, entry);
    await pool.readOn();
    this.#noteFinish();
  }

  async #takeUndo(seat: Seat, visitor: Visitor, message: UndoMessage): Promise<void> {
    const { pool } = this.#options;
    const undone = pool.entry(message.undoes);
    if (undone !== undefined && this.#isStored(seat.annotator, message.entry, undone.queryId)) {
      await visitor.send({ type: 'acknowledged', entry: message.entry });
      return;
    }
    if (!pool.canUndo(seat.annotator, message.undoes)) {
      throw new ProtocolError('out-of-order', `entry ${message.undoes} is no answer of yours that stands`);
    }
    const entry: UndoEntry = {
      kind: 'undo',
      id: message.entry,
      undoes: message.undoes,
      annotator: seat.annotator,
      atMs: message.atMs,
    };
    await this.#store(entry);
    const query = pool.recordUndo(seat.annotator, message.undoes, entry.id);
    await seat.give(query, 'first');
    await this.#afterEntry(seat, visitor, entry);
  }

  /** Whether the entry is in the ledger already: a page sends again what was not acknowledged. */
  #isStored(annotator: string, entryId: string, queryId: string): boolean {
    const stored = this.#options.pool.entry(entryId);
    if (stored === undefined) return false;
    if (stored.annotator === annotator && stored.queryId === queryId) return true;
    throw new ProtocolError('refused', `entry ${entryId} stands for something else already`);
  }

  async #store(entry: LedgerEntry): Promise<void> {
    const storing = this.#options.ledger.append(entry);
    this.#storing.add(storing);
    try {
      await storing;
    } catch (error) {
      this.#options.onProblem?.(error);
      const code = error instanceof InputError ? 'refused' : 'not-stored';
      throw new ProtocolError(code, error instanceof Error ? error.message : String(error));
    } finally {
      this.#storing.delete(storing);
    }
  }

  async #afterEntry(seat: Seat, visitor: Visitor, entry: FeedbackEntry | UndoEntry): Promise<void> {
    await visitor.send({ type: 'acknowledged', entry: entry.id });
    this.#options.onFeedback?.(entry);
    await seat.serve();
    void this.#serveIdle();
    this.#sendProgress();
  }

  /** A query has come late, or the last one has: then whoever waits hears of it before the server is closed. */
  async #goOn(): Promise<void> {
    await this.#options.pool.readOn();
    await this.#serveIdle();
    this.#sendProgress();
    this.#noteFinish();
  }

  async #serveIdle(): Promise<void> {
    const idle = [...this.#seats.values()].filter((seat) => seat.isIdle);
    await Promise.all(idle.map((seat) => seat.serve().catch((error) => this.#options.onProblem?.(error))));
  }

  #sendProgress(): void {
    const { pool } = this.#options;
    const present = [...this.#seats.values()].filter((seat) => seat.visitor !== undefined);
    for (const { visitor, annotator } of present) {
      void visitor?.send({
        type: 'progress',
        answered: pool.answered,
        total: pool.total,
        yours: pool.answeredBy(annotator),
        annotators: present.length,
        isGrowing: pool.isGrowing,
      });
    }
  }

  #noteFinish(): void {
    const { pool } = this.#options;
    if (pool.failure !== undefined) this.#fail(pool.failure);
    else if (pool.isFinished) this.#finish();
  }
}
