import { InterruptedError, RapportError } from '@rapport/core';
import { UsageError } from '../config/usage-error.js';

/** What to print for an error, and the exit code of the process. */
export interface ErrorReport {
  readonly text: string;
  readonly exitCode: number;
}

export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;
/** 128 + SIGINT, as shells report it. */
export const EXIT_INTERRUPTED = 130;

/** One line that names the thing, one that says what to do; the stack only when asked for. */
export function reportError(error: unknown, debug: boolean): ErrorReport {
  const stack = debug && error instanceof Error ? `\n${describeStack(error)}` : '';
  if (error instanceof RapportError) {
    const fix = error.fix === undefined ? '' : `\n  fix: ${oneLine(error.fix)}`;
    return { text: `rapport: ${oneLine(error.message)}${fix}${stack}`, exitCode: exitCodeOf(error) };
  }
  const known = explainSystemError(error);
  if (known !== undefined) return { text: `rapport: ${known}${stack}`, exitCode: EXIT_FAILED };
  const message = oneLine(error instanceof Error ? error.message : String(error));
  const hint = debug ? '' : '\n  fix: run the same command with --debug and report what it prints';
  return { text: `rapport: unexpected error: ${message}${hint}${stack}`, exitCode: EXIT_FAILED };
}

function exitCodeOf(error: RapportError): number {
  if (error instanceof InterruptedError) return EXIT_INTERRUPTED;
  return error instanceof UsageError ? EXIT_USAGE : EXIT_FAILED;
}

/** Errors of the operating system that have one cause a person can mend. */
function explainSystemError(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  const path = 'path' in error && typeof error.path === 'string' ? error.path : 'a file';
  switch (error.code) {
    case 'EACCES':
    case 'EPERM':
      return `no permission for ${path}\n  fix: make it accessible to this user, or choose another folder with --output`;
    case 'EROFS':
      return `${path} is on a read-only file system\n  fix: choose another folder with --output`;
    case 'ENOSPC':
      return `no disk space left\n  fix: free some, or choose another folder with --output`;
    case 'ENOENT':
      return `${path} does not exist`;
    case 'EADDRINUSE':
      return `port ${'port' in error ? String(error.port) : ''} is in use\n  fix: choose another one with --port`;
    default:
      return undefined;
  }
}

function describeStack(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${describeStack(error.cause)}` : '';
  return `${error.stack ?? error.message}${cause}`;
}

function oneLine(text: string): string {
  return text.trim().replaceAll(/\s*\n\s*/g, ' ');
}
