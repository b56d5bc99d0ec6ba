import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../packages/cli/dist/main.js', import.meta.url));

/** A command that waits for a person who ranks. */
export interface AskingCommand {
  readonly child: ChildProcess;
  /** The address at which it asks, as it prints it; rejects with what it printed when it ends without. */
  readonly address: Promise<string>;
  /** Exit code. */
  readonly ended: Promise<number | null>;
}

/** Starts a command in a folder. */
export function startAsking(folder: string, args: readonly string[]): AskingCommand {
  const child = spawn(process.execPath, [main, ...args], { cwd: folder });
  let err = '';
  const address = new Promise<string>((resolve, reject) => {
    child.stderr.on('data', (chunk) => {
      err += chunk;
      const found = /rank the rollouts at (http:\S+?);/.exec(err);
      if (found) resolve(found[1]!);
    });
    child.on('close', (code) => reject(new Error(`${args[0]} ended with code ${code}: ${err}`)));
  });
  // A command that ends early is told of by whoever waits for the address.
  address.catch(() => {});
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  return { child, address, ended };
}
