import { wholeSchema } from '../config/common.js';
import { listFields } from '../config/fields.js';
import { describeAllowed, formatValue } from '../config/values.js';
import type { Verb } from '../verb.js';
import { loadVerb, verbNames } from '../verbs/index.js';
import { mannerFlags, usageLine } from './text.js';

/** The reference page of the command line (`docs/cli.md`). */
export async function describeMarkdown(): Promise<string> {
  const verbs = await Promise.all(verbNames.map(loadVerb));
  const sections = await Promise.all(verbs.map(describeSection));
  return [
    '# The `rapport` command',
    '',
    'Written by `./rapport help --markdown > docs/cli.md` from the schemas of the commands.',
    '',
    'Options are written `--key=value`, `--key value` or `key=value`; a switch also `--key` and `--no-key`. A default',
    'gives way to `--config FILE`, and the file gives way to the command line. `rapport config show COMMAND` prints',
    'every value, where it came from and what it means. An unknown key, a wrong type and a value out of range are errors.',
    '',
    'Exit codes: 0 done, 1 failed, 2 wrong command line or configuration, 130 stopped by Ctrl+C.',
    '',
    '| every command | |',
    '| --- | --- |',
    ...mannerFlags.map(([flag, meaning]) => `| \`${flag}\` | ${meaning} |`),
    '',
    '| command | does |',
    '| --- | --- |',
    ...verbs.map((verb) => `| [\`${verb.name}\`](#rapport-${verb.name.replaceAll(' ', '-')}) | ${verb.summary} |`),
    ...sections.flatMap((section) => ['', section]),
  ].join('\n');
}

async function describeSection(verb: Verb): Promise<string> {
  const fields = verb.raw ? [] : listFields(await wholeSchema(verb));
  const rows = fields.map((field) => {
    const shown = field.required ? 'required' : field.default === undefined ? '' : `\`${formatValue(field.default)}\``;
    const when = field.only === undefined ? '' : `with \`${field.only.key}=${field.only.value}\`: `;
    return `| \`${field.key}\` | ${shown} | ${cell(describeAllowed(field.schema))} | ${when}${cell(field.meaning)} |`;
  });
  return [
    `## rapport ${verb.name}`,
    '',
    verb.description,
    '',
    '```sh',
    usageLine(verb, fields),
    ...verb.examples,
    '```',
    ...(rows.length === 0 ? [] : ['', '| option | default | takes | meaning |', '| --- | --- | --- | --- |', ...rows]),
  ].join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
