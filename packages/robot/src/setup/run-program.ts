import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { InterruptedError, type StopSignal, UnavailableError } from '@rapport/core';
import { layout } from './layout.js';

export interface ProgramOptions {
  readonly folder?: string;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly signal?: StopSignal | undefined;
}

/**
 * Runs a program of a setup step to its end; all of its output goes to a log of the step.
 * @returns what it printed on standard output
 * @throws UnavailableError with the first line that looks like a reason, and the place of the log
 * @throws InterruptedError when the signal fires, after ending the program
 */
export function runProgram(
  step: string,
  program: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.folder,
      env: options.environment ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let printed = '';
    let all = '';
    const stopped = setInterval(() => {
      if (options.signal?.aborted) child.kill();
    }, 100);
    child.stdout.on('data', (bytes) => {
      printed += bytes;
      all += bytes;
    });
    child.stderr.on('data', (bytes) => {
      all += bytes;
    });
    child.on('error', (cause) => {
      clearInterval(stopped);
      reject(
        new UnavailableError(`${program} of the setup step "${step}" cannot be started: ${cause.message}`, { cause }),
      );
    });
    child.on('close', (code) => {
      clearInterval(stopped);
      if (options.signal?.aborted) return reject(new InterruptedError(`stopped in the setup step "${step}"`));
      if (code === 0) return resolve(printed);
      const log = join(layout.logs, `setup-${step}.log`);
      mkdirSync(dirname(log), { recursive: true });
      writeFileSync(log, `${program} ${args.join(' ')}\n${all}`);
      reject(new UnavailableError(`the setup step "${step}" failed: ${reason(all)}`, { fix: `look into ${log}` }));
    });
  });
}

function reason(output: string): string {
  const lines = output.split('\n').flatMap((line) => line.trim() || []);
  return lines.find((line) => /error|fatal|cannot|not found/i.test(line)) ?? lines.at(-1) ?? 'it printed nothing';
}
