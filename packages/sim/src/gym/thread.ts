import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { BridgeAnswer, BridgeThreadData } from './messages.js';

// The thread between a blocking environment and its Python process (see bridge.ts). It starts the process, which
// connects to a socket in a folder that only this user can enter, and passes one request at a time.
const { python, script, flag } = workerData as BridgeThreadData;
const answered = new Int32Array(flag);
const folder = mkdtempSync(join(tmpdir(), 'rapport-gym-'));
const address = join(folder, 'socket');

let port: MessagePort | undefined;
let socket: Socket | undefined;
let waiting: Uint8Array | undefined;
let pending = false;
let ended: string | undefined;
let received: Buffer = Buffer.alloc(0);
let complaints = '';

const server = createServer((connection) => {
  socket = connection;
  connection.on('data', takeData);
  connection.on('error', () => connection.destroy());
  // Nobody else is to connect, and nothing is left behind, however this program ends.
  server.close();
  rmSync(folder, { recursive: true, force: true });
  if (waiting !== undefined) send(waiting);
});
server.listen(address);

// Not in the folder of the command, for MuJoCo writes its warnings to a file where it runs.
const child = spawn(python, [script, address], { cwd: tmpdir(), stdio: ['ignore', 'ignore', 'pipe'] });
child.stderr.on('data', (chunk) => {
  complaints = (complaints + chunk).slice(-4000);
});
child.on('error', (error) => end(error.message));
child.on('close', (code, signal) => {
  const last = complaints.trim().split('\n').at(-1);
  end(`${signal === null ? `code ${code}` : signal}${last ? `: ${last}` : ''}`);
});

parentPort!.on('message', (message: MessagePort | Uint8Array | 'close' | 'kill') => {
  if (message === 'close' || message === 'kill') {
    child.kill(message === 'kill' ? 'SIGKILL' : 'SIGTERM');
    close();
  } else if (message instanceof Uint8Array) {
    pending = true;
    if (ended !== undefined) answer({ ended });
    else if (socket === undefined) waiting = message;
    else send(message);
  } else port = message;
});

function send(request: Uint8Array): void {
  waiting = undefined;
  const length = Buffer.alloc(4);
  length.writeUInt32BE(request.length);
  socket!.write(length);
  socket!.write(request);
}

function takeData(chunk: Buffer): void {
  received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
  if (received.length < 4) return;
  const length = received.readUInt32BE();
  if (received.length < 4 + length) return;
  const reply = Uint8Array.from(received.subarray(4, 4 + length));
  received = received.subarray(4 + length);
  answer({ reply });
}

function answer(message: BridgeAnswer): void {
  if (!pending) return;
  pending = false;
  port!.postMessage(message);
  Atomics.store(answered, 0, 1);
  Atomics.notify(answered, 0);
}

function end(reason: string): void {
  ended ??= reason;
  rmSync(folder, { recursive: true, force: true });
  answer({ ended });
}

function close(): void {
  rmSync(folder, { recursive: true, force: true });
  server.close();
  socket?.destroy();
  port?.close();
  parentPort!.close();
}
