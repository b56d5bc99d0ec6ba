import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { CorruptDataError, compiledSibling, InputError, UnavailableError } from '@rapport/core';
import type { ChunkRequest } from './planning.js';
import type { PolicyDescription, PolicyReply, PolicyRequest, PolicySource } from './policy-messages.js';

/** What comes from the process that plans. */
export interface PolicyEvents {
  readonly onChunk: (id: number, actions: readonly Float32Array[]) => void;
  /** A chunk could not be planned; the process goes on. */
  readonly onFailed: (id: number, message: string) => void;
  /** The process is gone, without having been closed. */
  readonly onExit: (reason: string) => void;
}

/** A policy in a process of its own. */
export class PolicyProcess {
  readonly description: PolicyDescription;
  readonly #child: ChildProcess;

  /**
   * Starts the process and opens the policy.
   * @throws InputError, CorruptDataError or UnavailableError as opening it in this process would
   */
  static async open(source: PolicySource, events: PolicyEvents): Promise<PolicyProcess> {
    const child = fork(fileURLToPath(compiledSibling(import.meta.url, 'policy-process-main.js')), {
      serialization: 'advanced',
      execArgv: [],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const opened = firstReply(child);
    request(child, { kind: 'open', source });
    const reply = await opened;
    if (reply.kind !== 'opened') {
      child.kill('SIGKILL');
      throw reply.kind === 'refused'
        ? refusal(reply)
        : new UnavailableError('the policy’s process answered out of turn');
    }
    return new PolicyProcess(child, reply.description, events);
  }

  private constructor(child: ChildProcess, description: PolicyDescription, events: PolicyEvents) {
    this.#child = child;
    this.description = description;
    child.on('message', (reply: PolicyReply) => {
      if (reply.kind === 'chunk') events.onChunk(reply.id, reply.actions);
      else if (reply.kind === 'failed') events.onFailed(reply.id, reply.message);
    });
    child.on('exit', (code, signal) => events.onExit(signal ?? `exit code ${code}`));
  }

  get processId(): number {
    return this.#child.pid!;
  }

  /** A new episode begins; random numbers come from the seed. */
  reset(seed: number): void {
    request(this.#child, { kind: 'reset', seed });
  }

  sample({ id, history }: ChunkRequest): void {
    request(this.#child, { kind: 'sample', id, history });
  }

  /** Ends the process. */
  close(): void {
    this.#child.removeAllListeners();
    this.#child.kill('SIGKILL');
  }
}

async function firstReply(child: ChildProcess): Promise<PolicyReply> {
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new UnavailableError(`the policy’s process ended before it had opened the policy (${signal ?? code})`);
  });
  const [reply] = (await Promise.race([once(child, 'message'), ended])) as [PolicyReply];
  // Whatever becomes of the process later is told elsewhere.
  ended.catch(() => {});
  return reply;
}

/** Requests to a process that is gone are dropped: its end is told by `onExit`. */
function request(child: ChildProcess, message: PolicyRequest): void {
  if (child.connected) child.send(message, () => {});
}

function refusal({ errorName, message, fix }: Extract<PolicyReply, { kind: 'refused' }>): Error {
  const kinds = { InputError, CorruptDataError, UnavailableError };
  const Kind = kinds[errorName as keyof typeof kinds] ?? UnavailableError;
  return new Kind(message, fix === undefined ? {} : { fix });
}
