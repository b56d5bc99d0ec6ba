import type { Interval } from '@rapport/core';
import { ordinaryAnnotator } from '@rapport/reward';
import { compareOnStarts, type PairedDifference } from '../../alignment/judge.js';
import type { AlignmentCell } from './cell.js';
import type { AlignmentEvaluation } from './evaluation.js';
import { describeSaving, type LabelSaving, labelSaving } from './label-saving.js';
import type { AlignExperimentOptions } from './options.js';
import type { AlignmentOutcome } from './pipeline.js';

/** What `report.json` of the experiment holds. Intervals are 95 %, with N as `count`. */
export interface AlignExperimentReport {
  readonly format: 1;
  readonly environment: string;
  readonly seed: number;
  /** Demonstrations of each way. */
  readonly demonstrations: Readonly<Record<string, number>>;
  /** Rollouts of the cloned policy, and how many of them went each way; `none` failed. */
  readonly rollouts: Readonly<Record<string, number>>;
  readonly annotator: { readonly kind: 'simulated' | 'human'; readonly description: string };
  readonly encoder: { readonly kind: string; readonly hash: string };
  readonly before: AlignmentEvaluation;
  readonly cells: readonly ReportedCell[];
  /** Null where it cannot be told. */
  readonly labelSaving: LabelSaving | null;
  readonly settings: AlignExperimentOptions;
  readonly seconds: number;
}

/** An alignment and what it changed on the same starts. */
export interface ReportedCell extends AlignmentCell {
  /** After minus before. */
  readonly change: PairedDifference;
}

export function buildReport(
  outcome: AlignmentOutcome,
  options: AlignExperimentOptions,
  { seed, seconds }: { readonly seed: number; readonly seconds: number },
): AlignExperimentReport {
  const { before, cells, demonstrations, encoder } = outcome;
  const rollouts: Record<string, number> = {};
  for (const { way } of outcome.rollouts.rollouts) rollouts[way] = (rollouts[way] ?? 0) + 1;
  return {
    format: 1,
    environment: options.env,
    seed,
    demonstrations,
    rollouts,
    annotator: { kind: options.annotator, description: describeAnnotator(options.annotator) },
    encoder,
    before,
    cells: cells.map((cell) => ({ ...cell, change: compareOnStarts(before, cell.evaluation) })),
    labelSaving: labelSaving(before, cells),
    settings: options,
    seconds,
  };
}

/** Names of methods as a reader meets them. */
export function methodTitle(method: string): string {
  switch (method) {
    case 'rapl':
      return 'RAPL';
    case 'rlhf':
      return 'RLHF';
    case 'direct':
      return 'rankings alone';
    case 'winners':
      return 'fine-tuning on winners';
    case 'oracle':
      return 'true score';
    default:
      return method;
  }
}

/** Rows of the table of all alignments, as plain text. */
export function reportRows({ before, cells }: AlignExperimentReport): string[][] {
  const row = (name: string, rankings: string, evaluation: AlignmentEvaluation, reward: string, note: string) => [
    name,
    rankings,
    evaluation.preferred === null ? '' : plainInterval(evaluation.preferred),
    plainInterval(evaluation.success),
    percent(evaluation.offManifold.mean, 1),
    reward,
    note,
  ];
  return [
    row('before', '', before, '', ''),
    ...cells.map(({ method, rankings, evaluation, wayAccuracy, step, stopped }) =>
      row(
        methodTitle(method),
        rankings === 0 ? '' : String(rankings),
        evaluation,
        wayAccuracy === undefined ? '' : percent(wayAccuracy),
        stopped === undefined ? '' : `back to step ${step}`,
      ),
    ),
  ];
}

export const reportHead = ['method', 'rankings', 'preferred way', 'success', 'off the data', 'ways right', 'note'];

/** The report as Markdown: the table, and what is needed to read it. */
export function reportMarkdown(report: AlignExperimentReport): string {
  const { environment, seed, before, annotator, labelSaving: saving } = report;
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    `# ${environment}, seed ${seed}`,
    '',
    line(reportHead),
    line(reportHead.map(() => '---')),
    ...reportRows(report).map(line),
    '',
    `N = ${before.success.count} held-out starts, the same for all; 95 % Wilson intervals. Annotator: ${annotator.description}.`,
    `Ways right: of pairs of rollouts that differ in their way, the share that the learned reward orders right.`,
    '',
    describeSaving(saving),
    '',
  ].join('\n');
}

function describeAnnotator(kind: 'simulated' | 'human'): string {
  if (kind === 'human') return 'a person, in the viewer';
  const { temperature, tieMargin, mistakeRate } = ordinaryAnnotator;
  return (
    `simulated: sees the true score with Gumbel noise of scale ${temperature}, calls scores within ${tieMargin} equal, ` +
    `slips in ${100 * mistakeRate} % of the answers`
  );
}

function plainInterval({ mean, low, high }: Interval): string {
  return `${mean.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`;
}

export function percent(value: number, digits = 0): string {
  return `${(100 * value).toFixed(digits)} %`;
}
