import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Packr } from 'msgpackr';
import { type WebSocket, WebSocketServer } from 'ws';
import {
  PLAY_ELSEWHERE,
  type PlayCommand,
  type PlayEntry,
  type PlayServerMessage,
  playClientSchema,
} from '../protocol/play.js';
import { checkAddress, listen, pageUrl } from './address.js';
import { serveFiles } from './http.js';
import { refusalOf, refuse } from './sockets.js';
import { readWebFiles } from './web-files.js';

export interface PlayPageOptions {
  /** Id and one line about the environment that is driven. */
  readonly env: string;
  readonly summary: string;
  /** The entries of its action. */
  readonly entries: readonly PlayEntry[];
  /** 0 takes any free port. */
  readonly port: number;
  /** 127.0.0.1 when absent. Any that other machines can reach needs a token. */
  readonly host?: string;
  readonly token?: string;
  /** Called for every command of the driver. */
  readonly onCommand: (command: PlayCommand) => void;
}

/** A page on which one person drives. */
export interface PlayPage {
  readonly url: string;
  /** How far each entry of the action is pushed now, -1 to 1; all 0 while nobody is connected. */
  readonly levels: Float32Array;
  /** Shows a frame; a page that connects later gets the last one. */
  show(frame: Omit<Extract<PlayServerMessage, { type: 'frame' }>, 'type'>): void;
  close(): Promise<void>;
}

/**
 * Serves the page for driving. The page opened last drives; an earlier one is sent away.
 * @throws InputError when another host is given without a token of at least 16 characters
 * @throws UnavailableError when the port cannot be had, or the page has not been built
 */
export async function startPlayPage(options: PlayPageOptions): Promise<PlayPage> {
  const { env, summary, entries, port, host = '127.0.0.1', token, onCommand } = options;
  checkAddress(host, token);
  const server = createServer(serveFiles(readWebFiles(), host));
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 64 * 1024, perMessageDeflate: false });
  const packr = new Packr({ useRecords: false });
  const levels = new Float32Array(entries.length);
  let driver: WebSocket | undefined;
  let lastFrame: PlayServerMessage | undefined;
  const send = (message: PlayServerMessage) => driver?.send(packr.pack(message));

  const attend = (socket: WebSocket) => {
    driver?.close(PLAY_ELSEWHERE, 'opened elsewhere');
    driver = socket;
    levels.fill(0);
    send({ type: 'welcome', env, summary, entries });
    if (lastFrame !== undefined) send(lastFrame);
    socket.on('message', (data) => {
      if (socket !== driver) return;
      const message = playClientSchema.safeParse(parseJson(String(data)));
      // A page of ours sends nothing else; what is no message moves nothing.
      if (!message.success) return;
      if (message.data.type === 'command') onCommand(message.data.command);
      else if (message.data.levels.length === levels.length) levels.set(message.data.levels);
    });
    socket.on('close', () => {
      if (socket !== driver) return;
      driver = undefined;
      levels.fill(0);
    });
    // An 'error' is followed by 'close'; without a listener it would end the process.
    socket.on('error', () => {});
  };
  server.on('upgrade', (request, stream, head) => {
    const refusal = refusalOf(request, { host, token });
    if (refusal !== undefined) refuse(stream, refusal);
    else sockets.handleUpgrade(request, stream, head, attend);
  });
  await listen(server, port, host);
  const boundPort = (server.address() as AddressInfo).port;
  return {
    url: pageUrl(host, boundPort, token, 'play.html'),
    levels,
    show: (frame) => {
      lastFrame = { type: 'frame', ...frame };
      // A slow line gets fewer frames, not later ones.
      if (driver !== undefined && driver.bufferedAmount < 2 * frame.pixels.length) send(lastFrame);
    },
    close: async () => {
      driver?.close(1001, 'the session has ended');
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      sockets.close();
      setTimeout(() => server.closeAllConnections(), 200).unref();
      await closed;
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
