import { join } from 'node:path';
import { throwIfAborted } from '@rapport/core';
import { openDataset, type RunFolder, writeDurably } from '@rapport/data';
import {
  type AlignmentConfig,
  type Demonstration,
  type DiffusionCheckpoint,
  DiffusionPolicy,
  diffusionShapes,
  diffusionSignature,
  evaluatePolicy,
  loadDiffusionPolicy,
  policyHash,
  readDemonstrations,
  type StoredDiffusionPolicy,
  saveDiffusionPolicy,
  selectionSeeds,
} from '@rapport/policy';
import { makeEnv } from '@rapport/sim';
import { datasetFolder } from '../dataset-folder.js';
import type { Context } from '../verb.js';
import type { FilmedPolicy, Ground } from './ground.js';
import { ALIGNED_FOLDER, runAlignmentJob } from './job.js';
import { compareOnStarts, type Judgement } from './judge.js';
import type { AlignOptions } from './options.js';
import { gatherPreferences } from './preferences.js';
import { type AlignedReport, type AlignReport, alignPage } from './report.js';
import type { Sources } from './sources.js';
import { alignmentWarnings } from './warnings.js';

/** Where the aligned policy is, below the run. */
const POLICY_FOLDER = 'policy';

/**
 * Rolls out, ranks, aligns with the objective and by fine-tuning on winners, and judges both beside the reference. Every
 * part leaves its result in the run folder: an interrupted run goes on where it stopped and ends with the same policy.
 * @returns the report and the path of its page
 */
