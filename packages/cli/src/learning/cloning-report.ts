import { join } from 'node:path';
import { recordEpisode, throwIfAborted, type WorkOptions } from '@rapport/core';
import { writeDurably } from '@rapport/data';
import { type Evaluation, evaluatePolicy, evaluationSeeds, openPolicy } from '@rapport/policy';
import { makeEnv } from '@rapport/sim';
import { lineChart } from '../report/line-chart.js';
import { escapeHtml, htmlInterval, htmlTable, renderPage } from '../report/page.js';
import { filmStrip } from '../report/pictures.js';
import type { CloningJob, CloningResult } from './cloning-job.js';
import { BEST_FOLDER, type CloningPoint } from './cloning-record.js';
import { POLICY_FOLDER } from './policy-job.js';

/** Rollouts of the final policy that the report shows, pictures of each, and their side in pixels. */
const FILMS = { count: 6, pictures: 10, side: 112 };

/** How a trained policy does on starts by which nothing was chosen. */
interface Judged {
  readonly title: string;
  readonly step: number;
  readonly evaluation: Evaluation;
}

interface Film {
  readonly title: string;
  /** Data URI. */
  readonly strip: string;
}

/** What `report.json` holds. */
export interface CloningReport extends CloningResult {
  readonly env: string | null;
  readonly dataset: string;
  readonly seed: number;
  readonly config: CloningJob['config'];
  /** On the starts of `rapport eval`; without rollouts there are none. */
  readonly final: readonly Judged[];
}

/**
 * Judges the last and the best policy of a finished job on held-out starts by which neither was chosen, and writes
 * `report.json` and `report.html` with the curves and film strips of the last one.
 * @returns the path of the page and the judgements
 */
