import { existsSync } from 'node:fs';
import { resolve, sep } from 'node:path';
import { boxSpace, checkPolicyFits, type EnvSpec, InputError, type PolicySignature } from '@rapport/core';
import { type Dataset, openDataset } from '@rapport/data';
import { diffusionSignature, loadDiffusionPolicy, openPolicy, type StoredDiffusionPolicy } from '@rapport/policy';
import { armLayout, makeEnv } from '@rapport/sim';
import { datasetFolder } from '../dataset-folder.js';
import { policyFolder } from '../learning/policy-folder.js';
import type { RewardSpec } from '../learning/policy-job.js';
import { readRewardSpec } from '../learning/reward-spec.js';
import type { AlignOptions } from './options.js';
import { matchedStarts } from './queries.js';
import { type RolloutViews, rolloutViews } from './views.js';

/** What is aligned, and with what; all of it is known to fit before a run folder is made. */
export interface Sources extends RolloutViews {
  readonly folder: string;
  readonly stored: StoredDiffusionPolicy;
  readonly spec: EnvSpec;
  /** Folder of rollouts that are there already. */
  readonly dataset: string | undefined;
  readonly reward: { readonly name: string; readonly spec: RewardSpec } | undefined;
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
  checkRankers(options);
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
  if (recorded !== undefined) checkRecorded(recorded, options);
  const seen = diffusionSignature(stored.checkpoint.config, stored.cameras).cameras;
  const { reward } = options;
  return {
    folder,
    stored,
    spec,
    dataset,
    reward: reward === undefined ? undefined : await readRewardSpec(reward, options.picture),
    ...rolloutViews(spec, seen, recorded, options),
  };
}

/** @throws InputError when it does not fit together who ranks what */
function checkRankers(options: AlignOptions): void {
  const { annotator, reward, method, clipsPerQuery, rolloutsPerStart, rollouts, dataset, rewardCameras } = options;
  if (reward !== undefined && annotator !== undefined) {
    throw new InputError('both --reward and --annotator are given; one of them ranks the rollouts', {
      fix: `learn a reward from the annotator's rankings, --method rapl, or leave one of them out`,
    });
  }
  if (reward !== undefined && method !== 'direct') {
    throw new InputError(`--reward ranks the rollouts, and --method ${method} would learn another reward`, {
      fix: 'leave one of them out',
    });
  }
  if (reward !== undefined && (rewardCameras ?? []).length > 1) {
    throw new InputError(`--reward looks through one camera; --reward-cameras names ${rewardCameras!.join(', ')}`);
  }
  if (reward === undefined && annotator === undefined && dataset === undefined) {
    throw new InputError('nothing says which rollouts are better', {
      fix: 'give --annotator human, --reward DIR, or --dataset DIR with rankings in the ledger',
    });
  }
  if (method === 'rapl' && annotator !== undefined && Math.min(clipsPerQuery, rolloutsPerStart) < 3) {
    throw new InputError('RAPL learns from rankings of three rollouts or more', {
      fix: 'raise --clips-per-query and --rollouts-per-start, or learn from pairs with --method rlhf',
    });
  }
  if (dataset !== undefined) return;
  if (annotator !== undefined && clipsPerQuery > rolloutsPerStart) {
    throw new InputError(
      `a query shows ${clipsPerQuery} rollouts of one start, and there are ${rolloutsPerStart} of each`,
      { fix: 'raise --rollouts-per-start or lower --clips-per-query' },
    );
  }
  if (rollouts % rolloutsPerStart !== 0) {
    throw new InputError(`rollouts is ${rollouts}; expected a multiple of rolloutsPerStart, ${rolloutsPerStart}`);
  }
}

/** @throws InputError when rollouts that are there cannot be compared */
function checkRecorded({ id, episodes }: Dataset, { annotator, method }: AlignOptions): void {
  if (annotator !== undefined && episodes.length < 2) {
    throw new InputError(`dataset ${id} holds ${episodes.length} rollouts; an annotator compares two or more`);
  }
  if (method !== 'direct' && matchedStarts({ episodes }).length === 0) {
    throw new InputError(`no two rollouts of dataset ${id} begin at the same start, which a learned reward ranks`, {
      fix: 'roll the policy out several times from each start: leave --dataset out',
    });
  }
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