export async function runAlign(
  sources: Sources,
  options: AlignOptions,
  ground: Ground,
  run: RunFolder,
  context: Context,
): Promise<{ readonly report: AlignReport; readonly page: string }> {
  const { stored, spec, folder } = sources;
  const { seed } = run.record;
  const place = { directory: run.directory, startMs: Date.parse(run.record.startedAt) };
  const gathered = await gatherPreferences(sources, options, ground, place, { ...context, seed });
  const rollouts = await readRollouts(gathered.rollouts, stored, context);
  const demonstrations =
    options.demonstrations === undefined
      ? undefined
      : await readRollouts(datasetFolder(options.demonstrations), stored, context);

  const judged: FilmedPolicy = { title: 'before', name: 'before', folder };
  const before = await judgeFolder(judged, ground, options, context);
  const alignments: AlignedReport[] = [];
  for (const config of objectivesOf(options.alignment)) {
    const directory = alignmentFolder(run, config);
    const record = await runAlignmentJob(
      directory,
      {
        reference: stored.checkpoint,
        rollouts,
        preferences: gathered.preferences,
        config,
        seed,
        ...(demonstrations && { demonstrations }),
        ...(options.monitorEpisodes > 0 && {
          evaluate: successDuring(sources, ground, options.monitorEpisodes, context),
        }),
      },
      { name: `aligned/${config.objective}`, envId: spec.id, ...(stored.cameras && { cameras: stored.cameras }) },
      context.work,
    );
    const after = await judgeFolder(alignedPolicy(run, config), ground, options, context);
    const change = before === null || after === null ? null : compareOnStarts(before, after);
    alignments.push({ ...record, after, change, warnings: alignmentWarnings(record, record.step, change) });
  }

  const kept = alignedPolicy(run, options.alignment);
  const aligned = await loadDiffusionPolicy(kept.folder);
  const policy = join(run.directory, POLICY_FOLDER);
  await saveDiffusionPolicy(policy, aligned);
  if (options.save !== undefined) await saveDiffusionPolicy(options.save, aligned);

  const withoutGraph = await judgeTwins(
    ground,
    [judged, ...objectivesOf(options.alignment).map((one) => alignedPolicy(run, one))],
    options,
    context,
  );
  const contact = ground.contact ?? ground.twin?.contact;
  const report: AlignReport = {
    format: 1,
    environment: spec.id,
    seed,
    reference: { name: stored.name, hash: policyHash(stored.checkpoint), folder },
    preferences: {
      labels: gathered.labels,
      synthetic: gathered.synthetic,
      source: describeSource(sources, options),
      ...(gathered.learned && { learned: { ...gathered.learned.learned, folder: gathered.learned.folder } }),
    },
    rollouts: { folder: gathered.rollouts, count: rollouts.length },
    config: options.alignment,
    alignments,
    before,
    heldOut: options.evaluationEpisodes,
    ...(withoutGraph && { withoutGraph }),
    ...(contact && { contact }),
    ...(ground.howToRun && { runCommand: ground.howToRun(policy) }),
    policy,
  };
  const films = await ground.film([judged, kept], options.evaluationEpisodes, context.work);
  await writeDurably(join(run.directory, 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
  const page = join(run.directory, 'report.html');
  await writeDurably(page, await alignPage(report, films));
  return { report, page };
}

/** The objective, and the baseline unless it is that itself. */
function objectivesOf(config: AlignmentConfig): AlignmentConfig[] {
  if (config.objective === 'winners') return [config];
  return [config, { ...config, objective: 'winners', safeguard: null }];
}

function alignmentFolder(run: RunFolder, { objective }: AlignmentConfig): string {
  return join(run.directory, 'alignments', objective);
}

/** The policy that an alignment has left. */
function alignedPolicy(run: RunFolder, config: AlignmentConfig): FilmedPolicy {
  return { title: 'after', name: config.objective, folder: join(alignmentFolder(run, config), ALIGNED_FOLDER) };
}

/** The episodes of a dataset, with pictures under the names that the policy has for its cameras. */
async function readRollouts(
  directory: string,
  { checkpoint: { config }, cameras: names }: StoredDiffusionPolicy,
  { work }: Context,
): Promise<readonly Demonstration[]> {
  const dataset = await openDataset(directory);
  const stateSize = diffusionShapes(config).stateSize;
  const cameras = diffusionSignature(config, names).cameras.map(({ camera }) => camera);
  // Without a folder for a cache the pictures are in memory: there is nothing to close.
  const { demonstrations } = await readDemonstrations(dataset, { ...work, stateSize, cameras });
  const features = diffusionShapes(config).cameras.map(({ feature }) => feature);
  const keys = cameras.map((camera) => dataset.cameras.find((one) => one.camera === camera)!.key);
  return demonstrations.map((one) => ({
    ...one,
    pictures: Object.fromEntries(features.map((feature, index) => [feature, one.pictures[keys[index]!]!])),
  }));
}

/** The same policies from the same starts without the graph, where that is asked for. */
async function judgeTwins(
  { twin }: Ground,
  policies: readonly FilmedPolicy[],
  options: AlignOptions,
  context: Context,
): Promise<AlignReport['withoutGraph']> {
  if (twin === undefined) return undefined;
  const judgements = [];
  for (const policy of policies) {
    const judgement = await judgeFolder(policy, twin, options, context);
    if (judgement !== null) judgements.push({ policy: policy.name, judgement });
  }
  return judgements;
}

async function judgeFolder(
  { folder, name }: FilmedPolicy,
  ground: Ground,
  { evaluationEpisodes }: AlignOptions,
  { work }: Context,
): Promise<Judgement | null> {
  throwIfAborted(work.signal);
  return ground.judge(folder, name, evaluationEpisodes, work);
}

/** Success and, where there are ways, the preferred share during alignment; on other starts than the evaluation's. */
function successDuring(
  { spec, stored: { cameras } }: Sources,
  { contact }: Ground,
  episodes: number,
  { signal }: Context,
) {
  return async (checkpoint: DiffusionCheckpoint): Promise<Record<string, number>> => {
    const env = await makeEnv(spec.id, contact === undefined ? {} : { contact });
    const name = 'during-alignment';
    const policy = await DiffusionPolicy.create(checkpoint, { name, ...(cameras && { cameras }) });
    const ways: boolean[] = [];
    try {
      const { success, score } = await evaluatePolicy({
        env,
        policy,
        seeds: selectionSeeds(episodes),
        signal,
        onEpisode: ({ privileged }) => {
          if (privileged.way !== undefined) ways.push(privileged.way.preferred);
        },
      });
      const preferred = ways.filter(Boolean).length / ways.length;
      return { success: success.mean, score: score.mean, ...(ways.length > 0 && { preferred }) };
    } finally {
      await policy.close();
      env.close();
    }
  };
}

function describeSource({ reward, dataset }: Sources, { annotator }: AlignOptions): string {
  if (reward !== undefined) return `rankings by the reward ${reward.name}, of rollouts from the same start`;
  if (annotator === 'simulated') return 'a simulated annotator with stated imperfections (simulated/ordinary)';
  if (annotator === 'human') return 'a person, in the viewer';
  return `the ledger's rankings of ${dataset}`;
}
