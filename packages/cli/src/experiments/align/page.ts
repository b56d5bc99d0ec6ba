import type { Interval } from '@rapport/core';
import { filmFigures, type StartFilms } from '../../alignment/films.js';
import { type ChartLine, lineChart } from '../../report/line-chart.js';
import { escapeHtml, htmlInterval, htmlTable, renderPage } from '../../report/page.js';
import { describeSaving } from './label-saving.js';
import { type AlignExperimentReport, methodTitle, percent, type ReportedCell } from './report.js';

/** CSS colours of the methods in charts. */
const colours: Readonly<Record<string, string>> = {
  rapl: '#2563c9',
  rlhf: '#b4560a',
  direct: '#8a4fbf',
  winners: '#1f7a4d',
  oracle: '#5b6776',
};

/** The experiment's report as one page that needs nothing else. */
export function experimentPage(report: AlignExperimentReport, films: readonly StartFilms[]): Promise<string> {
  const { environment, before, rollouts } = report;
  const count = Object.values(rollouts).reduce((sum, one) => sum + one, 0);
  return renderPage({
    title: `${environment}: the preferred way`,
    eyebrow: 'Rapport experiment: alignment',
    lead: `A diffusion policy that has learned several ways to do its task was rolled out ${count} times; ${
      report.annotator.kind === 'human' ? 'a person' : 'a simulated annotator'
    } ranked some of the rollouts, and the policy was aligned with these rankings. It is judged on ${before.success.count} held-out starts.`,
    sections: [
      { title: 'The preferred way, before and after', body: shares(report) },
      ...(films.length === 0 ? [] : [{ title: 'The same starts, before and after', body: filmFigures(films) }]),
      { title: 'How many labels it takes', body: `<p>${escapeHtml(describeSaving(report.labelSaving))}</p>` },
      { title: 'During alignment', body: monitors(report) },
      { title: 'How this was made', body: settings(report) },
    ],
  });
}

function shares(report: AlignExperimentReport): string {
  const { before, cells } = report;
  const signed = (value: number) => `${value > 0 ? '+' : ''}${percent(value)}`;
  const orNone = (interval: Interval | null, format: (value: number) => string) =>
    interval === null ? 'none' : htmlInterval(interval, format);
  const rows = [
    ['before', '', orNone(before.preferred, percent), '', htmlInterval(before.success, percent), '', '', ''],
    ...cells.map(({ method, rankings, evaluation, change, wayAccuracy }) => [
      escapeHtml(methodTitle(method)),
      rankings === 0 ? '' : String(rankings),
      orNone(evaluation.preferred, percent),
      orNone(change.preferred, signed),
      htmlInterval(evaluation.success, percent),
      htmlInterval(change.success, signed),
      percent(evaluation.offManifold.mean, 1),
      wayAccuracy === undefined ? '' : percent(wayAccuracy),
    ]),
  ];
  rows[0]![6] = percent(before.offManifold.mean, 1);
  const head = ['Method', 'Rankings', 'Preferred way', 'change', 'Success', 'change', 'Off the data', 'Ways right'];
  return `${chart(report)}${htmlTable(head, rows)}<p class="caption">N = ${before.success.count} held-out starts, the same for all; 95 % intervals (Wilson for shares, bootstrap over starts for changes). Off the data: executed chunks farther from the demonstrated ones than 99 % of these, or of the cloned policy’s, are. Ways right: of pairs of rollouts of one start that differ in their way, the share that the learned reward orders right. Fine-tuning on winners is the baseline for any objective.</p>`;
}

/** Share of the preferred way against the number of rankings. */
function chart({ before, cells }: AlignExperimentReport): string {
  const methods = [...new Set(cells.map(({ method }) => method))].filter((method) => method !== 'oracle');
  const start = { x: 0, y: before.preferred?.mean ?? 0 };
  const lines = methods.map(
    (method): ChartLine => ({
      name: methodTitle(method),
      colour: colours[method]!,
      points: [
        start,
        ...cells
          .filter((cell) => cell.method === method)
          .flatMap(({ rankings, evaluation: { preferred } }) =>
            preferred === null ? [] : [{ x: rankings, y: preferred.mean }],
          ),
      ],
    }),
  );
  return `<div class="charts">${lineChart({ xLabel: 'rankings; height: share of the preferred way', lines, range: [0, 1] })}</div>`;
}

function monitors({ cells }: AlignExperimentReport): string {
  const rows = cells.flatMap((cell) => lastLook(cell));
  const head = ['Method', 'Rankings', 'Used', 'Step kept', 'Winners’ loss', 'Losers’ loss', 'Ranked right', 'Implicit'];
  return `${htmlTable(head, rows)}<p class="caption">At the last look: denoising losses relative to the cloned policy’s, the share of pairs of which the policy gives the winner the lower loss, and of those whose winner gained more. Used: rankings of rollouts that the policy was aligned with. A policy whose losses or samples leave the data goes back to the last look that found it there.</p>`;
}

function lastLook({ method, rankings, used, step, stopped, looks }: ReportedCell): string[][] {
  const look = looks.at(-1);
  if (look === undefined) return [];
  const kept = stopped === undefined ? String(step) : `${step}: ${escapeHtml(stopped)}`;
  return [
    [
      escapeHtml(methodTitle(method)),
      rankings === 0 ? '' : String(rankings),
      String(used),
      kept,
      (look.winnerLoss / look.referenceWinnerLoss).toFixed(2),
      (look.loserLoss / look.referenceLoserLoss).toFixed(2),
      percent(look.rankingAccuracy),
      percent(look.implicitAccuracy),
    ],
  ];
}

function settings(report: AlignExperimentReport): string {
  const counted = (counts: Readonly<Record<string, number>>) =>
    escapeHtml(
      Object.entries(counts)
        .map(([way, count]) => `${way} ${count}`)
        .join(', '),
    );
  const { environment, seed, annotator, encoder, settings: options, seconds } = report;
  return htmlTable(
    ['', ''],
    [
      ['Environment', `<code>${escapeHtml(environment)}</code>, seed ${seed}`],
      ['Annotator', escapeHtml(annotator.description)],
      ['Demonstrations', counted(report.demonstrations)],
      ['Rollouts of the cloned policy', counted(report.rollouts)],
      ['Encoder', `<code>${escapeHtml(encoder.kind)} ${encoder.hash.slice(0, 12)}</code>`],
      ['Settings', `<code>${escapeHtml(JSON.stringify(options))}</code>`],
      ['Time', `${(seconds / 60).toFixed(1)} min`],
    ],
  );
}
