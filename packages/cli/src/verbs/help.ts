import { z } from 'zod';
import { describeMarkdown } from '../help/markdown.js';
import { describeOverview, describeVerb } from '../help/text.js';
import { defineVerb } from '../verb.js';
import { findVerb, loadVerb } from './index.js';

export default defineVerb({
  name: 'help',
  summary: 'this list, or the help of one command',
  description: 'Prints the list of commands, the help of the command named, or with --markdown the reference page.',
  examples: ['rapport help', 'rapport help config show', 'rapport help --markdown > docs/cli.md'],
  positionals: [],
  heeds: [],
  raw: true,
  options: () => z.object({ words: z.array(z.string()).describe('the command') }),
  async run(_context, { words }) {
    const help = await selectHelp(words);
    return { data: { help }, text: help };
  },
});

async function selectHelp(words: readonly string[]): Promise<string> {
  if (words.length === 0) return describeOverview();
  if (words[0] === '--markdown') return describeMarkdown();
  return describeVerb(await loadVerb(findVerb(words).name));
}