export async function writeCloningReport(
  directory: string,
  job: CloningJob,
  result: CloningResult,
  work: WorkOptions,
): Promise<{ readonly page: string; readonly final: readonly Judged[] }> {
  const { envId, dataset, seed, config } = job;
  const final = envId === undefined ? [] : await judge(job, envId, result, work);
  const films = envId === undefined ? [] : await filmLast(job, envId, work);
  const report: CloningReport = { ...result, env: envId ?? null, dataset, seed, config, final };
  await writeDurably(join(directory, 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
  const page = join(directory, 'report.html');
  await writeDurably(page, await pageOf(report, films));
  return { page, final };
}

async function judge(job: CloningJob, envId: string, result: CloningResult, work: WorkOptions): Promise<Judged[]> {
  const seeds = evaluationSeeds(job.config.evaluationEpisodes);
  const lastStep = job.config.steps;
  const candidates = [{ title: 'last', folder: POLICY_FOLDER, step: lastStep }];
  if (result.bestStep !== lastStep) candidates.push({ title: 'best', folder: BEST_FOLDER, step: result.bestStep });
  const env = await makeEnv(envId);
  try {
    const judged: Judged[] = [];
    for (const { title, folder, step } of candidates) {
      const { policy } = await openPolicy(join(job.directory, folder));
      judged.push({ title, step, evaluation: await evaluatePolicy({ ...work, env, policy, seeds }) });
      await policy.close();
    }
    return judged;
  } finally {
    env.close();
  }
}

/** Rolls the last policy out once more, with pictures; nothing is filmed where there is no camera. */
async function filmLast(job: CloningJob, envId: string, work: WorkOptions): Promise<Film[]> {
  const env = await makeEnv(envId);
  const { policy } = await openPolicy(join(job.directory, POLICY_FOLDER));
  try {
    const camera = env.spec.cameras[0];
    if (camera === undefined) return [];
    const films: Film[] = [];
    for (const seed of evaluationSeeds(Math.min(FILMS.count, job.config.evaluationEpisodes))) {
      throwIfAborted(work.signal);
      const cameras = [{ camera, width: FILMS.side, height: FILMS.side }];
      const { episode, privileged } = await recordEpisode(env, policy, { seed, cameras });
      const seconds = (episode.length / env.spec.controlHz).toFixed(1);
      films.push({
        title: `start ${films.length + 1}: ${privileged.success ? 'success' : 'failure'} after ${seconds} s`,
        strip: filmStrip(episode.frames[0]!, episode.length, FILMS.pictures),
      });
    }
    return films;
  } finally {
    env.close();
    await policy.close();
  }
}

const colours = { training: '#2563c9', heldOut: '#b4560a', success: '#1f7a4d', score: '#8a4fbf' } as const;

function pageOf(report: CloningReport, films: readonly Film[]): Promise<string> {
  const { env, curve, episodes, config, final, parameters } = report;
  const seen = config.cameras.length === 0 ? 'states' : `states and pictures (${config.cameras.join(', ')})`;
  const sections = [{ title: 'Learning curves', body: curves(curve) }];
  if (final.length > 0) sections.push({ title: 'On held-out starts', body: judgements(report) });
  if (films.length > 0) sections.push({ title: 'Rollouts of the last policy', body: filmFigures(films) });
  sections.push({ title: 'How this was made', body: settings(report) });
  return renderPage({
    title: env ?? 'Behaviour cloning',
    eyebrow: 'Rapport behaviour cloning',
    lead: `A diffusion policy of ${seen}, ${parameters.toLocaleString('en')} numbers, learned from ${episodes.training} episodes in ${config.steps.toLocaleString('en')} steps; ${episodes.heldOut} episodes were held out.`,
    sections,
  });
}

function curves(curve: readonly CloningPoint[]): string {
  const line = (name: string, colour: string, read: (point: CloningPoint) => number | undefined) => ({
    name,
    colour,
    points: curve.flatMap((point) => {
      const y = read(point);
      return y === undefined ? [] : [{ x: point.step, y }];
    }),
  });
  const losses = [
    line('training loss', colours.training, ({ trainLoss }) => trainLoss),
    line('held-out loss', colours.heldOut, ({ validationLoss }) => validationLoss),
  ].filter(({ points }) => points.length > 0);
  const share = (name: 'success' | 'score', title: string) => ({
    name: title,
    colour: colours[name],
    points: curve.flatMap(({ step, [name]: interval }) =>
      interval === undefined ? [] : [{ x: step, y: interval.mean, low: interval.low, high: interval.high }],
    ),
  });
  const shares = [share('success', 'success'), share('score', 'true score')].filter(({ points }) => points.length > 0);
  const charts = [lineChart({ xLabel: 'gradient step', lines: losses, scale: 'logarithmic' })];
  if (shares.length > 0) charts.push(lineChart({ xLabel: 'gradient step', lines: shares, range: [0, 1] }));
  const count = curve[0]?.success?.count;
  const caption =
    count === undefined
      ? 'The held-out loss is of averaged weights.'
      : `The held-out loss and the rollouts are of averaged weights; bands are 95 % intervals over N = ${count} held-out starts, the same at each step, by which the best policy is chosen.`;
  return `<div class="charts">${charts.join('')}</div><p class="caption">${caption}</p>`;
}

function judgements({ final }: CloningReport): string {
  const rows = final.map(({ title, step, evaluation }) => [
    `${title} (step ${step.toLocaleString('en')})`,
    htmlInterval(evaluation.success),
    htmlInterval(evaluation.score),
  ]);
  const count = final[0]!.evaluation.success.count;
  return `${htmlTable(['Policy', 'Success', 'True score'], rows)}<p class="caption">N = ${count} starts of <code>rapport eval</code>, by which nothing was chosen; 95 % intervals (Wilson for success, bootstrap for the score).</p>`;
}

function filmFigures(films: readonly Film[]): string {
  return films
    .map(
      ({ title, strip }) =>
        `<figure class="strip"><figcaption><b>${escapeHtml(title)}</b></figcaption><img src="${strip}" alt="Frames of ${escapeHtml(title)}, first to last"></figure>`,
    )
    .join('\n');
}

function settings({ dataset, seed, config }: CloningReport): string {
  const shown = Object.entries(config).map(([key, value]) => [
    `<code>policy.${escapeHtml(key)}</code>`,
    escapeHtml(Array.isArray(value) ? value.join(', ') || 'none' : String(value)),
  ]);
  return htmlTable(['Setting', 'Value'], [['Demonstrations', escapeHtml(dataset)], ['Seed', String(seed)], ...shown]);
}
