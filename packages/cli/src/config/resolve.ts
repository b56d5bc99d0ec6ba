import type { z } from 'zod';
import { type GivenValue, wrongValue } from './arguments.js';
import { type Field, getAtKey, setAtKey } from './fields.js';
import { UsageError } from './usage-error.js';

export type Origin = 'default' | 'file' | 'command line';

/** One resolved value, for `config show` and for the record of a run. */
export interface ResolvedValue {
  readonly key: string;
  readonly value: unknown;
  readonly origin: Origin;
  readonly meaning: string;
}

export interface Resolved {
  /** Input for the schema: only what was given. */
  readonly input: Record<string, unknown>;
  /** Every value, defaults filled in. */
  readonly options: Record<string, unknown>;
  readonly values: readonly ResolvedValue[];
}

/**
 * Puts defaults, file and command line together, later ones first.
 * @throws UsageError naming key, value and what is allowed, or what is missing
 */
export function resolveOptions(
  schema: z.ZodObject,
  fields: readonly Field[],
  fromFile: readonly GivenValue[],
  fromCommandLine: readonly GivenValue[],
): Resolved {
  const given = new Map<string, GivenValue & { origin: Origin }>();
  for (const entry of fromFile) given.set(entry.field.key, { ...entry, origin: 'file' });
  for (const entry of fromCommandLine) given.set(entry.field.key, { ...entry, origin: 'command line' });

  const { chosen, choices } = applyChoices(fields, given);
  const missing = chosen.find((field) => field.required && !given.has(field.key));
  if (missing !== undefined) {
    throw new UsageError(`option "${missing.key}" is missing: ${missing.meaning}`, {
      fix: `add --${missing.key} VALUE (the same command with --help shows an example)`,
    });
  }

  const input: Record<string, unknown> = {};
  // Which schema holds must be said, even where it is the default.
  for (const [key, value] of choices) setAtKey(input, key, value);
  for (const { field, value } of given.values()) setAtKey(input, field.key, value);
  const parsed = schema.safeParse(input);
  if (!parsed.success) throw explainIssue(parsed.error.issues[0]!, chosen, given, input);

  const values = chosen.map((field) => ({
    key: field.key,
    value: getAtKey(parsed.data, field.key),
    origin: given.get(field.key)?.origin ?? ('default' as const),
    meaning: field.meaning,
  }));
  return { input, options: parsed.data, values };
}

/**
 * Leaves the fields that are there by what was chosen, and puts the given values on them.
 * @throws UsageError when a value was given for an option that what was chosen does not have
 */
function applyChoices(
  fields: readonly Field[],
  given: Map<string, GivenValue & { origin: Origin }>,
): { readonly chosen: readonly Field[]; readonly choices: ReadonlyMap<string, unknown> } {
  const deciding = new Set(fields.flatMap(({ only }) => (only === undefined ? [] : [only.key])));
  const choices = new Map(
    [...deciding].map((key) => [key, given.get(key)?.value ?? fields.find((field) => field.key === key)!.default]),
  );
  const chosen = fields.filter(({ only }) => only === undefined || choices.get(only.key) === only.value);
  for (const [key, entry] of given) {
    const field = chosen.find((candidate) => candidate.key === key);
    const { only } = entry.field;
    if (field === undefined && only !== undefined) {
      throw new UsageError(
        `option "${key}" on ${entry.where} belongs to ${only.key} ${only.value}; ${only.key} is ${choices.get(only.key)}`,
        { fix: `add --${only.key} ${only.value}, or leave the option out` },
      );
    }
    given.set(key, { ...entry, field: field ?? entry.field });
  }
  return { chosen, choices };
}

function explainIssue(
  issue: z.core.$ZodIssue,
  fields: readonly Field[],
  given: ReadonlyMap<string, GivenValue>,
  input: Record<string, unknown>,
): UsageError {
  const path = issue.path.map(String);
  // An issue inside a list belongs to the field that holds the list.
  const field = fields.find(({ key }) => path.join('.') === key || path.join('.').startsWith(`${key}.`));
  if (field === undefined) return new UsageError(`the options do not fit together: ${issue.message}`);
  const where = given.get(field.key)?.where ?? 'its default';
  // A refinement written for people says more than the type does.
  const reason = issue.code === 'custom' ? issue.message : undefined;
  return wrongValue(field, getAtKey(input, field.key), where, reason);
}
