import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { compiledSibling, UnavailableError } from '@rapport/core';
import { environmentReference } from '../registry.js';

/** What the other process answers. */
export type TwinReply = { readonly digest: string } | { readonly problem: string };

/** A second process that runs the same environments, started when it is first asked. Close it at the end. */
export class TwinProcess {
  #child: ChildProcess | undefined;
  #lines: Interface | undefined;

  /** The digest of the environment's run over there; one question at a time. */
  async digest(id: string): Promise<string> {
    const { child, lines } = this.#start();
    const answered = new AbortController();
    const { signal } = answered;
    const answer = once(lines, 'line', { signal });
    const end = once(child, 'exit', { signal }).then(() => []);
    child.stdin!.write(`${environmentReference(id)}\n`);
    const [line] = (await Promise.race([answer, end])) as unknown[];
    // Whichever of the two has not happened is no longer waited for.
    Promise.allSettled([answer, end]);
    answered.abort();
    if (typeof line !== 'string') throw new UnavailableError(`the process that runs ${id} a second time ended early`);
    const reply = JSON.parse(line) as TwinReply;
    if ('problem' in reply) throw new UnavailableError(reply.problem);
    return reply.digest;
  }

  close(): void {
    this.#lines?.close();
    this.#child?.stdin?.end();
    this.#child = undefined;
    this.#lines = undefined;
  }

  #start(): { child: ChildProcess; lines: Interface } {
    if (this.#child === undefined || this.#lines === undefined) {
      // Without this process's flags.
      const script = fileURLToPath(compiledSibling(import.meta.url, 'twin-main.js'));
      this.#child = spawn(process.execPath, [script], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      this.#lines = createInterface({ input: this.#child.stdout! });
    }
    return { child: this.#child, lines: this.#lines };
  }
}
