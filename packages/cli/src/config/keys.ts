import { nearestName } from '@rapport/core';
import type { Field } from './fields.js';
import { UsageError } from './usage-error.js';

/**
 * The field of a key as somebody typed it: `learningRate`, `learning-rate` and `learning_rate` are the same key.
 * @param where what named the key, for the message: `the command line` or `demo.yaml, line 3`
 * @throws UsageError naming the nearest known key
 */
export function findField(fields: readonly Field[], typed: string, where: string): Field {
  const field = matchField(fields, typed);
  if (field !== undefined) return field;
  const keys = fields.map(({ key }) => key);
  const inside = keys.filter((key) => key.startsWith(`${typed}.`));
  if (inside.length > 0) {
    throw new UsageError(`"${typed}" on ${where} is a group of options, not one`, {
      fix: `set one of ${inside.join(', ')}`,
    });
  }
  const nearest = nearestKey(typed, keys);
  throw new UsageError(
    `unknown option "${typed}" on ${where}${nearest === undefined ? '' : `; did you mean "${nearest}"?`}`,
    {
      fix: keys.length === 0 ? 'this command takes no options of its own' : 'the same command with --help lists them',
    },
  );
}

export function matchField(fields: readonly Field[], typed: string): Field | undefined {
  const plain = plainKey(typed);
  return fields.find(({ key }) => plainKey(key) === plain);
}

/** The nearest key as a whole, or by its last part, which people remember best. */
function nearestKey(typed: string, keys: readonly string[]): string | undefined {
  const lastPart = (key: string) => key.split('.').at(-1)!;
  const sameEnd = keys.find((key) => plainKey(lastPart(key)) === plainKey(lastPart(typed)));
  if (sameEnd !== undefined) return sameEnd;
  const whole = nearestName(typed, keys);
  if (whole !== undefined) return whole;
  const end = nearestName(lastPart(typed), keys.map(lastPart));
  return end === undefined ? undefined : keys.find((key) => lastPart(key) === end);
}

function plainKey(key: string): string {
  return key.replaceAll(/[-_]/g, '').toLowerCase();
}
