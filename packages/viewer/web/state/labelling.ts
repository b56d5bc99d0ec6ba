import type {
  AnswerMessage,
  AnswerValue,
  IdleReason,
  ProgressMessage,
  ServerMessage,
  UndoMessage,
} from '../../protocol/index.js';
import { protocolVersion } from '../../protocol/index.js';
import { Connection, type ConnectionState } from './connection.js';
import { Outbox } from './outbox.js';
import { type OpenQuery, Scenes } from './queries.js';
import { isPlaced, place, type Ranking, rankLabel, ranksOf, toggleTie } from './ranking.js';
import {
  annotationOf,
  markEnd,
  markStart,
  nextStrength,
  noRemarks,
  type Remarks,
  strengths,
  toggleReason,
} from './remarks.js';
import { annotatorName, type Draft, loadKept, newId, saveAnnotatorName, saveKept } from './storage.js';

export interface LabellingEvents {
  /** Something on screen may have changed. */
  changed(): void;
  /** A query arrived and will be open soon. */
  prepared(query: OpenQuery): void;
  /** Another query is open now, or none. `plays` is how often it ran from the start before a reload. */
  opened(query: OpenQuery | undefined, plays: number): void;
  /** Pictures of a query came. */
  pictured(message: Extract<ServerMessage, { type: 'pictures' }>): void;
}

/** What the labelling asks of the player. */
export interface Watching {
  /** How often the clock ran from the start since the query opened. */
  plays(): number;
  /** The frames [from, to) of each clip that show in this part of the clock's time; null where none does. */
  framesWithin(fromSecs: number, toSecs: number): ([number, number] | null)[];
}

type Entry = AnswerMessage | UndoMessage;

/** How long an answer that the server could not store waits for the next try. */
const retryStoreMs = 2_000;

/**
 * The work of one annotator: queries on the page, the ranking in the making, and every answer until the server has
 * acknowledged it. The next query opens at once; acknowledgements follow behind.
 */
export class Labelling {
  annotator = annotatorName();
  question = '';
  /** Reasons that can be ticked. */
  reasons: readonly string[] = [];
  /** What happens when everything is answered. */
  afterwards = '';
  progress: ProgressMessage | undefined;
  /** Set while the server has nothing for this annotator. */
  idle: IdleReason | undefined;
  ranking: Ranking = [];
  /** What is added to the answer. */
  remarks: Remarks = noRemarks;
  /** The last thing that happened, for the status line and screen readers. */
  notice = '';
  readonly #events: LabellingEvents;
  readonly #connection: Connection;
  #queue: OpenQuery[] = [];
  readonly #outbox = new Outbox();
  #undoable: string[] = [];
  /** Answers of this visit with what they were about, so that undo is instant. */
  #answered = new Map<string, { query: OpenQuery; ranking: Ranking; remarks: Remarks }>();
  #scenes = new Scenes();
  #draft: Draft | null = null;
  #shownAtMs = 0;
  readonly #watching: Watching;

