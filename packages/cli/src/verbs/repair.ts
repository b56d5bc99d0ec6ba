import { z } from 'zod';
import { defineVerb } from '../verb.js';
import { program } from '../version.js';

export default defineVerb({
  name: 'repair',
  summary: 'write what can be read of a damaged bag to a new one, with index and metadata.yaml made anew',
  description:
    'Reads a rosbag2 folder or a bare .mcap file, whatever its state: cut off by a crash, without index or metadata.yaml, ' +
    'with damaged chunks. Every message before a damage, and after it where records can still be told apart, goes to a ' +
    'new bag with its three times, its definition and its quality of service. The bag itself is never changed. What was ' +
    'wrong is listed by file, record and byte.',
  examples: ['rapport repair recordings/cup recordings/cup-repaired'],
  positionals: ['bag', 'to'],
  heeds: [],
  options: () =>
    z.object({
      bag: z.string().min(1).describe('folder of the bag, or a .mcap file'),
      to: z.string().min(1).describe('folder of the new bag; it must not exist'),
    }),
  async run(context, { bag, to }) {
    const { repairBag } = await import('@rapport/data');
    const { metadata, problems } = await repairBag(bag, to, context.work);
    const seconds = Number(metadata.duration) / 1e9;
    const topics = metadata.topics.map(({ name, type, messageCount: messages }) => ({ name, type, messages }));
    return {
      data: { output: to, messages: metadata.messageCount, seconds, topics, problems },
      text: [
        ...(problems.length === 0 ? [`${bag} was whole`] : problems.map((problem) => `found: ${problem}`)),
        `${metadata.messageCount} messages, ${seconds.toFixed(3)} s, in ${to}`,
        `check it: ${program} validate ${to}`,
      ].join('\n'),
    };
  },
});
