import type {
  AnswerMessage,
  AnswerValue,
  ClientMessage,
  IdleReason,
  ProgressMessage,
  QueryMessage,
  ServerMessage,
  UndoMessage,
} from '../../protocol/index.js';
import { protocolVersion } from '../../protocol/index.js';
import { Connection, type ConnectionState } from './connection.js';
import { isPlaced, place, type Ranking, rankLabel, ranksOf, toggleTie } from './ranking.js';
import { annotatorName, type Draft, loadKept, newId, saveAnnotatorName, saveKept } from './storage.js';

export interface LabellingEvents {
  /** Something on screen may have changed. */
  changed(): void;
  /** A query arrived and will be open soon. */
  prepared(query: QueryMessage): void;
  /** Another query is open now, or none. `plays` is how often it ran from the start before a reload. */
  opened(query: QueryMessage | undefined, plays: number): void;
  /** Pictures of a query came. */
  pictured(message: Extract<ServerMessage, { type: 'pictures' }>): void;
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
  progress: ProgressMessage | undefined;
  /** Set while the server has nothing for this annotator. */
  idle: IdleReason | undefined;
  ranking: Ranking = [];
  /** The last thing that happened, for the status line and screen readers. */
  notice = '';
  readonly #events: LabellingEvents;
  readonly #connection: Connection;
  #queue: QueryMessage[] = [];
  #outbox: ClientMessage[] = [];
  #undoable: string[] = [];
  /** Answers of this visit with what they were about, so that undo is instant. */
  #answered = new Map<string, { query: QueryMessage; ranking: Ranking }>();
  #draft: Draft | null = null;
  #shownAtMs = 0;
  #plays: () => number;

