import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { Packr } from 'msgpackr';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { type ClientMessage, clientMessageSchema, maxClientMessageBytes, type SentMessage } from '../protocol/index.js';
import { isHostAllowed, isOriginAllowed, isTokenRight } from './access.js';
import type { Desk } from './desk.js';
import { ProtocolError } from './protocol-error.js';
import type { Visitor } from './seat.js';

export interface SocketOptions {
  readonly desk: Desk;
  readonly host: string;
  readonly token: string | undefined;
  readonly onProblem: ((error: unknown) => void) | undefined;
}

/** Beyond this a message is not even read: the connection is closed with code 1009. */
const maxPayload = 64 * maxClientMessageBytes;
const heartbeatMs = 15_000;

/** Accepts pages at `/socket`; returns a function that closes all connections. */
export function acceptSockets(server: Server, options: SocketOptions): () => void {
  const sockets = new WebSocketServer({ noServer: true, maxPayload, perMessageDeflate: false });
  server.on('upgrade', (request, stream, head) => {
    const refusal = refusalOf(request, options);
    if (refusal !== undefined) refuse(stream, refusal);
    else sockets.handleUpgrade(request, stream, head, (socket) => attend(socket, options));
  });
  return () => {
    for (const socket of sockets.clients) socket.terminate();
    sockets.close();
  };
}

/** Why a connection must not be taken, as an HTTP status; undefined when it may. */
export function refusalOf(
  request: IncomingMessage,
  { host, token }: Pick<SocketOptions, 'host' | 'token'>,
): string | undefined {
  const url = new URL(request.url ?? '/', 'http://page');
  if (url.pathname !== '/socket') return '404 Not Found';
  if (!isHostAllowed(request, host)) return '421 Misdirected Request';
  if (!isOriginAllowed(request)) return '403 Forbidden';
  if (token !== undefined && !isTokenRight(url.searchParams.get('token'), token)) return '401 Unauthorized';
  return undefined;
}

export function refuse(stream: Duplex, status: string): void {
  stream.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

/** Reads one page's messages one after another, and answers what is wrong with an error message. */
function attend(socket: WebSocket, { desk, onProblem }: SocketOptions): void {
  const packr = new Packr({ useRecords: false });
  const visitor: Visitor = {
    send: (message: SentMessage) =>
      new Promise((resolve) => {
        // A failed send means that the connection is gone, which `close` reports.
        socket.send(packr.pack(message), () => resolve());
      }),
    end: (code, reason) => socket.close(code, reason),
  };
  const follow = async (data: RawData, isBinary: boolean) => {
    let entry: string | null = null;
    try {
      const message = parse(data, isBinary);
      if ('entry' in message) entry = message.entry;
      await desk.receive(visitor, message);
    } catch (error) {
      if (!(error instanceof ProtocolError)) onProblem?.(error);
      const code = error instanceof ProtocolError ? error.code : 'not-stored';
      await visitor.send({ type: 'error', code, message: messageOf(error), entry });
    }
  };

  let work = Promise.resolve();
  let waiting = 0;
  socket.on('message', (data, isBinary) => {
    // A page that sends faster than its messages are worked off is not read meanwhile.
    waiting += 1;
    socket.pause();
    work = work
      .then(() => follow(data, isBinary))
      .finally(() => {
        waiting -= 1;
        if (waiting === 0) socket.resume();
      });
  });
  socket.on('close', () => {
    clearInterval(heartbeat);
    void work.then(() => desk.leave(visitor));
  });
  // An 'error' is followed by 'close'; without a listener it would end the process.
  socket.on('error', () => {});

  let isAlive = true;
  socket.on('pong', () => {
    isAlive = true;
  });
  const heartbeat = setInterval(() => {
    if (!isAlive) socket.terminate();
    isAlive = false;
    socket.ping();
  }, heartbeatMs);
}

/** @throws ProtocolError when the message is too long, no JSON text, or none of the known messages */
function parse(data: RawData, isBinary: boolean): ClientMessage {
  const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer);
  if (bytes.length > maxClientMessageBytes) {
    throw new ProtocolError('oversized', `message of ${bytes.length} bytes; at most ${maxClientMessageBytes} are read`);
  }
  if (isBinary) throw new ProtocolError('malformed', 'binary message; expected JSON text');
  const checked = clientMessageSchema.safeParse(parseJson(bytes.toString('utf8')));
  if (checked.success) return checked.data;
  const issue = checked.error.issues[0]!;
  const where = issue.path.join('.') || 'message';
  throw new ProtocolError('malformed', `${where}: ${issue.message}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ProtocolError('malformed', 'message is no JSON');
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
