import { join } from 'node:path';
import { InputError, RandomStream, type RankedClips, type WorkOptions } from '@rapport/core';
import {
  alignDiffusion,
  alignmentMonitorSchema,
  clipPreferences,
  type Demonstration,
  type DiffusionCheckpoint,
  rankByReturns,
  rankingsOnly,
  type SegmentRanking,
  saveDiffusionPolicy,
} from '@rapport/policy';
import { type EncoderIdentity, type FeatureVideo, saveReward } from '@rapport/reward';
import { z } from 'zod';
import { learnRewards, returnsOf, statesPreference, wayAccuracy } from '../../alignment/learned-rewards.js';
import { clipVideos } from '../../alignment/rollout-features.js';
import { stage } from '../../alignment/stage.js';
import { evaluateWays, evaluationSchema, type Yardstick } from './evaluation.js';
import type { AlignExperimentOptions, AlignmentMethod } from './options.js';
import type { RolloutSummaries } from './rollouts.js';

const lookSchema = alignmentMonitorSchema.omit({ task: true });

/** One alignment of the table: a method and a number of rankings. */
export const cellSchema = z.object({
  method: z.string(),
  /** Rankings by the person; 0 for the oracle. */
  rankings: z.int(),
  /** Of pairs that differ in their way, the share that the learned reward orders right. */
  wayAccuracy: z.number().optional(),
  /** Rankings that the policy was aligned with. */
  used: z.int(),
  /** Step of alignment that was kept, and why it stopped early. */
  step: z.int(),
  stopped: z.string().optional(),
  looks: z.array(lookSchema),
  evaluation: evaluationSchema,
  seconds: z.object({ reward: z.number(), alignment: z.number(), evaluation: z.number() }),
});
export type AlignmentCell = z.infer<typeof cellSchema>;

/** What all cells of an experiment share. */
export interface CellNeeds {
  readonly directory: string;
  readonly options: AlignExperimentOptions;
  readonly reference: DiffusionCheckpoint;
  readonly demonstrations: readonly Demonstration[];
  readonly rollouts: readonly Demonstration[];
  /** Identity of their dataset. */
  readonly dataset: string;
  readonly summaries: RolloutSummaries;
  readonly videos: readonly FeatureVideo[];
  readonly encoder: EncoderIdentity;
  readonly rankings: readonly RankedClips[];
  readonly yardstick: Yardstick;
  readonly seed: number;
}

/** Folder of a cell's policy below the run. */
export function cellFolder(directory: string, method: AlignmentMethod, count: number): string {
  return join(directory, 'cells', method === 'oracle' ? method : `${method}-${count}`);
}

/** Aligns the policy by a method with the first `count` rankings, and evaluates it. */
export async function runCell(
  method: AlignmentMethod,
  count: number,
  needs: CellNeeds,
  work: WorkOptions,
): Promise<AlignmentCell> {
  const { options, reference, seed } = needs;
  const folder = cellFolder(needs.directory, method, count);
  return stage(folder, 'result', cellSchema, async () => {
    const clock = stopwatch();
    const preferences = await preferencesOf(method, count, folder, needs, work);
    const rewardSeconds = clock();
    const usable = preferences.rankings.filter(statesPreference);
    const aligned = await alignDiffusion({
      ...work,
      reference,
      rollouts: needs.rollouts,
      demonstrations: needs.demonstrations,
      preferences: rankingsOnly(usable),
      config: method === 'winners' ? { ...options.alignment, objective: 'winners' } : options.alignment,
      seed,
    });
    const alignmentSeconds = clock();
    const policy = join(folder, 'policy');
    await saveDiffusionPolicy(policy, { name: `aligned/${method}-${count}`, checkpoint: aligned.policy });
    const evaluation = await evaluateWays(policy, needs.yardstick, work);
    return {
      method,
      rankings: method === 'oracle' ? 0 : count,
      ...(preferences.wayAccuracy !== undefined && { wayAccuracy: preferences.wayAccuracy }),
      used: usable.length,
      step: aligned.step,
      ...(aligned.stopped && { stopped: aligned.stopped.reason }),
      looks: aligned.history.map((look) => lookSchema.parse(look)),
      evaluation,
      seconds: { reward: rewardSeconds, alignment: alignmentSeconds, evaluation: clock() },
    };
  });
}

async function preferencesOf(
  method: AlignmentMethod,
  count: number,
  folder: string,
  needs: CellNeeds,
  work: WorkOptions,
): Promise<{ readonly rankings: readonly SegmentRanking[]; readonly wayAccuracy: number | undefined }> {
  const { options, summaries, videos, encoder, seed } = needs;
  if (needs.rankings.length === 0) throw new InputError('no ranking states a preference; a reward needs some');
  const rankings = needs.rankings.slice(0, count);
  const lengths = summaries.rollouts.map(({ length }) => length);
  switch (method) {
    case 'rapl':
    case 'rlhf': {
      const stream = new RandomStream(seed, `align/${method}`);
      const learned = { rankings, videos: clipVideos(videos, lengths), encoder, stream };
      const rewards = await learnRewards(method, options, learned, work);
      for (const [member, reward] of rewards.entries()) await saveReward(join(folder, `reward-${member}`), reward);
      const returns = returnsOf(rewards, videos);
      return {
        rankings: rankByReturns(summaries.rollouts, returns, options.leastGap),
        wayAccuracy: wayAccuracy(summaries.rollouts, returns),
      };
    }
    case 'oracle': {
      const scores = summaries.rollouts.map(({ score }) => score);
      return { rankings: rankByReturns(summaries.rollouts, scores, options.leastGap), wayAccuracy: undefined };
    }
    case 'direct':
    case 'winners':
      return { rankings: clipPreferences(rankings, needs.dataset, lengths).rankings, wayAccuracy: undefined };
  }
}

/** Seconds since the last call. */
function stopwatch(): () => number {
  let last = performance.now();
  return () => {
    const now = performance.now();
    const seconds = (now - last) / 1000;
    last = now;
    return seconds;
  };
}
