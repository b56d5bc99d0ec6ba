import { wholeSchema } from '../config/common.js';
import { type Field, listFields } from '../config/fields.js';
import { describeAllowed, formatValue } from '../config/values.js';
import { formatTable, wrapText } from '../output/table.js';
import type { Verb } from '../verb.js';
import { loadVerb, verbNames } from '../verbs/index.js';

const WIDTH = 100;

/** Flags that every command knows, with their meaning. */
export const mannerFlags: readonly (readonly [flag: string, meaning: string])[] = [
  ['--config FILE', 'read options from a YAML file; the command line wins over it'],
  ['--json', 'print one JSON document on standard output and everything else on standard error'],
  ['--quiet', 'no news and no progress'],
  ['--debug', 'print the stack of an error'],
  ['--help', 'print the help of the command'],
];

/** The list of commands. */
export async function describeOverview(): Promise<string> {
  const verbs = await Promise.all(verbNames.map(loadVerb));
  const commands = indentRows(verbs.map((verb) => [verb.name, verb.summary]));
  return [
    'Rapport changes what a robot does to what a person prefers.',
    '',
    'Usage: rapport COMMAND [options]',
    '',
    'Commands:',
    commands,
    '',
    'Every command:',
    indentRows(mannerFlags),
    '',
    'Options are written --key=value, --key value or key=value; "rapport COMMAND --help" lists them.',
  ].join('\n');
}

/** The help of one command, from its schema. */
export async function describeVerb(verb: Verb): Promise<string> {
  const fields = verb.raw ? [] : listFields(await wholeSchema(verb));
  const options = fields.map(
    (field) =>
      `  --${field.key}\n      ${wrapText(`${field.meaning.replace(/\.$/, '')} (${describeField(field)})`, WIDTH - 6, 6)}`,
  );
  return [
    `rapport ${verb.name}: ${verb.summary}`,
    '',
    `Usage: ${usageLine(verb, fields)}`,
    '',
    wrapText(verb.description, WIDTH),
    ...(options.length === 0 ? [] : ['', 'Options:', ...options]),
    '',
    'Every command:',
    indentRows(mannerFlags),
    '',
    'Examples:',
    ...verb.examples.map((example) => `  ${example}`),
  ].join('\n');
}

/** For example `rapport rollout ENV [options]`. */
export function usageLine(verb: Verb, fields: readonly Field[]): string {
  const words = verb.positionals.map((key) => {
    const required = fields.find((field) => field.key === key)?.required ?? false;
    const word = key.replaceAll(/([A-Z])/g, '_$1').toUpperCase();
    return required ? word : `[${word}]`;
  });
  const rest = verb.raw ? ['COMMAND [options]'] : fields.length > words.length ? ['[options]'] : [];
  return ['rapport', verb.name, ...words, ...rest].join(' ');
}

/** What a field takes, its default and when it is there: `an integer from 2 to 6; default 3; with policy.type sac`. */
export function describeField({ schema, required, default: value, only }: Field): string {
  const parts = [describeAllowed(schema)];
  if (required) parts.push('required');
  else if (value !== undefined) parts.push(`default ${formatValue(value)}`);
  if (only !== undefined) parts.push(`with ${only.key} ${only.value}`);
  return parts.join('; ');
}

function indentRows(rows: readonly (readonly string[])[]): string {
  const width = Math.max(...rows.map(([first]) => first!.length));
  return rows.map(([first, second]) => `  ${first!.padEnd(width)}  ${second}`).join('\n');
}

/** Rows of `config show`. */
export function describeValues(
  values: readonly { key: string; value: unknown; origin: string; meaning: string }[],
): string {
  return formatTable(
    ['option', 'value', 'from', 'meaning'],
    values.map(({ key, value, origin, meaning }) => [key, formatValue(value), origin, meaning]),
  );
}
