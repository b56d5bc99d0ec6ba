import { formatTable } from '../output/table.js';
import type { Outcome } from '../verb.js';
import { program } from '../version.js';
import type { AlignReport } from './report.js';
import { judgementTable } from './tables.js';

/** What an alignment leaves, as a command tells it. @param policy the reference, as it was named */
export function alignOutcome(policy: string, directory: string, report: AlignReport, page: string): Outcome {
  const { preferences, rollouts, before, alignments, withoutGraph, heldOut } = report;
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
      `${preferences.labels} rankings by annotators, ${preferences.synthetic} by a reward, of ${rollouts.count} rollouts`,
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
