#!/usr/bin/env node
import { EXIT_INTERRUPTED, reportError } from './output/errors.js';
import { runCommandLine } from './run.js';

const stop = new AbortController();

function onStopSignal(): void {
  if (stop.signal.aborted) process.exit(EXIT_INTERRUPTED);
  process.stderr.write('\nrapport: stopping and keeping what is finished (Ctrl+C again to stop at once)\n');
  stop.abort();
}

process.on('SIGINT', onStopSignal);
process.on('SIGTERM', onStopSignal);
// What no command could catch, an error in a timer or a socket, ends the process as any other error does.
process.on('uncaughtException', (error) => {
  const { text, exitCode } = reportError(error, process.argv.includes('--debug'));
  process.stderr.write(`${text}\n`);
  process.exit(exitCode);
});
// A reader that closes early, as `head` does, is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await runCommandLine(process.argv.slice(2), {
  out: process.stdout,
  err: process.stderr,
  signal: stop.signal,
});
