import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { InputError, type LedgerEntry, RandomStream } from '@rapport/core';
import type { Ledger } from '@rapport/data';
import { checkAddress, listen, pageUrl } from './address.js';
import type { ClipSource } from './clips.js';
import { Desk } from './desk.js';
import { serveFiles } from './http.js';
import { QueryPool } from './pool.js';
import type { QuerySource } from './queries.js';
import { checkReasons, defaultReasons } from './reasons.js';
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
  /** Reasons that annotators can tick with an answer, at most 9 of at most 60 characters; `defaultReasons` when absent. */
  readonly reasons?: readonly string[];
  /** What happens when everything is answered, in a sentence for the page; nothing when absent. */
  readonly afterwards?: string;
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
  /**
   * Resolves when every query is answered, which a source that grows must have ended for; never when the viewer is
   * closed before. Rejects when the source of the queries failed.
   */
  readonly finished: Promise<void>;
  /** Stops listening and ends all connections; answers in storing are stored. */
  close(): Promise<void>;
}

/**
 * Serves the page for ranking clips. Answers of earlier runs in the ledger count: their queries are not asked again.
 * @throws InputError when another host is given without a token of at least 16 characters, or a reason cannot be shown
 * @throws UnavailableError when the port or the address cannot be had, or the page has not been built
 */
export async function startViewer(options: ViewerOptions): Promise<Viewer> {
  const { source, ledger, queries, port, host = '127.0.0.1', token, overlap = 1, onProblem } = options;
  if (!Number.isInteger(overlap) || overlap < 1) {
    throw new InputError(`overlap is ${overlap}; expected a positive integer`);
  }
  const reasons = options.reasons ?? defaultReasons;
  checkReasons(reasons);
  checkAddress(host, token);
  const files = readWebFiles();
  const pool = new QueryPool(queries, overlap, await ledger.entries());
  await pool.readOn();
  const desk = new Desk({
    pool,
    clips: source,
    ledger,
    question: options.question ?? 'Which behaviour do you like better?',
    reasons,
    afterwards: options.afterwards ?? '',
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
