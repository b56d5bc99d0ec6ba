import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { InputError } from '@rapport/core';
import { z } from 'zod';
import { EXIT_FAILED } from '../output/errors.js';
import { formatTable } from '../output/table.js';
import { type Context, defineVerb, type Outcome } from '../verb.js';
import { projectRoot } from '../version.js';

export default defineVerb({
  name: 'conformance',
  summary: 'do again what an original did, and compare every number',
  description:
    'xmagical: replays a file of recorded traces in our own physics and prints, for each trace and column, the largest ' +
    'deviation, and whether the sequence of rewards is equal; the gates are 1e-9 for solver steps in free motion, 1e-6 ' +
    'for pushes, 1e-5 for the rest. franka: does the first 1000 physics steps of an episode of every manipulation ' +
    'environment again, from the same model, start and controls, in the WebAssembly build alone (to the bit) and with ' +
    '--peer in native MuJoCo of the same version (1e-9). The exit code is 1 when something is outside its gate.',
  examples: [
    'rapport conformance xmagical --traces tests/fixtures/xmagical/traces.json',
    'rapport conformance franka --peer',
  ],
  positionals: ['what'],
  heeds: [],
  options: () =>
    z.object({
      what: z.enum(['xmagical', 'franka']).describe('what to compare'),
      traces: z
        .string()
        .min(1)
        .optional()
        .describe('for xmagical: JSON file of traces; tests/fixtures/xmagical/README.md says what it holds'),
      peer: z
        .boolean()
        .default(false)
        .describe('for franka: also run native MuJoCo, in a Python environment of its own'),
    }),
  async run(context, { what, traces, peer }) {
    if (what === 'franka') return compareFranka(context, peer);
    if (traces === undefined) {
      throw new InputError('conformance xmagical needs a file of traces', {
        fix: 'pass --traces tests/fixtures/xmagical/traces.json',
      });
    }
    return compareXMagical(traces);
  },
});

async function compareXMagical(file: string): Promise<Outcome> {
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
}

async function compareFranka({ work }: Context, peer: boolean): Promise<Outcome> {
  const { checkFrankaConformance } = await import('@rapport/benchmarks');
  const peersDirectory = join(projectRoot, '.rapport/peers');
  const report = await checkFrankaConformance({ ...work, peer, peersDirectory });
  const rows = report.scenes.map(({ id, steps, bare, native, passed }) => [
    id,
    String(steps),
    bare.deviation.toExponential(2),
    ...(native === undefined
      ? ['not run', '', '', '']
      : [
          native.deviation.toExponential(2),
          String(native.step),
          native.singleStep.toExponential(2),
          String(native.equalSteps),
        ]),
    passed ? 'passed' : 'FAILED',
  ]);
  const columns = [
    'scene',
    'steps',
    'build alone',
    'native, whole way',
    'at step',
    'one step',
    'equal steps',
    'result',
  ];
  const passed = report.scenes.filter((scene) => scene.passed).length;
  return {
    data: report,
    text: [
      formatTable(columns, rows),
      '',
      `${passed} of ${report.scenes.length} scenes: equal to the bit in the build alone${peer ? ', within 1e-9 in native MuJoCo' : ''}`,
      ...(peer
        ? [
            'one step: largest difference of single steps from the recorded states; equal steps: those that end in the same bits',
          ]
        : []),
    ].join('\n'),
    exitCode: report.passed ? 0 : EXIT_FAILED,
  };
}
