import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Interval } from '@rapport/core';
import type { DemoReport, PolicyReport, ReportPictures, RewardReport } from './data.js';
import { escapeHtml } from './page.js';

const require = createRequire(import.meta.url);
const assets = new URL('../../assets/', import.meta.url);

/** The report as one page that needs nothing else: styles, script, charts and pictures are inside. */
export async function reportPage(report: DemoReport, pictures: ReportPictures): Promise<string> {
  const [style, script, chartStyle, chartScript] = await Promise.all([
    readFile(new URL('report.css', assets), 'utf8'),
    readFile(new URL('report.js', assets), 'utf8'),
    readFile(require.resolve('uplot/dist/uPlot.min.css'), 'utf8'),
    readFile(require.resolve('uplot/dist/uPlot.iife.min.js'), 'utf8'),
  ]);
  const data = JSON.stringify({ report, strips: pictures.strips }).replaceAll('<', '\\u003c');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Rapport: ${escapeHtml(report.environment)}, seed ${report.seed}</title>
<style>${chartStyle}\n${style}</style>
</head>
<body>
<main>
${header(report)}
${headline(report)}
${policySection(report, pictures)}
${rewardSection(report)}
${stripSection(pictures)}
${planSection(pictures)}
${settings(report)}
</main>
<script>${chartScript}</script>
<script type="application/json" id="data">${data}</script>
<script>${script}</script>
</body>
</html>
`;
}

function header(report: DemoReport): string {
  const { annotator, rollouts } = report;
  return `<header>
<p class="eyebrow">Rapport demo</p>
<h1>${escapeHtml(title(report.task))}, ${escapeHtml(report.embodiment)}</h1>
<p class="lead">${annotator.rankings} rankings by ${annotator.kind === 'human' ? 'a person' : 'a simulated annotator'} over ${
    rollouts.count - rollouts.heldOut
  } rollouts became a visual reward; a policy was trained on it and judged by the true preference score, which it never saw.</p>
</header>`;
}

/** The few numbers that matter. */
function headline(report: DemoReport): string {
  const rapl = report.rewards.find(({ name }) => name === 'rapl');
  const share = report.shareOfTrueReward.rapl;
  const before = report.policies.find(({ reward }) => reward === 'environment');
  const after = report.policies.find(({ reward }) => reward === 'rapl');
  const tiles = [
    before && tile('Before', score(before), 'true score, trained on the benchmark’s own reward'),
    after && tile('After', score(after), 'true score, trained on the RAPL reward'),
    share !== undefined &&
      tile('Of the true reward', percent(share), 'RAPL policy’s score over that of the true reward'),
    rapl?.pairAccuracy && tile('Held-out pairs', percent(rapl.pairAccuracy.mean), range(rapl.pairAccuracy, percent)),
    rapl && tile('Across videos', rapl.acrossVideos.mean.toFixed(2), `Spearman, ${range(rapl.acrossVideos, two)}`),
  ];
  return `<section class="tiles">${tiles.filter(Boolean).join('\n')}</section>`;
}

function tile(label: string, value: string, note: string): string {
  return `<div class="tile"><span class="label">${escapeHtml(label)}</span><span class="value">${escapeHtml(value)}</span><span class="note">${escapeHtml(note)}</span></div>`;
}

function policySection(report: DemoReport, pictures: ReportPictures): string {
  const rows = report.policies.map((policy) => {
    const { score: mean, success, return: total } = policy.final;
    return `<tr><th scope="row">${dot(policy.reward)}${escapeHtml(rewardTitle(policy.reward))}</th><td>${interval(mean)}</td><td>${interval(success, percent)}</td><td>${interval(total, one)}</td><td>${policy.steps.toLocaleString('en')}</td></tr>`;
  });
  const clips = pictures.clips.map(
    (clip) =>
      `<figure class="clip"><div class="film" role="img" aria-label="${escapeHtml(clip.title)}" data-frames="${clip.frames}" data-fps="${clip.fps}" style="background-image:url(${clip.sheet})"></div><figcaption><b>${escapeHtml(clip.title)}</b><br>${escapeHtml(clip.caption)}</figcaption></figure>`,
  );
  return `<section>
<h2>The policy, before and after</h2>
<div class="clips">${clips.join('\n')}</div>
<div class="controls"><button id="play" type="button">Pause</button><input id="scrub" type="range" min="0" max="1000" value="0" aria-label="Position in the clips"></div>
<div class="chart" id="learning"></div>
<p class="caption">True preference score on held-out starts during training; bands are 95 % intervals over episodes.</p>
<table><thead><tr><th scope="col">Trained on</th><th scope="col">True score</th><th scope="col">Success</th><th scope="col">Benchmark return</th><th scope="col">Steps</th></tr></thead><tbody>${rows.join('\n')}</tbody></table>
<p class="caption">Means over N = ${report.policies[0]?.final.score.count ?? 0} held-out starts with 95 % intervals (bootstrap; Wilson for success).</p>
</section>`;
}

function rewardSection(report: DemoReport): string {
  const rows = report.rewards.map(
    (reward) =>
      `<tr><th scope="row">${dot(reward.name)}${escapeHtml(rewardTitle(reward.name))}</th><td>${reward.pairAccuracy ? interval(reward.pairAccuracy, percent) : 'none'}</td><td>${interval(reward.truePairAccuracy, percent)}</td><td>${interval(reward.acrossVideos)}</td><td>${reward.withinVideo ? interval(reward.withinVideo) : 'none'}</td><td>${reward.calibrationError.toFixed(3)}</td></tr>`,
  );
  return `<section>
<h2>The learned reward</h2>
<table><thead><tr><th scope="col">Reward</th><th scope="col">Held-out pairs</th><th scope="col">True pairs</th><th scope="col">Across videos</th><th scope="col">Within a video</th><th scope="col">Calibration error</th></tr></thead><tbody>${rows.join('\n')}</tbody></table>
<p class="caption">On ${report.rollouts.heldOut} rollouts that no query showed. Pairs: share ordered as the annotator did, and as the true score does. Across, within: Spearman’s correlation with the true score.</p>
<div class="row"><div><h3>Label efficiency</h3><div class="chart" id="efficiency"></div><p class="caption">Held-out pair accuracy against rankings used.</p></div>
<div><h3>Calibration</h3><div class="chart" id="calibration"></div><p class="caption">How often the annotator agreed, against the probability that the reward gave.</p></div></div>
${report.rewards.map(worstTable).join('\n')}
</section>`;
}

function worstTable(reward: RewardReport): string {
  if (reward.worst.length === 0) return '';
  const items = reward.worst.map(
    ({ preferredEpisode, otherEpisode, probability, command }) =>
      `<li>rollout ${preferredEpisode} preferred to ${otherEpisode}, probability ${two(probability)}<br><code>${escapeHtml(command)}</code></li>`,
  );
  return `<details><summary>Preferences that ${escapeHtml(rewardTitle(reward.name))} explains worst, and commands that open them in the viewer</summary><ol>${items.join('')}</ol></details>`;
}

function stripSection({ strips }: ReportPictures): string {
  if (strips.length === 0) return '';
  const figures = strips.map(
    (strip, index) =>
      `<figure class="strip"><figcaption><b>${escapeHtml(strip.title)}</b></figcaption><img src="${strip.film}" alt="Frames of ${escapeHtml(strip.title)}, first to last"><div class="chart small" id="strip-${index}"></div></figure>`,
  );
  return `<section><h2>Reward along held-out rollouts</h2>${figures.join('\n')}<p class="caption">Each line is scaled to its own range over all rollouts shown; the true score is what the rewards should follow.</p></section>`;
}

function planSection({ plans }: ReportPictures): string {
  if (plans.length === 0) return '';
  const figures = plans.map(
    (plan) =>
      `<figure class="plan"><img src="${plan.picture}" alt="${escapeHtml(plan.title)}"><figcaption><b>${escapeHtml(plan.title)}</b><br>${escapeHtml(plan.caption)}</figcaption></figure>`,
  );
  return `<section><h2>Transport plans</h2><div class="plans">${figures.join('\n')}</div><p class="caption">Frames of the rollout run down, frames of the preferred video across. Dark is much mass. A diagonal says that the rollout does the same things in the same order; the larger the regularization, the more the mass is spread out.</p></section>`;
}

function settings(report: DemoReport): string {
  const seconds = Object.entries(report.seconds).map(([stage, value]) => `${escapeHtml(stage)} ${value.toFixed(0)} s`);
  return `<section class="settings"><h2>How this was made</h2><dl>
<dt>Environment</dt><dd><code>${escapeHtml(report.environment)}</code>, seed ${report.seed}</dd>
<dt>Annotator</dt><dd>${escapeHtml(report.annotator.description)}; ${report.annotator.queries} queries, ${report.annotator.rankings} rankings</dd>
<dt>Rollouts</dt><dd>${report.rollouts.count}, of which ${report.rollouts.heldOut} held out; mean true score ${interval(report.rollouts.meanScore)}</dd>
<dt>Encoder</dt><dd>${escapeHtml(report.encoder.description)} <code>${escapeHtml(report.encoder.kind)} ${report.encoder.hash.slice(0, 12)}</code></dd>
<dt>Time</dt><dd>${seconds.join(', ')}</dd>
</dl></section>`;
}

/** Names of rewards as a reader meets them. */
function rewardTitle(name: string): string {
  switch (name) {
    case 'rapl':
      return 'RAPL';
    case 'rlhf':
      return 'RLHF';
    case 'true':
      return 'True score';
    case 'environment':
      return 'Benchmark’s own reward';
    default:
      return name;
  }
}

function title(task: string): string {
  return task.charAt(0).toUpperCase() + task.slice(1);
}

function dot(name: string): string {
  return `<span class="dot ${escapeHtml(name)}"></span>`;
}

function score(policy: PolicyReport): string {
  return two(policy.final.score.mean);
}

function interval(value: Interval, format: (number: number) => string = two): string {
  return `${format(value.mean)} <span class="range">${range(value, format)}</span>`;
}

function range(value: Interval, format: (number: number) => string): string {
  return `${format(value.low)} to ${format(value.high)}`;
}

const two = (value: number) => value.toFixed(2);
const one = (value: number) => value.toFixed(1);
const percent = (value: number) => `${Math.round(100 * value)} %`;
