import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { RandomStream } from '@rapport/core';
import { openLedger } from '@rapport/data';
import { unpack } from 'msgpackr';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { buildPage } from './browser/desk.js';
import { writeRollouts } from './browser/rollouts.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const script = fileURLToPath(new URL('viewer-kill/serve.mjs', import.meta.url));
const kills = 22;

let directory: string;
let server: Server | undefined;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rapport-viewer-kill-'));
  // The child is a plain Node process and runs the built package with the built page.
  await promisify(execFile)(join(root, 'node_modules/.bin/tsc'), ['-b', 'packages/viewer'], { cwd: root });
  if (!existsSync(join(root, 'packages/viewer/dist/web/index.html'))) await buildPage();
  await writeRollouts(join(directory, 'dataset'), 8);
});
afterAll(async () => {
  // A server that a failed round left would go on writing into the folder.
  if (server?.child.kill('SIGKILL')) await server.ended;
  await rm(directory, { recursive: true, force: true });
});

/** What a page keeps in the browser: answers that the server has not acknowledged. */
type Outbox = Map<string, object>;

/** A server in a process of its own. */
interface Server {
  readonly child: ChildProcess;
  /** Of its socket. */
  readonly address: string;
  /** Resolves with the signal that ended it. */
  readonly ended: Promise<string | null>;
}

async function startServer(): Promise<Server> {
  const child = spawn(process.execPath, [script, join(directory, 'dataset'), join(directory, 'ledger'), '0'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<string | null>((resolve) => child.once('close', (_code, signal) => resolve(signal)));
  let complaints = '';
  child.stderr.on('data', (chunk) => {
    complaints += chunk;
  });
  for await (const line of createInterface({ input: child.stdout })) {
    return { child, ended, address: `${line.replace('http:', 'ws:')}socket` };
  }
  throw new Error(`the server ended before it served: ${complaints}`);
}

/** Answers every query as soon as it comes, as a page does, until the connection breaks. */
function label(address: string, outbox: Outbox, acknowledged: string[], onAcknowledged: () => void): Promise<void> {
  const socket = new WebSocket(address);
  socket.on('open', () => {
    const held = [...outbox.values()].map((message) => (message as { query: string }).query);
    socket.send(JSON.stringify({ type: 'hello', protocol: 3, annotator: 'hasty', held }));
    for (const message of outbox.values()) socket.send(JSON.stringify(message));
  });
  socket.on('message', (data: Buffer) => {
    const message = unpack(data) as { type: string; query: string; entry: string; message: string };
    if (message.type === 'error') throw new Error(message.message);
    if (message.type === 'acknowledged') {
      outbox.delete(message.entry);
      acknowledged.push(message.entry);
      onAcknowledged();
    }
    const isAnswered = [...outbox.values()].some((kept) => (kept as { query: string }).query === message.query);
    if (message.type !== 'query' || isAnswered) return;
    const entry = randomUUID();
    const value = { kind: 'ranking', ranks: [1, 0, 2] };
    const answer = {
      type: 'answer',
      entry,
      query: message.query,
      value,
      shownAtMs: 1,
      answeredAtMs: 2,
      replays: [1, 1, 1],
    };
    outbox.set(entry, answer);
    socket.send(JSON.stringify(answer));
  });
  socket.on('error', () => {});
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

it(`loses no acknowledged label, and stores none twice, when the server is killed ${kills} times`, async () => {
  const stream = new RandomStream(11, 'kill-times');
  const outbox: Outbox = new Map();
  const acknowledged: string[] = [];
  const given = new Set<string>();
  for (let round = 0; round < kills; round++) {
    server = await startServer();
    const { child, address, ended } = server;
    const killAfter = acknowledged.length + 1 + stream.integer(40);
    const reached = new Promise<void>((resolve) => {
      void label(address, outbox, acknowledged, () => {
        if (acknowledged.length >= killAfter) resolve();
      }).then(() => resolve());
    });
    await reached;
    await sleep(stream.uniformBetween(0, 8));
    child.kill('SIGKILL');
    expect(await ended).toBe('SIGKILL');
    for (const entry of outbox.keys()) given.add(entry);
  }
  for (const entry of acknowledged) given.add(entry);
  expect(acknowledged.length).toBeGreaterThan(kills);

  const ledger = await openLedger({ directory: join(directory, 'ledger') });
  const entries = await ledger.entries();
  await ledger.close();
  const stored = entries.map(({ id }) => id);
  expect(acknowledged.filter((entry) => !stored.includes(entry))).toEqual([]);
  expect(new Set(stored).size).toBe(stored.length);
  expect(stored.filter((entry) => !given.has(entry))).toEqual([]);
  // No query was asked again after its answer had been acknowledged.
  const queries = entries.flatMap((entry) => (entry.kind === 'feedback' ? [entry.query.id] : []));
  expect(new Set(queries).size).toBe(queries.length);
  console.log(`${kills} kills, ${acknowledged.length} labels acknowledged, ${stored.length} stored, none lost`);
}, 600_000);
