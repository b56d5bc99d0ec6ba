import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import {
  boxSpace,
  type CameraView,
  checkPolicyFits,
  type EnvSpec,
  InputError,
  type PolicySignature,
  RandomStream,
} from '@rapport/core';
import { openDataset } from '@rapport/data';
import {
  clipPreferences,
  diffusionSignature,
  loadDiffusionPolicy,
  openPolicy,
  policyHash,
  type RolloutPreferences,
  rankingsOnly,
  type StoredDiffusionPolicy,
} from '@rapport/policy';
import { armLayout, makeEnv } from '@rapport/sim';
import { datasetFolder } from '../dataset-folder.js';
import { policyFolder } from '../learning/policy-folder.js';
import type { RewardSpec } from '../learning/policy-job.js';
import { readRewardSpec } from '../learning/reward-spec.js';
import type { Context } from '../verb.js';
import { program } from '../version.js';
import type { Ground } from './ground.js';
import type { AlignOptions } from './options.js';
import { queriesOfStart, rolloutsByStart } from './queries.js';
import { ledgerRankings, openRankingDesk, type RankingDesk } from './ranking.js';
import { rewardRankings } from './rewarding.js';
import { recordMatchedRollouts } from './rollouts.js';

/** What is aligned, and with what; all of it is known to fit before a run folder is made. */
export interface Sources {
  readonly folder: string;
  readonly stored: StoredDiffusionPolicy;
  readonly spec: EnvSpec;
  /** Folder of rollouts that are there already. */
  readonly dataset: string | undefined;
  readonly reward: { readonly name: string; readonly spec: RewardSpec } | undefined;
  /** Pictures to record with rollouts: what the policy looks at, and the first camera for people and rewards. */
  readonly cameras: readonly CameraView[];
}

/** Preferences, and where they come from. */
export interface GatheredPreferences {
  readonly preferences: RolloutPreferences;
  /** Rankings by annotators: the labels that were spent. */
  readonly labels: number;
  /** Rankings by a reward. */
  readonly synthetic: number;
}

/**
 * The part of an environment that a policy observes: one of an arm's own numbers, and pictures, asks for nothing else, so
 * that nothing else has to be measured on a robot.
 */
function observedPart(spec: EnvSpec, signature: PolicySignature | undefined): EnvSpec {
  const { entries } = spec.observationSpace;
  if (signature?.observationSize !== armLayout.end) return spec;
  return { ...spec, observationSpace: boxSpace(entries.slice(0, armLayout.end)) };
}

/**
 * Opens what an alignment needs.
 * @param isResumed whether an earlier try may have saved the policy already
 * @param onArm whether rollouts come from an arm, on which a policy may observe the arm alone
 * @throws InputError naming what is missing or does not fit
 */
export async function openSources(options: AlignOptions, isResumed: boolean, onArm = false): Promise<Sources> {
  const folder = policyFolder(options.policy);
  const stored = await loadDiffusionPolicy(folder);
  if (!isResumed) checkSave(options.save, folder);
  const { annotator, reward, clipsPerQuery, rolloutsPerStart, rollouts } = options;
  if (reward !== undefined && annotator !== undefined) {
    throw new InputError('both --reward and --annotator are given; one of them ranks the rollouts', {
      fix: `learn a reward from an annotator's rankings first: ${program} train reward`,
    });
  }
  if (reward === undefined && annotator === undefined && options.dataset === undefined) {
    throw new InputError('nothing says which rollouts are better', {
      fix: 'give --annotator human, --reward DIR, or --dataset DIR with rankings in the ledger',
    });
  }
  if (options.dataset === undefined && annotator !== undefined && clipsPerQuery > rolloutsPerStart) {
    throw new InputError(
      `a query shows ${clipsPerQuery} rollouts of one start, and there are ${rolloutsPerStart} of each`,
      { fix: 'raise --rollouts-per-start or lower --clips-per-query' },
    );
  }
  if (options.dataset === undefined && rollouts % rolloutsPerStart !== 0) {
    throw new InputError(`rollouts is ${rollouts}; expected a multiple of rolloutsPerStart, ${rolloutsPerStart}`);
  }
  const dataset = options.dataset === undefined ? undefined : datasetFolder(options.dataset);
  const recorded = dataset === undefined ? undefined : await openDataset(dataset);
  const envId = options.env ?? stored.envId ?? recorded?.envId;
  if (envId === undefined) {
    throw new InputError(`policy "${stored.name}" does not say which environment it was trained in`, {
      fix: 'name one with --env (rapport envs lists them)',
    });
  }
  if (recorded !== undefined && recorded.envId !== envId) {
    throw new InputError(`the rollouts in ${dataset} are of ${recorded.envId}; expected ${envId}`);
  }
  const env = await makeEnv(envId);
  env.close();
  const { policy } = await openPolicy(folder);
  await policy.close();
  const spec = onArm ? observedPart(env.spec, policy.signature) : env.spec;
  checkPolicyFits(policy, spec);
  const first = spec.cameras[0];
  const seen = diffusionSignature(stored.checkpoint.config, stored.cameras).cameras;
  const extra = options.picture === 0 || first === undefined || seen.some(({ camera }) => camera === first);
  const picture = { width: options.picture, height: options.picture };
  return {
    folder,
    stored,
    spec,
    dataset,
    reward: reward === undefined ? undefined : await readRewardSpec(reward, options.picture),
    cameras: extra ? seen : [{ camera: first, ...picture }, ...seen],
  };
}

