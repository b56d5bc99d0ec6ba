import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { InterruptedError, UnavailableError } from '@rapport/core';
import { expect, it } from 'vitest';
import { layout } from './layout.js';
import { runProgram } from './run-program.js';

it('gives back what a program prints', async () => {
  expect(await runProgram('test', process.execPath, ['-e', 'console.log(6 * 7)'])).toBe('42\n');
});

it('says in one line why a program failed, and where the rest is', async () => {
  const code = 'console.log("fine so far"); console.error("Error: no such library"); process.exit(3)';
  const failure = runProgram('test', process.execPath, ['-e', code]);
  const log = join(layout.logs, 'setup-test.log');
  await expect(failure).rejects.toThrow(
    new UnavailableError('the setup step "test" failed: Error: no such library', { fix: `look into ${log}` }),
  );
  expect(readFileSync(log, 'utf8')).toContain('fine so far\nError: no such library');
  rmSync(log);
});

it('names a program that is not there', async () => {
  await expect(runProgram('test', 'no-such-program', [])).rejects.toThrow('no-such-program of the setup step "test"');
});

it('ends the program when the work is stopped', async () => {
  const stop = new AbortController();
  const running = runProgram('test', process.execPath, ['-e', 'setTimeout(() => {}, 60_000)'], { signal: stop.signal });
  stop.abort();
  await expect(running).rejects.toThrow(InterruptedError);
});
