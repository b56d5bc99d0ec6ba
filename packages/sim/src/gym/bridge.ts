import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { compiledSibling, InputError, UnavailableError } from '@rapport/core';
import { pack, unpack } from 'msgpackr';
import type { BridgeAnswer, BridgeThreadData, GymOperations } from './messages.js';

/** Longest time that one request may take. */
const PATIENCE_MS = 120_000;

/**
 * A Python process that serves one Gymnasium environment. Requests block this thread until the answer is there, because
 * environments are synchronous: a thread of its own talks to the process over a local socket, while this one waits on
 * shared memory (`Atomics.wait`). A process that ends or does not answer gives an `UnavailableError`.
 */
export class GymBridge {
  readonly #label: string;
  readonly #patienceMs: number;
  readonly #thread: Worker;
  readonly #port: MessagePort;
  readonly #answered: Int32Array;
  #ended: string | undefined;

  /** @param label names the environment in messages */
  constructor(label: string, python: string, script: string, patienceMs = PATIENCE_MS) {
    this.#label = label;
    this.#patienceMs = patienceMs;
    const flag = new SharedArrayBuffer(4);
    this.#answered = new Int32Array(flag);
    const workerData: BridgeThreadData = { python, script, flag };
    // Without the parent's flags: those of a test runner would send the thread to the TypeScript sources.
    this.#thread = new Worker(new URL(compiledSibling(import.meta.url, 'thread.js')), { workerData, execArgv: [] });
    // An environment that nobody closes must not keep the program alive; Python ends when its socket does.
    this.#thread.unref();
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#thread.postMessage(port2, [port2]);
  }

  /**
   * Asks and waits for the answer.
   * @throws InputError when `make` is refused (unknown package or id, a space that cannot be served)
   * @throws UnavailableError when another request fails in Python, or when the process has ended or does not answer
   */
  request<Op extends keyof GymOperations>(op: Op, request: GymOperations[Op]['request']): GymOperations[Op]['reply'] {
    if (this.#ended !== undefined) throw this.#gone(this.#ended);
    this.#thread.postMessage(Uint8Array.from(pack({ op, ...request })));
    if (Atomics.wait(this.#answered, 0, 0, this.#patienceMs) === 'timed-out') {
      this.#ended = `no answer to "${op}" within ${this.#patienceMs / 1000} s`;
      this.#thread.postMessage('kill');
      throw this.#gone(this.#ended);
    }
    Atomics.store(this.#answered, 0, 0);
    const { message } = receiveMessageOnPort(this.#port) as { message: BridgeAnswer };
    if ('ended' in message) {
      this.#ended = message.ended;
      throw this.#gone(message.ended);
    }
    const reply = unpack(message.reply) as GymOperations[Op]['reply'] | { error: string };
    if (!('error' in reply)) return reply;
    if (op === 'make') {
      throw new InputError(`${this.#label} cannot be made: ${reply.error}`, {
        fix: 'name an environment that the package registers, with an action space of Box or Discrete; add a package that is missing with `rapport gym-bridge --packages NAME`',
      });
    }
    throw new UnavailableError(`${this.#label} failed to ${op}: ${reply.error}`);
  }

  /** Ends the process; calling it again does nothing. */
  close(): void {
    if (this.#ended === undefined) this.#thread.postMessage('close');
    this.#ended = 'closed';
  }

  #gone(reason: string): UnavailableError {
    return new UnavailableError(`the Python process of ${this.#label} is gone (${reason})`, {
      fix: 'make the environment again',
    });
  }
}