/** @throws InputError when the aligned policy would be saved over its reference, or over anything else */
function checkSave(save: string | undefined, reference: string): void {
  if (save === undefined) return;
  const [target, source] = [resolve(save), resolve(reference)];
  if (target === source || target.startsWith(`${source}${sep}`) || source.startsWith(`${target}${sep}`)) {
    throw new InputError(`${save} is where the reference policy is; alignment never overwrites it`, {
      fix: 'name a new folder with --save',
    });
  }
  if (existsSync(target)) throw new InputError(`${save} is there already`, { fix: 'name a new folder with --save' });
}

/** A run that records rollouts. */
interface RecordingRun {
  readonly directory: string;
  /** When it began, milliseconds since 1970. */
  readonly startMs: number;
}

/**
 * Identity of the rollouts that a run records: in simulation the same policy, settings and seed give the same rollouts, on
 * an arm those of every run are others.
 */
function rolloutsId(
  { stored, spec }: Sources,
  options: AlignOptions,
  seed: number,
  live: RecordingRun | undefined,
): string {
  const made = [
    policyHash(stored.checkpoint),
    ...[options.rollouts, options.rolloutsPerStart, options.picture, seed],
    ...(live === undefined ? [] : [live.startMs]),
  ];
  const digest = createHash('sha256').update(JSON.stringify(made)).digest('hex');
  return `${spec.id.replaceAll(/[^A-Za-z0-9._-]+/g, '-')}-align-${digest.slice(0, 10)}`;
}

/**
 * Rolls the policy out unless there are rollouts, and has them ranked: by a person as they arrive, by the simulated
 * annotator, by a reward, or by whoever ranked them before.
 * @returns the folder of the rollouts, and the preferences about them
 * @throws InputError when there are no preferences, or they name rollouts that are not there
 */
export async function gatherPreferences(
  sources: Sources,
  options: AlignOptions,
  ground: Ground,
  run: RecordingRun,
  context: Pick<Context, 'seed' | 'signal' | 'work' | 'announce'>,
): Promise<GatheredPreferences & { readonly rollouts: string }> {
  const directory = sources.dataset ?? join(run.directory, 'rollouts');
  const { annotator } = options;
  const desk =
    annotator === undefined
      ? undefined
      : await openRankingDesk(annotator, { options, directory, startMs: run.startMs, ...context });
  try {
    if (sources.dataset === undefined)
      await recordAndAsk(sources, options, ground, desk, { ...run, directory }, context);
    else if (desk !== undefined) await askAboutAll(directory, options, desk, context.seed);
    await desk?.finish();
  } finally {
    await desk?.close();
  }
  const dataset = await openDataset(directory);
  if (sources.reward !== undefined) {
    const { rankings } = await rewardRankings(directory, sources.reward.spec, options.leastGap, context.work);
    return { rollouts: directory, preferences: rankingsOnly(rankings), labels: 0, synthetic: rankings.length };
  }
  const rankings = await ledgerRankings(options.ledger, dataset.id);
  if (rankings.length === 0) {
    throw new InputError(`the ledger has no rankings of the rollouts in ${directory}`, {
      fix: `rank them: ${program} rank ${directory}, or give --annotator or --reward`,
    });
  }
  const lengths = dataset.episodes.map(({ length }) => length);
  const preferences = clipPreferences(rankings, dataset.id, lengths);
  return { rollouts: directory, preferences, labels: rankings.length, synthetic: 0 };
}

async function recordAndAsk(
  sources: Sources,
  options: AlignOptions,
  ground: Ground,
  desk: RankingDesk | undefined,
  run: RecordingRun,
  { seed, work }: Pick<Context, 'seed' | 'work'>,
): Promise<void> {
  const { rolloutsPerStart, rollouts, queries, clipsPerQuery } = options;
  const starts = rollouts / rolloutsPerStart;
  const { directory } = run;
  const datasetId = rolloutsId(sources, options, seed, ground.live ? run : undefined);
  const stream = new RandomStream(seed, 'align/queries');
  const ask = async (start: number): Promise<void> => {
    if (desk === undefined) return;
    const dataset = await openDataset(directory);
    const own = dataset.episodes.slice(start * rolloutsPerStart, (start + 1) * rolloutsPerStart);
    for (const query of queriesOfStart(dataset, own, start, { starts, queries, clipsPerQuery }, stream)) {
      desk.ask(query);
    }
    if (ground.live) await desk.answered();
  };
  const settings = { policy: sources.folder, starts, rolloutsPerStart, cameras: sources.cameras };
  await recordMatchedRollouts(directory, ground, { ...settings, datasetId, seed }, ask, work);
}

/** Asks about rollouts that were there already, start by start. */
async function askAboutAll(directory: string, options: AlignOptions, desk: RankingDesk, seed: number): Promise<void> {
  const dataset = await openDataset(directory);
  const groups = rolloutsByStart(dataset);
  const stream = new RandomStream(seed, 'align/queries');
  const { queries, clipsPerQuery } = options;
  groups.forEach((group, start) => {
    const own = queriesOfStart(dataset, group, start, { starts: groups.length, queries, clipsPerQuery }, stream);
    for (const query of own) desk.ask(query);
  });
}
