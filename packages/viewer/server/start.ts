import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { InputError, type LedgerEntry, RandomStream, UnavailableError } from '@rapport/core';
import type { Ledger } from '@rapport/data';
import { isLoopback } from './access.js';
import type { ClipSource } from './clips.js';
import { Desk } from './desk.js';
import { serveFiles } from './http.js';
import { QueryPool } from './pool.js';
import type { QuerySource } from './queries.js';
import { acceptSockets } from './sockets.js';
import { readWebFiles } from './web-files.js';

export interface ViewerOptions {
  /** Where clips come from. */
  readonly source: ClipSource;
  /** Where answers go; the caller opens and closes it. */
  readonly ledger: Ledger;
  readonly queries: QuerySource;
  /** 0 takes any free port. */
  readonly port: number;
  /** Address to listen on; 127.0.0.1 when absent. Any that other machines can reach needs a token. */
  readonly host?: string;
  /** Secret of at least 16 characters that must be in the page's address. */
  readonly token?: string;
  /** How many different people answer each query; 1 when absent. */
  readonly overlap?: number;
  /** What the annotator is asked; "Which behaviour do you like better?" when absent. */
  readonly question?: string;
  /** Screen orders are drawn from it; a stream of seed 0 when absent. */
  readonly random?: RandomStream;
  /** How long queries of someone who left wait for a return, in milliseconds; 15,000 when absent. */
  readonly graceMs?: number;
  /** Closes the viewer. */
  readonly signal?: AbortSignal;
  /** Called after each entry is durable. */
  readonly onFeedback?: (entry: LedgerEntry) => void;
  /** Called with what went wrong and could not be told to a caller: a clip that cannot be read, a failing ledger. */
  readonly onProblem?: (error: unknown) => void;
}

export interface Viewer {
  /** The page's address, with the token where there is one. */
  readonly url: string;
  readonly port: number;
  /** Resolves when every query is answered; never when the viewer is closed before. */
  readonly finished: Promise<void>;
  /** Stops listening and ends all connections; answers in storing are stored. */
  close(): Promise<void>;
}

/**
 * Serves the page for ranking clips. Answers of earlier runs in the ledger count: their queries are not asked again.
 * @throws InputError when another host is given without a token of at least 16 characters
 * @throws UnavailableError when the port or the address cannot be had, or the page has not been built
 */
export async function startViewer(options: ViewerOptions): Promise<Viewer> {
  const { source, ledger, queries, port, host = '127.0.0.1', token, overlap = 1, onProblem } = options;
  checkOptions(host, token, overlap);
  const files = readWebFiles();
  const pool = new QueryPool(queries, overlap, await ledger.entries());
  await pool.readOn();
  const desk = new Desk({
    pool,
    clips: source,
    ledger,
    question: options.question ?? 'Which behaviour do you like better?',
    random: options.random ?? new RandomStream(0, 'viewer'),
    graceMs: options.graceMs ?? 15_000,
    onFeedback: options.onFeedback,
    onProblem,
  });
  const server = createServer(serveFiles(files, host));
  const closeSockets = acceptSockets(server, { desk, host, token, onProblem });
  await listen(server, port, host);

  const closeAll = async () => {
    const stored = desk.close();
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    closeSockets();
    server.closeAllConnections();
    await Promise.all([stored, closed]);
  };
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= closeAll();
    return closing;
  };
  if (options.signal?.aborted) await close();
  options.signal?.addEventListener('abort', () => void close(), { once: true });

  const boundPort = (server.address() as AddressInfo | null)?.port ?? port;
  return { url: pageUrl(host, boundPort, token), port: boundPort, finished: desk.finished, close };
}

function checkOptions(host: string, token: string | undefined, overlap: number): void {
  if (!Number.isInteger(overlap) || overlap < 1) {
    throw new InputError(`overlap is ${overlap}; expected a positive integer`);
  }
  if (token !== undefined && token.length < 16) {
    throw new InputError(`the token has ${token.length} characters; expected at least 16`);
  }
  if (token === undefined && !isLoopback(host)) {
    throw new InputError(`host ${host} can be reached from other machines, and there is no token`, {
      fix: 'give a token of at least 16 characters, or leave the host out to serve this machine only',
    });
  }
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, port, host)));
    server.listen(port, host, resolve);
  });
}

function listenError(error: NodeJS.ErrnoException, port: number, host: string): Error {
  const cause = { cause: error };
  switch (error.code) {
    case 'EADDRINUSE':
      return new UnavailableError(`port ${port} on ${host} is in use by another program`, {
        fix: 'choose another port, or port 0 for any free one',
        ...cause,
      });
    case 'EACCES':
      return new UnavailableError(`port ${port} on ${host} is not allowed for this user`, {
        fix: 'choose a port of 1024 or above, or port 0 for any free one',
        ...cause,
      });
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new UnavailableError(`host ${host} is no address of this machine`, {
        fix: 'leave the host out, or give an address that this machine has',
        ...cause,
      });
    default:
      return new UnavailableError(`cannot listen on port ${port} of ${host}: ${error.message}`, cause);
  }
}

function pageUrl(host: string, port: number, token: string | undefined): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${port}/${token === undefined ? '' : `?token=${encodeURIComponent(token)}`}`;
}
