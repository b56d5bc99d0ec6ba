import type { Interval } from '@rapport/core';
import { lineChart } from '../report/line-chart.js';
import { escapeHtml, htmlInterval, htmlTable, renderPage } from '../report/page.js';
import type { PolicyDifference } from './difference.js';
import { filmFigures, type StartFilms } from './films.js';
import type { Judgement } from './judge.js';

/** What `report.json` of a comparison holds. */
export interface DifferenceReport extends PolicyDifference {
  readonly format: 1;
  readonly environment: string;
  readonly policies: readonly [first: PolicyName, second: PolicyName];
}

interface PolicyName {
  readonly name: string;
  readonly folder: string;
}

export const differenceColours = ['#2563c9', '#b4560a'] as const;

const percent = (value: number) => `${Math.round(100 * value)} %`;
const signed = (format: (value: number) => string) => (value: number) => `${value > 0 ? '+' : ''}${format(value)}`;
const two = (value: number) => value.toFixed(2);

/** @param pictures paths of both policies over each other, as SVG */
export function differencePage(
  report: DifferenceReport,
  pictures: readonly string[],
  films: readonly StartFilms[],
): Promise<string> {
  const { policies, first, ways } = report;
  const sections = [
    { title: 'On the same starts', body: judgements(report) },
    ...(ways === null ? [] : [{ title: 'Ways', body: wayTable(report, ways) }]),
    ...(pictures.length === 0 ? [] : [{ title: 'Paths', body: `<div class="plans">${pictures.join('\n')}</div>` }]),
    { title: 'Actions', body: actions(report) },
    ...(films.length === 0 ? [] : [{ title: 'Film strips', body: filmFigures(films) }]),
  ];
  return renderPage({
    title: `${policies[0].name} and ${policies[1].name}`,
    eyebrow: 'Rapport policy diff',
    lead: `What the second policy does otherwise than the first in ${report.environment}, on ${first.episodes.length} held-out starts that are the same for both.`,
    sections,
  });
}

function judgements({ policies, first, second, change }: DifferenceReport): string {
  const cells = ({ preferred, success, score }: Judgement) => [
    preferred === null ? 'none' : htmlInterval(preferred, percent),
    htmlInterval(success, percent),
    htmlInterval(score),
  ];
  const rows = [
    [`A: ${escapeHtml(policies[0].name)}`, ...cells(first)],
    [`B: ${escapeHtml(policies[1].name)}`, ...cells(second)],
    [
      'B - A',
      change.preferred === null ? 'none' : htmlInterval(change.preferred, signed(percent)),
      htmlInterval(change.success, signed(percent)),
      htmlInterval(change.score, signed(two)),
    ],
  ];
  return `${htmlTable(['Policy', 'Preferred way', 'Success', 'True score'], rows)}<p class="caption">95 % intervals: Wilson for shares, bootstrap over starts for scores and for differences on the same starts.</p>`;
}

function wayTable({ first }: DifferenceReport, ways: NonNullable<PolicyDifference['ways']>): string {
  const rows = ways.map(({ first: before, second, count }) => [
    escapeHtml(before),
    escapeHtml(second),
    `${count} of ${first.episodes.length}`,
  ]);
  return htmlTable(['A', 'B', 'Starts'], rows);
}

function actions({ actionDistance }: DifferenceReport): string {
  const points = actionDistance.map(({ step, distance }) => pointOf(step, distance));
  const lines = [{ name: 'distance of actions', colour: differenceColours[0], points }];
  return `<div class="charts">${lineChart({ xLabel: 'step of the episode', lines })}</div><p class="caption">Root of the mean square over the numbers of an action, in its units, mean over the starts that last so long, with 95 % intervals. At step 0 both see the same; later each is where its own actions took it.</p>`;
}

function pointOf(x: number, { mean, low, high }: Interval) {
  return { x, y: mean, low, high };
}
