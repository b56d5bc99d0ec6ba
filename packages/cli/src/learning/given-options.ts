import { UsageError } from '../config/usage-error.js';

/**
 * An option that one kind of training cannot do without.
 * @throws UsageError when it was not given
 */
export function requireOption(name: string, value: string | undefined, kind: string): string {
  if (value !== undefined) return value;
  throw new UsageError(`option "${name}" is missing: policy.type ${kind} needs it`, {
    fix: `add --${name} VALUE (the same command with --help shows an example)`,
  });
}

/** @throws UsageError when an option was given that one kind of training does not take */
export function refuseOptions(given: Readonly<Record<string, string | undefined>>, kind: string, other: string): void {
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    throw new UsageError(`option "${name}" is not for policy.type ${kind}`, {
      fix: `leave it out, or add --policy.type ${other}`,
    });
  }
}

/**
 * A list of NAME=VALUE as a record.
 * @param option the option's name, for errors
 * @throws UsageError naming the entry that is none
 */
export function pairsOf(option: string, entries: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    entries.map((text) => {
      const equals = text.indexOf('=');
      if (equals < 1 || equals === text.length - 1) {
        throw new UsageError(`option "${option}" has "${text}"; expected NAME=VALUE`);
      }
      return [text.slice(0, equals), text.slice(equals + 1)];
    }),
  );
}
