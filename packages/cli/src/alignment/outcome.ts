import { formatTable } from '../output/table.js';
import type { Outcome } from '../verb.js';
import { program } from '../version.js';
import { type AlignReport, describePreferences, learnedRows } from './report.js';
import { cell, judgementTable } from './tables.js';

/** What an alignment leaves, as a command tells it. @param policy the reference, as it was named */
export function alignOutcome(policy: string, directory: string, report: AlignReport, page: string): Outcome {
  const { preferences, before, alignments, withoutGraph, heldOut } = report;
  const warnings = alignments.flatMap(({ objective, warnings: own }) =>
    own.map((one) => `warning: ${objective}: ${one}`),
  );
  const rows = judgementTable([
    ['before', before],
    ...alignments.flatMap(({ objective, after, change }) => [
      [objective, after] as const,
      ['  difference', change] as const,
    ]),
    ...(withoutGraph ?? []).map((one) => [`${one.policy}, without the graph`, one.judgement] as const),
  ]);
  return {
    data: { directory, ...report },
    text: [
      describePreferences(report),
      ...learnedLines(preferences.learned),
      '',
      rows.length === 0
        ? `nobody told how the ${heldOut} held-out rollouts of each policy went`
        : formatTable(['', 'preferred way', 'success', 'true score', 'N'], rows),
      ...(warnings.length > 0 ? ['', ...warnings] : []),
      '',
      `report: ${page}`,
      `policy: ${report.policy}`,
      ...(report.runCommand === undefined ? [] : [`run it: ${report.runCommand}`]),
      `what changed: ${program} policy diff ${policy} ${directory}`,
    ].join('\n'),
  };
}

/** How well the rewards that were learned order rollouts, and where they are. */
function learnedLines(learned: AlignReport['preferences']['learned']): string[] {
  if (learned === undefined) return [];
  const rows = learnedRows(learned, (interval) => `${cell(interval)}, N = ${interval.count}`);
  return ['', formatTable(['ordered right by the learned reward', ''], rows), `rewards: ${learned.folder}`];
}
