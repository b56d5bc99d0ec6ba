import { Writable } from 'node:stream';
import { runCommandLine } from '@rapport/cli';

/** What a command left: its exit code, and what it printed. */
export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command of Rapport in this process. */
export async function rapport(...args: string[]): Promise<Ended> {
  const texts = { out: '', err: '' };
  const into = (key: keyof typeof texts) =>
    new Writable({
      write: (chunk, _encoding, done) => {
        texts[key] += chunk;
        done();
      },
    });
  const code = await runCommandLine(args, { out: into('out'), err: into('err'), signal: new AbortController().signal });
  return { code, ...texts };
}

/** Runs a command of Rapport in this process, and returns what it says in JSON. */
export async function result<Result>(...args: string[]): Promise<Result> {
  const { code, out, err } = await rapport(...args, '--json', '--quiet');
  if (code !== 0) throw new Error(`rapport ${args.join(' ')} ended with ${code}: ${err}`);
  return JSON.parse(out) as Result;
}
