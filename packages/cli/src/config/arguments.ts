import { nearestName } from '@rapport/core';
import type { Field } from './fields.js';
import { findField, matchField } from './keys.js';
import { UsageError } from './usage-error.js';
import { describeAllowed, formatValue, parseText } from './values.js';

/** A value that somebody gave, and where. */
export interface GivenValue {
  readonly field: Field;
  readonly value: unknown;
  /** For messages: `the command line`, or the file and line. */
  readonly where: string;
}

const COMMAND_LINE = 'the command line';

/** `name=value` or `group.name=value`, which cannot be mistaken for a path. */
const BARE_OVERRIDE = /^[A-Za-z][\w-]*(\.[A-Za-z][\w-]*)*=/;

/**
 * Reads the arguments after the verb: `--key=value`, `--key value`, `key=value`, `--flag`, `--no-flag`, and positional
 * values, which are fields too. After `--` everything is positional.
 * @param positionals keys of the fields that plain words fill, in order
 * @throws UsageError on an unknown key, a value of a wrong type, a missing value, a key given twice, too many words
 */
export function parseArguments(
  args: readonly string[],
  fields: readonly Field[],
  positionals: readonly string[],
): GivenValue[] {
  const given: GivenValue[] = [];
  const words: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const arg = args[index]!;
    if (arg === '--') {
      words.push(...args.slice(index + 1));
      break;
    }
    if (arg.startsWith('--')) {
      const next = args[index + 1];
      const option = readOption(arg, next, fields);
      if (option.usedNext) index += 1;
      given.push(option.given);
    } else if (BARE_OVERRIDE.test(arg)) {
      const equals = arg.indexOf('=');
      given.push(readValue(findField(fields, arg.slice(0, equals), COMMAND_LINE), arg.slice(equals + 1)));
    } else if (/^-[A-Za-z]/.test(arg)) {
      throw new UsageError(`unknown option "${arg}"`, {
        fix: `options are written with two dashes; --help lists them`,
      });
    } else {
      words.push(arg);
    }
  }
  given.push(...readPositionals(words, fields, positionals));
  rejectRepeats(given);
  return given;
}

function readOption(
  arg: string,
  next: string | undefined,
  fields: readonly Field[],
): { given: GivenValue; usedNext: boolean } {
  const equals = arg.indexOf('=');
  if (equals !== -1) {
    const field = findField(fields, arg.slice(2, equals), COMMAND_LINE);
    return { given: readValue(field, arg.slice(equals + 1)), usedNext: false };
  }
  const name = arg.slice(2);
  const negated = name.startsWith('no-') ? matchField(fields, name.slice(3)) : undefined;
  if (negated?.schema.type === 'boolean') {
    return { given: { field: negated, value: false, where: COMMAND_LINE }, usedNext: false };
  }
  const field = findField(fields, name, COMMAND_LINE);
  if (field.schema.type === 'boolean') {
    const explicit = next === 'true' || next === 'false';
    return { given: { field, value: !explicit || next === 'true', where: COMMAND_LINE }, usedNext: explicit };
  }
  if (next === undefined || next.startsWith('--')) {
    throw new UsageError(`option "${field.key}" has no value; it takes ${describeAllowed(field.schema)}`);
  }
  return { given: readValue(field, next), usedNext: true };
}

function readValue(field: Field, text: string): GivenValue {
  const value = parseText(text, field.schema);
  if (value === undefined) throw wrongValue(field, text, COMMAND_LINE);
  return { field, value, where: COMMAND_LINE };
}

function readPositionals(
  words: readonly string[],
  fields: readonly Field[],
  positionals: readonly string[],
): GivenValue[] {
  return words.map((word, index) => {
    const key = positionals[index];
    if (key === undefined) {
      const near = nearestName(
        word,
        fields.map((field) => field.key),
      );
      throw new UsageError(`"${word}" is one word too many on the command line`, {
        fix: near === undefined ? '--help shows what the command takes' : `did you mean --${near}?`,
      });
    }
    return readValue(findField(fields, key, COMMAND_LINE), word);
  });
}

function rejectRepeats(given: readonly GivenValue[]): void {
  const seen = new Set<string>();
  for (const { field } of given) {
    if (seen.has(field.key)) throw new UsageError(`option "${field.key}" is given twice on the command line`);
    seen.add(field.key);
  }
}

/** The error for a value that a field does not take: names key, value and what is allowed. */
export function wrongValue(field: Field, value: unknown, where: string, reason?: string): UsageError {
  const shown = typeof value === 'string' ? `"${value}"` : formatValue(value);
  const near = typeof value === 'string' ? nearestName(value, (field.schema.enum ?? []).map(String)) : undefined;
  return new UsageError(
    `option "${field.key}" on ${where} is ${shown}; it takes ${reason ?? describeAllowed(field.schema)}`,
    near === undefined ? {} : { fix: `did you mean "${near}"?` },
  );
}
