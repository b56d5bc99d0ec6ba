import { z } from 'zod';
import { ledgerOption, openExistingLedger } from '../ledger.js';
import { startRun } from '../run-folder.js';
import { defineVerb } from '../verb.js';

export default defineVerb({
  name: 'feedback export',
  summary: 'write the feedback ledger as JSON lines and Parquet',
  description:
    'Copies every entry of the ledger, undos included and in the order in which they were given, to ' +
    'feedback.jsonl (one entry a line) and feedback.parquet (one row an entry) in a new folder below outputs/.',
  examples: ['rapport feedback export', 'rapport feedback export --annotator human/annotator-1 --formats parquet'],
  positionals: [],
  heeds: ['output'],
  options: () =>
    z.object({
      ledger: ledgerOption,
      annotator: z.string().min(1).optional().describe('only entries of this annotator'),
      formats: z
        .array(z.enum(['jsonl', 'parquet']))
        .min(1)
        .default(['jsonl', 'parquet'])
        .describe('file formats to write'),
    }),
  async run(context, { ledger: chosen, annotator, formats }) {
    const { exportFeedback } = await import('@rapport/data');
    const ledger = await openExistingLedger(chosen);
    try {
      const entries = await ledger.entries(annotator === undefined ? {} : { annotator });
      const { directory } = await startRun(context, 'ledger');
      const files: string[] = [];
      for (const format of formats) files.push(await exportFeedback(entries, directory, format));
      return {
        data: { ledger: ledger.label, entries: entries.length, files },
        text: [`${entries.length} entries of ${ledger.label}`, ...files].join('\n'),
      };
    } finally {
      await ledger.close();
    }
  },
});
