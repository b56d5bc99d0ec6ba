import type { ClientMessage } from '../../protocol/index.js';

/** Answers and undos that the server has not acknowledged yet, oldest first. */
export class Outbox {
  #messages: ClientMessage[] = [];

  get messages(): readonly ClientMessage[] {
    return this.#messages;
  }

  /** Takes what was kept in place of what is there. */
  load(messages: readonly ClientMessage[]): void {
    this.#messages = [...messages];
  }

  add(message: ClientMessage): void {
    this.#messages.push(message);
  }

  /** Drops what the server has stored, or never will. */
  remove(entry: string): void {
    this.#messages = this.#messages.filter((message) => entryOf(message) !== entry);
  }

  /** The queries that answers here are about, whether or not they are undone behind them. */
  get answeredQueries(): string[] {
    return this.#messages.flatMap((message) => (message.type === 'answer' ? [message.query] : []));
  }

  /** Whether an answer to the query is on its way. */
  answers(query: string): boolean {
    const undone = new Set(this.#messages.flatMap((message) => (message.type === 'undo' ? [message.undoes] : [])));
    return this.#messages.some(
      (message) => message.type === 'answer' && message.query === query && !undone.has(message.entry),
    );
  }

  /**
   * The entries that can be undone once the server has worked off what is here.
   * @param undoable what the server says of itself, oldest first
   */
  undoableAfter(undoable: readonly string[]): string[] {
    const stack = [...undoable];
    for (const message of this.#messages) {
      if (message.type === 'answer' && !stack.includes(message.entry)) stack.push(message.entry);
      if (message.type === 'undo' && stack.includes(message.undoes)) stack.splice(stack.indexOf(message.undoes), 1);
    }
    return stack;
  }
}

function entryOf(message: ClientMessage): string | undefined {
  return message.type === 'answer' || message.type === 'undo' ? message.entry : undefined;
}
