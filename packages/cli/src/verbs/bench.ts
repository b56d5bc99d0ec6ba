import { join } from 'node:path';
import { InputError, nearestName } from '@rapport/core';
import { z } from 'zod';
import { formatNumber, formatTable } from '../output/table.js';
import { defineVerb } from '../verb.js';
import { projectRoot } from '../version.js';

export default defineVerb({
  name: 'bench',
  summary: 'measure speed, and with --peer the Python original in the same run',
  description:
    'Runs one benchmark and prints what was measured beside what we aim at. With --peer the original does the same ' +
    'work in alternating rounds, in a Python environment of its own that is made below .rapport/peers; ratio is ours ' +
    'divided by the peer. Without a name it lists the benchmarks.',
  examples: ['rapport bench', 'rapport bench nn', 'rapport bench sim --peer'],
  positionals: ['what'],
  heeds: [],
  options: () =>
    z.object({
      what: z.string().optional().describe('name of the benchmark; without it they are listed'),
      peer: z.boolean().default(false).describe('also run the Python peer'),
      quick: z.boolean().default(false).describe('fewer rounds, for a quick look'),
    }),
  async run(context, { what, peer, quick }) {
    const { benchmarks } = await import('@rapport/benchmarks');
    if (what === undefined) {
      const list = benchmarks.map(({ name, summary }) => ({ name, summary }));
      return { data: { benchmarks: list }, text: formatTable(['name', 'measures'], list.map(Object.values)) };
    }
    const benchmark = benchmarks.find(({ name }) => name === what);
    if (benchmark === undefined) {
      const names = benchmarks.map(({ name }) => name);
      const near = nearestName(what, names);
      throw new InputError(`unknown benchmark "${what}"${near === undefined ? '' : `; did you mean "${near}"?`}`, {
        fix: `use one of: ${names.join(', ')}`,
      });
    }
    const peersDirectory = join(projectRoot, '.rapport/peers');
    const report = await benchmark.run({ ...context.work, peer, quick, peersDirectory });
    const rows = report.rows.map((row) => [
      row.name,
      formatNumber(row.ours),
      row.peer === undefined ? '' : formatNumber(row.peer),
      row.unit,
      row.ratio === undefined ? '' : row.ratio.toFixed(2),
      row.aim ?? '',
    ]);
    const table = formatTable(['name', 'ours', 'peer', 'unit', 'ratio', 'aim'], rows);
    return { data: report, text: [report.title, '', table, '', ...report.notes].join('\n').trimEnd() };
  },
});
