import type { Interval } from '@rapport/core';
import type { AlignmentConfig, AlignmentMonitor } from '@rapport/policy';
import type { CollisionThresholds } from '@rapport/sim';
import { type ChartLine, lineChart } from '../report/line-chart.js';
import { escapeHtml, htmlInterval, htmlTable, renderPage } from '../report/page.js';
import { filmFigures, type StartFilms } from './films.js';
import type { AlignmentRecord } from './job.js';
import type { Judgement, PairedDifference } from './judge.js';
import type { LearnedRewards } from './synthetic.js';

/** What `report.json` of an alignment holds. */
export interface AlignReport {
  readonly format: 1;
  readonly environment: string;
  readonly seed: number;
  readonly reference: { readonly name: string; readonly hash: string; readonly folder: string };
  /** Rankings by annotators, which are the labels spent, and by a reward; and the rewards, where they were learned here. */
  readonly preferences: {
    readonly labels: number;
    readonly synthetic: number;
    readonly source: string;
    readonly learned?: LearnedRewards & { readonly folder: string };
  };
  readonly rollouts: { readonly folder: string; readonly count: number };
  readonly config: AlignmentConfig;
  /** The objective asked for, and fine-tuning on winners beside it. */
  readonly alignments: readonly AlignedReport[];
  /** The reference on the same held-out starts; null, as what follows, where nobody tells how rollouts went. */
  readonly before: Judgement | null;
  /** Held-out starts of each judgement. */
  readonly heldOut: number;
  /** After rollouts on a ROS 2 graph: the same policies from the same starts in simulation, where that was asked for. */
  readonly withoutGraph?: readonly { readonly policy: string; readonly judgement: Judgement }[];
  /** When contacts ended simulated episodes, where the tasks' own thresholds did not count. */
  readonly contact?: CollisionThresholds;
  readonly policy: string;
  /** What runs the policy on an arm. */
  readonly runCommand?: string;
}

export interface AlignedReport extends AlignmentRecord {
  readonly after: Judgement | null;
  /** After minus before on the same starts. */
  readonly change: PairedDifference | null;
  readonly warnings: readonly string[];
}

const colours = {
  winners: '#1f7a4d',
  losers: '#b4560a',
  ranking: '#2563c9',
  implicit: '#8a4fbf',
  off: '#b3261e',
} as const;

export function alignPage(report: AlignReport, films: readonly StartFilms[]): Promise<string> {
  const { preferences, alignments, heldOut } = report;
  const [main] = alignments;
  const sections = [
    { title: 'Before and after', body: judgements(report) },
    ...(films.length === 0 ? [] : [{ title: 'The same starts, before and after', body: filmFigures(films) }]),
    ...(preferences.learned ? [{ title: 'What the reward learned', body: learnedTable(preferences.learned) }] : []),
    ...alignments.map((one) => ({ title: `During alignment: ${one.objective}`, body: monitors(one) })),
    { title: 'How this was made', body: settings(report) },
  ];
  return renderPage({
    title: `${report.environment}, aligned`,
    eyebrow: 'Rapport alignment',
    lead: `A diffusion policy was aligned with ${describePreferences(report)} by ${main!.objective}, and judged on ${heldOut} held-out starts.`,
    sections,
  });
}

/** How many rankings, by whom, of how many rollouts. */
export function describePreferences({ preferences, rollouts }: Pick<AlignReport, 'preferences' | 'rollouts'>): string {
  const { labels, synthetic, learned } = preferences;
  if (learned !== undefined) {
    const by = learned.members === 1 ? 'a reward that was' : `${learned.members} rewards that were`;
    return `${synthetic} rankings of its ${rollouts.count} rollouts by ${by} learned from ${labels} rankings by annotators`;
  }
  const spent = labels > 0 ? `${labels} rankings by annotators` : `${synthetic} rankings by a reward`;
  return `${spent} of ${rollouts.count} of its rollouts`;
}

/** How well learned rewards order what they rank: rows of names and intervals or shares. */
export function learnedRows(learned: LearnedRewards, format: (interval: Interval) => string): string[][] {
  const { learnedPairs, unseenPairs, waysRight } = learned;
  return [
    ['pairs of the annotators that it learned from', format(learnedPairs)],
    ['pairs of rollouts not learned from', unseenPairs === null ? 'too few starts ranked' : format(unseenPairs)],
    ['pairs of different ways, all rollouts', waysRight === null ? 'nobody tells ways' : percent(waysRight)],
  ];
}

function learnedTable(learned: NonNullable<AlignReport['preferences']['learned']>): string {
  const { kind, members, cameras, encoder, rankings, folder } = learned;
  const rows = learnedRows(learned, (interval) => `${htmlInterval(interval, percent)}, N = ${interval.count}`);
  const what = `${members} ${kind.toUpperCase()} rewards of ${rankings} rankings that state a preference, through ${cameras.join(', ')} (${encoder.kind}); their mean ranked all rollouts of each start. They are in ${folder}, one in each folder.`;
  return `${htmlTable(['Ordered right', ''], rows)}<p class="caption">${escapeHtml(what)} 95 % intervals (Wilson over pairs, which share rollouts). Not learned from: by single rewards, each learned without a fifth of the ranked starts and judged on these.</p>`;
}

