import { z } from 'zod';
import { UsageError } from '../config/usage-error.js';
import { describeValues } from '../help/text.js';
import { resolveVerb } from '../run.js';
import { defineVerb } from '../verb.js';
import { findVerb, loadVerb } from './index.js';

export default defineVerb({
  name: 'config show',
  summary: 'every option of a command: its value, where it came from, what it means',
  description:
    'Resolves the options of a command exactly as the command would (default, then file, then command line) and ' +
    'prints them without running it.',
  examples: ['rapport config show rollout ENV --episodes 5', 'rapport config show rollout --config my.yaml'],
  positionals: [],
  heeds: [],
  raw: true,
  options: () => z.object({ words: z.array(z.string()).describe('the command and its options') }),
  async run(context, { words }) {
    if (words.length === 0)
      throw new UsageError('config show needs the name of a command', { fix: 'rapport help lists them' });
    const { name, rest } = findVerb(words);
    const { values } = await resolveVerb(await loadVerb(name), rest, context.configFile);
    const text = values.length === 0 ? `rapport ${name} takes no options` : describeValues(values);
    return { data: { command: name, values }, text };
  },
});
