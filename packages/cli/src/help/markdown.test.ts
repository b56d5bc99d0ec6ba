import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { wholeSchema } from '../config/common.js';
import { listFields } from '../config/fields.js';
import { loadVerb, verbNames } from '../verbs/index.js';
import { projectRoot } from '../version.js';
import { describeMarkdown } from './markdown.js';

it('regenerates docs/cli.md without a difference (./rapport help --markdown > docs/cli.md)', async () => {
  expect(readFileSync(join(projectRoot, 'docs/cli.md'), 'utf8')).toBe(`${await describeMarkdown()}\n`);
});

it.each(verbNames)('describes %s and each of its options', async (name) => {
  const verb = await loadVerb(name);
  expect(verb.name).toBe(name);
  expect(verb.summary.length).toBeLessThan(100);
  expect(verb.examples.length).toBeGreaterThan(0);
  for (const example of verb.examples) expect(example.startsWith(`rapport ${name}`)).toBe(true);
  const fields = listFields(await wholeSchema(verb));
  for (const { key, meaning } of fields) expect(meaning, key).not.toBe('');
  for (const key of verb.positionals) expect(fields.map((field) => field.key)).toContain(key);
});
