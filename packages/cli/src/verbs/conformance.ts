import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { z } from 'zod';
import { EXIT_FAILED } from '../output/errors.js';
import { formatTable } from '../output/table.js';
import { defineVerb } from '../verb.js';

export default defineVerb({
  name: 'conformance',
  summary: 'replay traces recorded from an original and compare every number',
  description:
    'Replays a file of recorded traces in our own physics and prints, for each trace and column, the largest ' +
    'deviation, and whether the sequence of rewards is equal. The exit code is 1 when a trace is outside its gate: 1e-9 ' +
    'for solver steps in free motion, 1e-6 for pushes, 1e-5 for the rest.',
  examples: ['rapport conformance xmagical --traces tests/fixtures/xmagical/traces.json'],
  positionals: ['what'],
  heeds: [],
  options: () =>
    z.object({
      what: z.enum(['xmagical']).describe('the original to compare with'),
      traces: z.string().min(1).describe('JSON file of traces; tests/fixtures/xmagical/README.md says what it holds'),
    }),
  async run(_context, { traces: file }) {
    const { replayTraces } = await import('@rapport/sim');
    const report = replayTraces(await readFile(file, 'utf8'), basename(file));
    const columns = report.traces.flatMap((trace) =>
      trace.columns.map(({ name, largest, row }) => [trace.id, name, largest.toExponential(2), String(row)]),
    );
    const traces = report.traces.map(({ id, steps, rewardsEqual, largest, gate, tolerance, passed }) => [
      id,
      String(steps),
      rewardsEqual === undefined ? 'none' : rewardsEqual ? 'equal' : 'DIFFERENT',
      largest.toExponential(2),
      `${gate} ${tolerance.toExponential()}`,
      passed ? 'passed' : 'FAILED',
    ]);
    const failed = report.traces.filter(({ passed }) => !passed).length;
    return {
      data: report,
      text: [
        formatTable(['trace', 'column', 'largest deviation', 'at row'], columns),
        '',
        formatTable(['trace', 'steps', 'rewards', 'largest', 'gate', 'result'], traces),
        '',
        `${report.traces.length - failed} of ${report.traces.length} traces within their gates`,
      ].join('\n'),
      exitCode: report.passed ? 0 : EXIT_FAILED,
    };
  },
});