  constructor(events: LabellingEvents, watching: Watching) {
    this.#events = events;
    this.#watching = watching;
    this.#connection = new Connection({
      opened: () => this.#greet(),
      received: (message) => this.#receive(message),
      changed: () => events.changed(),
    });
    this.#load();
  }

  start(): void {
    this.#connection.connect();
  }

  get connection(): ConnectionState {
    return this.#connection.state;
  }

  get open(): OpenQuery | undefined {
    return this.#queue[0];
  }

  /** Answers that the server has not acknowledged yet. */
  get unsaved(): number {
    return this.#outbox.messages.length;
  }

  /** When all is answered the server may be gone for good, and what was learned from the answers with it. */
  get canUndo(): boolean {
    const isOver = this.open === undefined && this.idle === 'finished' && this.connection !== 'open';
    return this.#undoable.length > 0 && !isOver;
  }

  get ranks(): number[] | undefined {
    return this.open === undefined ? undefined : ranksOf(this.ranking, this.open.clips.length);
  }

  /** Gives the clip the next rank, or takes its rank away. */
  place(clip: number): void {
    if (this.open === undefined || clip >= this.open.clips.length) return;
    this.#rank(place(this.ranking, clip));
    const label = rankLabel(this.ranking, clip);
    this.say(isPlaced(this.ranking, clip) ? `Clip ${clip + 1}: ${label}` : `Clip ${clip + 1}: no place`);
  }

  tie(): void {
    const tied = toggleTie(this.ranking);
    const change = tied.length < this.ranking.length ? 'Tied' : 'Tie taken back';
    this.#rank(tied);
    this.say(tied.flat().length < 2 ? 'A tie needs two placed clips' : change);
  }

  clear(): void {
    this.#rank([]);
    this.say('Ranking cleared');
  }

  /** The frames that decided begin at this time of the clock. */
  markStart(timeSecs: number, durationSecs: number): void {
    this.#remark(markStart(this.remarks, timeSecs, durationSecs), 'What decided: from here');
  }

  /** The frames that decided end at this time of the clock. */
  markEnd(timeSecs: number): void {
    this.#remark(markEnd(this.remarks, timeSecs), 'What decided: up to here');
  }

  clearWindow(): void {
    if (this.remarks.window !== null) this.#remark({ ...this.remarks, window: null }, 'Mark taken away');
  }

  /** @param index of the reason in the list */
  toggleReason(index: number): void {
    const reason = this.reasons[index];
    if (reason === undefined) return;
    const remarks = toggleReason(this.remarks, reason);
    this.#remark(remarks, remarks.reasons.includes(reason) ? `Reason: ${reason}` : `Not a reason: ${reason}`);
  }

  /** @param strength the same again takes it back; the next one when absent */
  setStrength(strength = nextStrength(this.remarks)): void {
    const chosen = strength === this.remarks.strength ? null : strength;
    const name = strengths.find((each) => each.strength === chosen)?.name;
    this.#remark(
      { ...this.remarks, strength: chosen },
      name === undefined ? 'By how much: not stated' : `Better ${name}`,
    );
  }

  confirm(): void {
    const ranks = this.ranks;
    if (ranks === undefined) this.say('Place the clips first: press their numbers from best to worst');
    else this.answer({ kind: 'ranking', ranks });
  }

  /** Stores the answer and opens the next query without waiting for the server. */
  answer(value: AnswerValue): void {
    const query = this.#queue.shift();
    if (query === undefined) return;
    const entry = newId();
    const plays = this.#watching.plays();
    const annotation = value.kind === 'skip' ? undefined : this.#annotation(value);
    this.#answered.set(entry, { query, ranking: this.ranking, remarks: this.remarks });
    this.#undoable.push(entry);
    this.#draft = null;
    this.#send({
      type: 'answer',
      entry,
      query: query.query,
      value,
      shownAtMs: this.#shownAtMs,
      answeredAtMs: Math.max(this.#shownAtMs, Date.now()),
      replays: query.clips.map(() => plays),
      ...(annotation !== undefined && { annotation }),
    });
    this.#openFirst();
    this.say({ ranking: 'Ranked', skip: 'Skipped', 'cannot-tell': 'Cannot tell' }[value.kind]);
  }

  /** Takes back the last answer and opens its query again. */
  undo(): void {
    const undoes = this.canUndo ? this.#undoable.pop() : undefined;
    if (undoes === undefined) {
      this.say('There is no answer to take back');
      return;
    }
    this.#send({ type: 'undo', entry: newId(), undoes, atMs: Date.now() });
    const earlier = this.#answered.get(undoes);
    if (earlier !== undefined) {
      this.#answered.delete(undoes);
      this.#queue.unshift(earlier.query);
      this.#openFirst();
      this.remarks = earlier.remarks;
      this.#rank(earlier.ranking);
    }
    this.say('Answer taken back');
  }

  askForPictures(query: string, place: number, camera: number): void {
    this.#connection.send({ type: 'pictures', query, place, camera });
  }

  /** Works on under another name. */
  rename(name: string): void {
    if (name === this.annotator) return;
    this.annotator = name;
    saveAnnotatorName(name);
    this.#load();
    this.#connection.reconnect();
  }

  /** Takes the work back from the page that was opened elsewhere. */
  takeOver(): void {
    this.#load();
    this.#connection.reconnect();
  }

  /** Notes how often the query was played, so that a reload does not forget it. */
  saveDraft(): void {
    const query = this.open;
    if (query === undefined) return;
    const ranking = this.ranking.map((group) => [...group]);
    const { window, reasons, strength } = this.remarks;
    this.#draft = {
      query: query.query,
      ranking,
      shownAtMs: this.#shownAtMs,
      plays: this.#watching.plays(),
      remarks: { window, reasons: [...reasons], strength },
    };
    this.#save();
  }

  #load(): void {
    const kept = loadKept(this.annotator);
    this.#outbox.load(kept.outbox);
    this.#draft = kept.draft;
    this.#queue = [];
    this.#undoable = [];
    this.#answered.clear();
    this.idle = undefined;
    this.#events.opened(undefined, 0);
  }

  #greet(): void {
    const open = this.#queue.length > 0 ? this.#queue.map(({ query }) => query) : loadKept(this.annotator).held;
    const held = [...new Set([...this.#outbox.answeredQueries, ...open])].slice(0, 64);
    this.#connection.send({ type: 'hello', protocol: protocolVersion, annotator: this.annotator, held });
    this.#sendOutbox();
  }

  #sendOutbox(): void {
    for (const message of this.#outbox.messages) this.#connection.send(message);
  }

  #send(message: Entry): void {
    this.#outbox.add(message);
    this.#save();
    this.#connection.send(message);
  }

  #receive(message: ServerMessage): void {
    switch (message.type) {
      case 'welcome':
        this.question = message.question;
        this.reasons = message.reasons;
        this.afterwards = message.afterwards;
        this.#undoable = this.#outbox.undoableAfter(message.undoable);
        break;
      case 'scene':
        this.#scenes.add(message);
        return;
      case 'query':
        this.#takeIn(this.#scenes.open(message));
        break;
      case 'pictures':
        this.#events.pictured(message);
        return;
      case 'acknowledged':
        this.#outbox.remove(message.entry);
        this.#save();
        break;
      case 'progress':
        this.progress = message;
        break;
      case 'idle':
        this.idle = message.reason;
        break;
      case 'error':
        this.#hearError(message);
        break;
    }
    this.#events.changed();
  }

  #takeIn(query: OpenQuery): void {
    if (this.#queue.some((other) => other.query === query.query) || this.#outbox.answers(query.query)) return;
    this.idle = undefined;
    this.#events.prepared(query);
    const opened = query.order === 'first' || this.#queue.length === 0;
    if (query.order === 'first') this.#queue.unshift(query);
    else this.#queue.push(query);
    if (opened) this.#openFirst();
    else this.#save();
  }

  #openFirst(): void {
    const query = this.open;
    const draft = query !== undefined && this.#draft?.query === query.query ? this.#draft : undefined;
    this.ranking = draft?.ranking ?? [];
    this.remarks = draft?.remarks ?? noRemarks;
    this.#shownAtMs = draft?.shownAtMs ?? Date.now();
    this.#events.opened(query, draft?.plays ?? 0);
    this.#save();
  }

  #hearError({ code, message, entry }: Extract<ServerMessage, { type: 'error' }>): void {
    const isRetried = entry !== null && code === 'not-stored';
    if (isRetried) setTimeout(() => this.#sendOutbox(), retryStoreMs);
    else if (entry !== null) this.#outbox.remove(entry);
    this.#save();
    this.say(isRetried ? `Not saved yet, trying again: ${message}` : message);
  }

  #annotation(value: AnswerValue): AnswerMessage['annotation'] {
    const { window } = this.remarks;
    const windows = window === null ? undefined : this.#watching.framesWithin(window.fromSecs, window.toSecs);
    return annotationOf(this.remarks, windows, value.kind === 'ranking' && value.ranks.some((rank) => rank > 0));
  }

  #remark(remarks: Remarks, notice: string): void {
    if (this.open === undefined) return;
    this.remarks = remarks;
    this.saveDraft();
    this.say(notice);
  }

  #rank(ranking: Ranking): void {
    this.ranking = ranking;
    this.saveDraft();
  }

  #save(): void {
    const held = this.#queue.map(({ query }) => query);
    saveKept(this.annotator, { outbox: [...this.#outbox.messages], held, draft: this.#draft });
  }

  /** Shows what happened in the status line. */
  say(notice: string): void {
    this.notice = notice;
    this.#events.changed();
  }
}
