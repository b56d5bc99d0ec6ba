import { Unpackr } from 'msgpackr';
import { type ClientMessage, closeCodes, type ServerMessage, serverMessageSchema } from '../../protocol/index.js';

export type ConnectionState =
  | 'connecting'
  | 'open'
  /** It was open; a new try is on its way. */
  | 'lost'
  /** The server said that it stops, and is not back yet; a new try is on its way. */
  | 'stopped'
  /** It was never open: no server there, or the address lacks its token. */
  | 'refused'
  /** The same annotator opened the page in another place. */
  | 'elsewhere';

export interface ConnectionEvents {
  opened(): void;
  received(message: ServerMessage): void;
  changed(): void;
}

const firstRetryMs = 250;
const longestRetryMs = 4_000;

/** A WebSocket that comes back by itself. */
export class Connection {
  state: ConnectionState = 'connecting';
  readonly #events: ConnectionEvents;
  readonly #unpackr = new Unpackr({ useRecords: false });
  #socket: WebSocket | undefined;
  #retryMs = firstRetryMs;
  #wasOpen = false;

  constructor(events: ConnectionEvents) {
    this.#events = events;
  }

  connect(): void {
    const url = new URL('socket', location.href);
    url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
    const token = new URLSearchParams(location.search).get('token');
    url.search = token === null ? '' : new URLSearchParams({ token }).toString();
    const socket = new WebSocket(url);
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => {
      this.#wasOpen = true;
      this.#retryMs = firstRetryMs;
      this.#change('open');
      this.#events.opened();
    };
    socket.onmessage = (event) => this.#read(event.data);
    socket.onclose = (event) => {
      if (this.#socket === socket) this.#closed(socket, event.code);
    };
    this.#socket = socket;
  }

  /** Sends when connected; what must not be lost is in the outbox and goes again after a reconnect. */
  send(message: ClientMessage): void {
    if (this.state === 'open') this.#socket?.send(JSON.stringify(message));
  }

  /** Starts over, for example under another name. */
  reconnect(): void {
    const old = this.#socket;
    this.#socket = undefined;
    old?.close();
    this.#change('connecting');
    this.connect();
  }

  #read(data: unknown): void {
    const checked = serverMessageSchema.safeParse(this.#unpackr.unpack(new Uint8Array(data as ArrayBuffer)));
    // A page older than its server meets messages that it does not know; a reload brings the fitting page.
    if (!checked.success) throw new Error(`message from the server not understood: ${checked.error.message}`);
    this.#events.received(checked.data);
  }

  #closed(socket: WebSocket, code: number): void {
    if (code === closeCodes.openedElsewhere) {
      this.#change('elsewhere');
      return;
    }
    const isStopped = code === closeCodes.stopping || this.state === 'stopped';
    this.#change(isStopped ? 'stopped' : this.#wasOpen ? 'lost' : 'refused');
    setTimeout(() => {
      if (this.#socket === socket) this.connect();
    }, this.#retryMs);
    this.#retryMs = Math.min(longestRetryMs, this.#retryMs * 2);
  }

  #change(state: ConnectionState): void {
    this.state = state;
    this.#events.changed();
  }
}