  /** @param plays how often the clock ran from the start since the query opened */
  constructor(events: LabellingEvents, plays: () => number) {
    this.#events = events;
    this.#plays = plays;
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

  get open(): QueryMessage | undefined {
    return this.#queue[0];
  }

  /** Answers that the server has not acknowledged yet. */
  get unsaved(): number {
    return this.#outbox.length;
  }

  get canUndo(): boolean {
    return this.#undoable.length > 0;
  }

  get ranks(): number[] | undefined {
    return this.open === undefined ? undefined : ranksOf(this.ranking, this.open.clips.length);
  }

  /** Gives the clip the next rank, or takes its rank away. */
  place(clip: number): void {
    if (this.open === undefined || clip >= this.open.clips.length) return;
    this.#rank(place(this.ranking, clip));
    const label = rankLabel(this.ranking, clip);
    this.#say(isPlaced(this.ranking, clip) ? `Clip ${clip + 1}: ${label}` : `Clip ${clip + 1}: no place`);
  }

  tie(): void {
    const tied = toggleTie(this.ranking);
    const change = tied.length < this.ranking.length ? 'Tied' : 'Tie taken back';
    this.#rank(tied);
    this.#say(tied.flat().length < 2 ? 'A tie needs two placed clips' : change);
  }

  clear(): void {
    this.#rank([]);
    this.#say('Ranking cleared');
  }

  confirm(): void {
    const ranks = this.ranks;
    if (ranks === undefined) this.#say('Place the clips first: press their numbers from best to worst');
    else this.answer({ kind: 'ranking', ranks });
  }

  /** Stores the answer and opens the next query without waiting for the server. */
  answer(value: AnswerValue): void {
    const query = this.#queue.shift();
    if (query === undefined) return;
    const entry = newId();
    const plays = this.#plays();
    this.#answered.set(entry, { query, ranking: this.ranking });
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
    });
    this.#openFirst();
    this.#say({ ranking: 'Ranked', skip: 'Skipped', 'cannot-tell': 'Cannot tell' }[value.kind]);
  }

  /** Takes back the last answer and opens its query again. */
  undo(): void {
    const undoes = this.#undoable.pop();
    if (undoes === undefined) {
      this.#say('There is no answer to take back');
      return;
    }
    this.#send({ type: 'undo', entry: newId(), undoes, atMs: Date.now() });
    const earlier = this.#answered.get(undoes);
    if (earlier !== undefined) {
      this.#answered.delete(undoes);
      this.#queue.unshift(earlier.query);
      this.#openFirst();
      this.#rank(earlier.ranking);
    }
    this.#say('Answer taken back');
  }

  askForPictures(query: string, place: number): void {
    this.#connection.send({ type: 'pictures', query, place });
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
    this.#draft = { query: query.query, ranking, shownAtMs: this.#shownAtMs, plays: this.#plays() };
    this.#save();
  }

  #load(): void {
    const kept = loadKept(this.annotator);
    this.#outbox = [...kept.outbox];
    this.#draft = kept.draft;
    this.#queue = [];
    this.#undoable = [];
    this.#answered.clear();
    this.idle = undefined;
    this.#events.opened(undefined, 0);
  }

  #greet(): void {
    const answered = this.#outbox.flatMap((message) => (message.type === 'answer' ? [message.query] : []));
    const open = this.#queue.length > 0 ? this.#queue.map(({ query }) => query) : loadKept(this.annotator).held;
    const held = [...new Set([...answered, ...open])].slice(0, 64);
    this.#connection.send({ type: 'hello', protocol: protocolVersion, annotator: this.annotator, held });
    this.#sendOutbox();
  }

  #sendOutbox(): void {
    for (const message of this.#outbox) this.#connection.send(message);
  }

  #send(message: Entry): void {
    this.#outbox.push(message);
    this.#save();
    this.#connection.send(message);
  }

  #receive(message: ServerMessage): void {
    switch (message.type) {
      case 'welcome':
        this.question = message.question;
        this.#undoable = this.#withOutbox(message.undoable);
        break;
      case 'query':
        this.#takeIn(message);
        break;
      case 'pictures':
        this.#events.pictured(message);
        return;
      case 'acknowledged':
        this.#outbox = this.#outbox.filter((kept) => entryOf(kept) !== message.entry);
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

  /** What can be undone once the server has worked off the outbox. */
  #withOutbox(undoable: readonly string[]): string[] {
    const stack = [...undoable];
    for (const message of this.#outbox) {
      if (message.type === 'answer' && !stack.includes(message.entry)) stack.push(message.entry);
      if (message.type === 'undo' && stack.includes(message.undoes)) stack.splice(stack.indexOf(message.undoes), 1);
    }
    return stack;
  }

  #takeIn(query: QueryMessage): void {
    if (this.#queue.some((other) => other.query === query.query) || this.#isAnswered(query.query)) return;
    this.idle = undefined;
    this.#events.prepared(query);
    const opened = query.order === 'first' || this.#queue.length === 0;
    if (query.order === 'first') this.#queue.unshift(query);
    else this.#queue.push(query);
    if (opened) this.#openFirst();
    else this.#save();
  }

  /** Whether an answer to the query is on its way. */
  #isAnswered(queryId: string): boolean {
    const undone = new Set(this.#outbox.flatMap((message) => (message.type === 'undo' ? [message.undoes] : [])));
    return this.#outbox.some(
      (message) => message.type === 'answer' && message.query === queryId && !undone.has(message.entry),
    );
  }

  #openFirst(): void {
    const query = this.open;
    const draft = query !== undefined && this.#draft?.query === query.query ? this.#draft : undefined;
    this.ranking = draft?.ranking ?? [];
    this.#shownAtMs = draft?.shownAtMs ?? Date.now();
    this.#events.opened(query, draft?.plays ?? 0);
    this.#save();
  }

  #hearError({ code, message, entry }: Extract<ServerMessage, { type: 'error' }>): void {
    const isRetried = entry !== null && code === 'not-stored';
    if (isRetried) setTimeout(() => this.#sendOutbox(), retryStoreMs);
    else if (entry !== null) this.#outbox = this.#outbox.filter((kept) => entryOf(kept) !== entry);
    this.#save();
    this.#say(isRetried ? `Not saved yet, trying again: ${message}` : message);
  }

  #rank(ranking: Ranking): void {
    this.ranking = ranking;
    this.saveDraft();
  }

  #save(): void {
    const held = this.#queue.map(({ query }) => query);
    saveKept(this.annotator, { outbox: this.#outbox, held, draft: this.#draft });
  }

  #say(notice: string): void {
    this.notice = notice;
    this.#events.changed();
  }
}

function entryOf(message: ClientMessage): string | undefined {
  return message.type === 'answer' || message.type === 'undo' ? message.entry : undefined;
}
