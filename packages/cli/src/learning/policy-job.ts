import { existsSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Env,
  type Episode,
  InputError,
  type Interval,
  learnerView,
  type RewardSource,
  throwIfAborted,
  type WorkOptions,
} from '@rapport/core';
import {
  latestCheckpoint,
  openMetrics,
  openPrivilegedDataset,
  type PrivilegedDataset,
  saveCheckpoint,
} from '@rapport/data';
import {
  checkpointFiles,
  environmentReward,
  evaluatePolicy,
  evaluationSeeds,
  groundTruthReward,
  type RewardedEpisode,
  readCheckpoint,
  type SacConfig,
  savePolicy,
  trainSac,
} from '@rapport/policy';
import { type Encoder, type EncoderKind, loadEncoder, loadReward, VisualReward } from '@rapport/reward';
import { makeEnv } from '@rapport/sim';
import { z } from 'zod';
import { featuresOption } from './encoder.js';

/** Rewards that a policy can be trained on. `true` is the privileged score: the bound that others are measured by. */
export const rewardNames = ['environment', 'rapl', 'rlhf', 'true'] as const;
export type RewardName = (typeof rewardNames)[number];

/** Where a job's rewards come from. */
export type RewardSpec =
  | { readonly kind: 'true' }
  | { readonly kind: 'environment' }
  | {
      readonly kind: 'learned';
      /** Folder that `saveReward` wrote. */
      readonly directory: string;
      readonly encoderKind: EncoderKind;
      readonly encoderFeatures: Encoder['features'];
      /** Width and height of the pictures that the environment draws. */
      readonly picture: number;
    };

/** A policy to train; plain data, so that a worker thread can do it. */
export interface PolicyJob {
  /** Folder for metrics, checkpoints and, at the end, `policy/`. What is there is gone on with. */
  readonly directory: string;
  readonly envId: string;
  readonly reward: RewardSpec;
  readonly config: SacConfig;
  /** Recorded rollouts that the replay buffer starts with, rewarded as new ones are. */
  readonly prior?: PriorRollouts;
  readonly seed: number;
}

export interface PriorRollouts {
  readonly dataset: string;
  readonly episodes: readonly number[];
  /** The job's reward of each of these episodes, shape [episode.length], where somebody knows it already. */
  readonly rewards?: readonly Float32Array[];
}

/** How the policy did on held-out starts at a step of training. */
export interface CurvePoint {
  readonly step: number;
  readonly score: Interval;
  readonly success: Interval;
}

const intervalSchema = z.object({ mean: z.number(), low: z.number(), high: z.number(), count: z.int() });
const curveSchema = z.array(z.object({ step: z.int(), score: intervalSchema, success: intervalSchema }));

/** Files of a finished job below its directory. */
export const POLICY_FOLDER = 'policy';
const CURVE_FILE = 'curve.json';

/**
 * Trains a policy, going on from the last checkpoint of an earlier try; a job that is done already returns at once.
 * @returns the learning curve on held-out starts
 */
export async function runPolicyJob(job: PolicyJob, work: WorkOptions): Promise<CurvePoint[]> {
  const doneFile = join(job.directory, POLICY_FOLDER, CURVE_FILE);
  if (existsSync(doneFile)) return curveSchema.parse(await readJson(doneFile));

  const earlier = await latestCheckpoint(job.directory);
  const resume = earlier && (await readCheckpoint(earlier.directory));
  const curve: CurvePoint[] = earlier ? curveSchema.parse(await readJson(join(earlier.directory, CURVE_FILE))) : [];
  // Without a checkpoint an earlier try starts again; its metrics go.
  if (resume === undefined) await rm(job.directory, { recursive: true, force: true });
  await mkdir(job.directory, { recursive: true });
  const metrics = await openMetrics(job.directory, resume?.step);
  const evaluationEnv = await makeEnv(job.envId);
  const prepared = await prepareReward(job);
  const { env, reward, close } = prepared;
  try {
    // What a checkpoint holds includes the prior rollouts.
    const prior = resume === undefined ? await readPrior(job, prepared, work) : [];
    const policy = await trainSac({
      env,
      reward,
      config: job.config,
      prior,
      seed: job.seed,
      ...work,
      onMetrics: metrics.write,
      onEvaluation: async (step, current) => {
        const seeds = evaluationSeeds(job.config.evaluationEpisodes);
        const { score, success } = await evaluatePolicy({ env: evaluationEnv, policy: current, seeds });
        curve.push({ step, score, success });
        metrics.write(step, { 'evaluation/score': score.mean, 'evaluation/success': success.mean });
      },
      onCheckpoint: async (checkpoint) => {
        await saveCheckpoint(job.directory, checkpoint.step, {
          ...checkpointFiles(checkpoint),
          [CURVE_FILE]: JSON.stringify(curve),
        });
      },
      ...(resume && { resume }),
    });
    const directory = join(job.directory, POLICY_FOLDER);
    await savePolicy(directory, policy, { [CURVE_FILE]: JSON.stringify(curve) });
    await policy.close();
    return curve;
  } finally {
    metrics.close();
    await close();
    evaluationEnv.close();
  }
}

interface PreparedReward {
  readonly env: Env;
  readonly reward: RewardSource;
  /** Rewards of a recorded episode, shape [episode.length]. */
  rewardsOf(episode: Episode, recording: PrivilegedDataset, index: number): Promise<Float32Array>;
  close(): Promise<void>;
}

async function readPrior(job: PolicyJob, prepared: PreparedReward, work: WorkOptions): Promise<RewardedEpisode[]> {
  if (job.prior === undefined) return [];
  const recording = await openPrivilegedDataset(job.prior.dataset);
  const { dataset } = recording;
  if (dataset.envId !== job.envId) {
    throw new InputError(`the prior rollouts in ${job.prior.dataset} are of ${dataset.envId}; expected ${job.envId}`);
  }
  const prior: RewardedEpisode[] = [];
  for (const [place, index] of job.prior.episodes.entries()) {
    throwIfAborted(work.signal);
    const known = job.prior.rewards?.[place];
    const frames = known === undefined && prepared.reward.frames !== undefined;
    const episode = await dataset.readEpisode(index, { frames });
    prior.push({ episode, rewards: known ?? (await prepared.rewardsOf(episode, recording, index)) });
  }
  return prior;
}

async function prepareReward({ envId, reward }: PolicyJob): Promise<PreparedReward> {
  const env = await makeEnv(envId);
  const close = async () => env.close();
  switch (reward.kind) {
    case 'true':
      return {
        ...groundTruthReward(env),
        rewardsOf: async (_episode, recording, index) => (await recording.readPrivileged(index)).stepScores,
        close,
      };
    case 'environment':
      return {
        env: learnerView(env),
        reward: environmentReward,
        rewardsOf: (episode) => environmentReward.rewards(episode),
        close,
      };
    case 'learned': {
      const encoder = await loadEncoder(reward.encoderKind, featuresOption(reward.encoderFeatures));
      const model = await loadReward(reward.directory);
      const size = { width: reward.picture, height: reward.picture };
      const source = new VisualReward(model, encoder, { camera: env.spec.cameras[0]!, ...size });
      return {
        env: learnerView(env),
        reward: source,
        rewardsOf: (episode) => source.rewards(episode),
        close: async () => {
          env.close();
          await encoder.close();
        },
      };
    }
  }
}

async function readJson(path: string): Promise<unknown> {
  return JSON.parse(await readFile(path, 'utf8'));
}
