import { InputError, type StopSignal, throwIfAborted, UnavailableError } from '@rapport/core';
import type { NativeClient } from './native.js';
import { withOwnArrays } from './own-arrays.js';
import { waitUntil } from './wait.js';

/** How often a stop signal is looked at, ms. */
const POLL_MS = 50;

export interface CallOptions {
  /** How long server and answer may take together, ms; 5000 when absent. */
  readonly timeoutMs?: number;
  readonly signal?: StopSignal;
}

/** Calls a service. */
export class ServiceClient<Request extends object, Response extends object> {
  readonly type: string;
  /** The full name, after namespace and remapping. */
  readonly name: string;
  readonly #native: NativeClient;

  constructor(native: NativeClient, type: string, name: string) {
    this.type = type;
    this.name = name;
    this.#native = native;
  }

  get available(): boolean {
    return this.#native.isServiceServerAvailable();
  }

  /**
   * @param request missing fields are zero or the type's default
   * @throws InputError when the request does not fit the type; 64-bit integers are BigInt
   * @throws UnavailableError when no node offers the service, or none answers in time
   * @throws InterruptedError when the signal fires
   */
  async call(request: Request, options: CallOptions = {}): Promise<Response> {
    const timeoutMs = options.timeoutMs ?? 5000;
    const endsAt = performance.now() + timeoutMs;
    if (!(await waitUntil(() => this.available, timeoutMs, options.signal))) {
      throw new UnavailableError(`no node offers the service ${this.name} (${this.type})`, {
        fix: 'start the node, and check namespace and remapping',
      });
    }
    const timeout = Math.max(1, Math.ceil(endsAt - performance.now()));
    const stop = new AbortController();
    const watch = setInterval(() => options.signal?.aborted && stop.abort(), POLL_MS);
    try {
      const { signal } = stop;
      return (await this.#native.sendRequestAsync(withOwnArrays(request), { timeout, signal })) as Response;
    } catch (cause) {
      throwIfAborted(options.signal);
      if (cause instanceof Error && cause.name === 'TimeoutError') {
        throw new UnavailableError(`the service ${this.name} gave no answer within ${timeoutMs} ms`, { cause });
      }
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new InputError(`the request to the service ${this.name} (${this.type}) cannot be sent: ${reason}`, {
        cause,
      });
    } finally {
      clearInterval(watch);
    }
  }
}