const percent = (value: number) => `${Math.round(100 * value)} %`;
const describeContact = ({ force, moment, jointTorques }: CollisionThresholds) =>
  `${force} N and ${moment} N m on the tool; ${jointTorques.join(', ')} N m on the joints`;
const signed = (format: (value: number) => string) => (value: number) => `${value > 0 ? '+' : ''}${format(value)}`;
const two = (value: number) => value.toFixed(2);

function judgements({ before, alignments, heldOut, withoutGraph }: AlignReport): string {
  const rows = [
    ['Before', ...judgementCells(before)],
    ...alignments.flatMap(({ objective, after, change, step }) => [
      [`${escapeHtml(objective)} (step ${step})`, ...judgementCells(after)],
      ...(change === null ? [] : [['difference', ...changeCells(change)]]),
    ]),
    ...(withoutGraph ?? []).map(({ policy, judgement }) => [
      `${escapeHtml(policy)}, without the graph`,
      ...judgementCells(judgement),
    ]),
  ];
  const warnings = alignments.flatMap(({ objective, warnings: own }) => own.map((one) => `${objective}: ${one}`));
  const list = warnings.map((one) => `<li>${escapeHtml(one)}</li>`).join('');
  const told =
    before === null
      ? `<p>Nobody told how the ${heldOut} held-out rollouts of each policy went; their pictures are below.</p>`
      : htmlTable(['Policy', 'Preferred way', 'Success', 'True score'], rows);
  const note = `<p class="caption">N = ${heldOut} held-out starts, the same for all; 95 % intervals (Wilson for shares, bootstrap over starts for scores and differences). Fine-tuning on winners is the baseline for any objective.</p>`;
  return `${told}${note}${list === '' ? '' : `<h3>Warnings</h3><ul>${list}</ul>`}`;
}

function judgementCells(judgement: Judgement | null): string[] {
  if (judgement === null) return ['', '', ''];
  const { success, score, preferred } = judgement;
  return [
    preferred === null ? 'none' : htmlInterval(preferred, percent),
    htmlInterval(success, percent),
    htmlInterval(score),
  ];
}

function changeCells({ success, score, preferred }: PairedDifference): string[] {
  return [
    preferred === null ? 'none' : htmlInterval(preferred, signed(percent)),
    htmlInterval(success, signed(percent)),
    htmlInterval(score, signed(two)),
  ];
}

function monitors({ history }: AlignedReport): string {
  const line = (name: string, colour: string, read: (look: AlignmentMonitor) => number): ChartLine => ({
    name,
    colour,
    points: history.map((look) => ({ x: look.step, y: read(look) })),
  });
  const xLabel = 'step of alignment';
  const losses = [
    line('winners', colours.winners, (look) => look.winnerLoss / look.referenceWinnerLoss),
    line('losers', colours.losers, (look) => look.loserLoss / look.referenceLoserLoss),
  ];
  const shares = [
    line('ranking', colours.ranking, ({ rankingAccuracy }) => rankingAccuracy),
    line('implicit', colours.implicit, ({ implicitAccuracy }) => implicitAccuracy),
    line('off the data', colours.off, ({ offManifold }) => offManifold),
  ];
  const distance = [line('distance to the reference', colours.ranking, ({ referenceDistance }) => referenceDistance)];
  const tasks = [...new Set(history.flatMap(({ task }) => Object.keys(task)))];
  const taskLines = tasks.map((name, index) =>
    line(name, Object.values(colours)[index % 5]!, ({ task }) => task[name] ?? Number.NaN),
  );
  const charts = [
    lineChart({ xLabel, lines: losses, scale: 'logarithmic' }),
    lineChart({ xLabel, lines: shares, range: [0, 1] }),
    lineChart({ xLabel, lines: distance }),
    ...(taskLines.length === 0 ? [] : [lineChart({ xLabel, lines: taskLines, range: [0, 1] })]),
  ];
  return `<div class="charts">${charts.join('')}</div><p class="caption">Denoising losses relative to the reference’s; shares of pairs of which the policy gives the winner the lower loss (ranking) and whose winner gained more on the reference (implicit), and of sampled chunks off the demonstrated ones; distance of sampled chunks to the reference’s from the same noise, in normalised actions.</p>`;
}

function settings({ reference, preferences, rollouts, config, contact, seed, runCommand }: AlignReport): string {
  const { settings: more, ...main } = config;
  const shown = Object.entries({ ...main, ...more }).map(([key, value]) => [
    `<code>${escapeHtml(key)}</code>`,
    escapeHtml(String(value)),
  ]);
  return htmlTable(
    ['Setting', 'Value'],
    [
      ['Reference', `${escapeHtml(reference.name)} <code>${reference.hash.slice(0, 12)}</code>`],
      ['Preferences', escapeHtml(preferences.source)],
      ['Labels spent', String(preferences.labels)],
      ['Rollouts', `${rollouts.count} in ${escapeHtml(rollouts.folder)}`],
      ...(contact === undefined ? [] : [['Contacts end simulated episodes at', describeContact(contact)]]),
      ['Seed', String(seed)],
      ...(runCommand === undefined ? [] : [['Run it', `<code>${escapeHtml(runCommand)}</code>`]]),
      ...shown,
    ],
  );
}
