import { InputError, type RandomStream, type RankedClips, type WorkOptions } from '@rapport/core';
import {
  type Encoder,
  evaluateReward,
  type HeldOut,
  type LabelEfficiencyPoint,
  labelEfficiency,
  type RewardEvaluation,
  type TrainedReward,
  trainRapl,
  trainRlhf,
  type VideoLookup,
  type VideoReward,
} from '@rapport/reward';
import type { DemoOptions } from './options.js';

/** Counts of rankings at which label efficiency is measured. */
const EFFICIENCY_COUNTS = [10, 25, 50, 100];

/** A learned reward and how it did. */
export interface LearnedReward<Model extends VideoReward = VideoReward> extends TrainedReward<Model> {
  readonly evaluation: RewardEvaluation;
  readonly efficiency: readonly LabelEfficiencyPoint[];
}

/** Trains RAPL and RLHF on the same rankings and judges both on the same held-out clips. */
export async function learnRewards(
  options: Pick<DemoOptions, 'rapl' | 'rlhf'>,
  data: { readonly rankings: readonly RankedClips[]; readonly videos: VideoLookup; readonly encoder: Encoder },
  heldOut: HeldOut,
  stream: RandomStream,
  work: WorkOptions,
) {
  if (data.rankings.length < 2) {
    throw new InputError(`there are ${data.rankings.length} rankings; a reward needs at least 2`, {
      fix: 'rank more clips: run again with --resume, or ask for more with --rankings',
    });
  }
  const { kind, hash, features, featureSize } = data.encoder;
  const common = { videos: data.videos, encoder: { kind, hash, features, featureSize }, ...work };
  const rapl = (rankings: readonly RankedClips[], own: RandomStream) =>
    trainRapl({ ...common, rankings, config: options.rapl, stream: own });
  const rlhf = (rankings: readonly RankedClips[], own: RandomStream) =>
    trainRlhf({ ...common, rankings, config: options.rlhf, stream: own });

  const learn = async <Model extends VideoReward>(
    name: string,
    train: (rankings: readonly RankedClips[], own: RandomStream) => Promise<TrainedReward<Model>>,
  ): Promise<LearnedReward<Model>> => {
    const own = stream.fork(name);
    const trained = await train(data.rankings, own.fork('all'));
    const efficiency = await labelEfficiency({
      ...work,
      counts: EFFICIENCY_COUNTS,
      rankings: data.rankings,
      heldOut: heldOut.rankings,
      videos: data.videos,
      train: async (rankings, part) => (await train(rankings, part)).model,
      stream: own,
    });
    return { ...trained, evaluation: evaluateReward(trained.model, heldOut), efficiency };
  };
  return { rapl: await learn('rapl', rapl), rlhf: await learn('rlhf', rlhf) };
}
