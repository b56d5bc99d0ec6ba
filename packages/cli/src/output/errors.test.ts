import { CorruptDataError, InputError, InterruptedError } from '@rapport/core';
import { expect, it } from 'vitest';
import { UsageError } from '../config/usage-error.js';
import { reportError } from './errors.js';

it('prints message and fix on a line each, without a stack', () => {
  const report = reportError(new CorruptDataError('file x is cut off', { fix: 'restore it' }), false);
  expect(report).toEqual({ text: 'rapport: file x is cut off\n  fix: restore it', exitCode: 1 });
});

it.each([
  [new InputError('a'), 1],
  [new UsageError('a'), 2],
  [new InterruptedError('a'), 130],
  [new Error('a'), 1],
])('maps %s to exit code %i', (error, exitCode) => {
  expect(reportError(error, false).exitCode).toBe(exitCode);
});

it('keeps an unexpected error to one line that says how to report it', () => {
  const { text } = reportError(new Error('first\nsecond'), false);
  expect(text).toBe(
    'rapport: unexpected error: first second\n  fix: run the same command with --debug and report what it prints',
  );
});

it('prints stacks, of causes too, with debug', () => {
  const { text } = reportError(new InputError('outer', { cause: new Error('inner') }), true);
  expect(text).toMatch(/errors\.test\.ts/);
  expect(text).toMatch(/caused by Error: inner/);
});

it.each([
  ['EACCES', '/locked', 'no permission for /locked'],
  ['ENOSPC', '/full', 'no disk space left'],
  ['EROFS', '/cdrom', '/cdrom is on a read-only file system'],
])('explains %s of the operating system', (code, path, expected) => {
  const { text } = reportError(Object.assign(new Error(code), { code, path }), false);
  expect(text.startsWith(`rapport: ${expected}`)).toBe(true);
});
