import { InputError, type Interval, type RandomStream, type WorkOptions } from '@rapport/core';
import type { PrivilegedDataset } from '@rapport/data';
import {
  type Calibration,
  calibration,
  clipKey,
  type Encoder,
  type EncoderIdentity,
  evaluateReward,
  judgePairs,
  lookupIn,
  pairAccuracy,
  type RaplConfig,
  type RewardModel,
  type RlhfConfig,
  type TrainedReward,
  type TrainingReport,
  trainRapl,
  trainRlhf,
  type VideoLookup,
} from '@rapport/reward';
import { wholeEpisodes } from '@rapport/viewer';
import { encodeClips, readScores } from './clips.js';
import { isHeldOut, type RankingSplit } from './held-out.js';

/** What to learn from. */
export interface RewardJob {
  readonly options: { readonly kind: 'rapl' | 'rlhf'; readonly rapl: RaplConfig; readonly rlhf: RlhfConfig };
  readonly recordings: PrivilegedDataset;
  readonly rankings: RankingSplit;
  readonly encoder: Encoder;
  readonly stream: RandomStream;
}

/** How a reward was trained and how it does on held-out episodes; intervals are undefined without data to judge by. */
export interface LearnedRewardReport {
  readonly kind: 'rapl' | 'rlhf';
  readonly dataset: string;
  readonly encoder: EncoderIdentity;
  readonly rankings: { readonly training: number; readonly heldOut: number; readonly mixed: number };
  readonly pairAccuracy: Interval | undefined;
  readonly calibration: Calibration;
  readonly truePairAccuracy: Interval | undefined;
  readonly acrossVideos: Interval | undefined;
  readonly withinVideo: Interval | undefined;
  readonly training: TrainingReport;
}

/** Fewer clips give no rank correlation worth printing. */
const FEWEST_CLIPS_TO_JUDGE = 5;

/**
 * Learns a reward and judges it on episodes that it has not learned from.
 * @throws InputError when there are no rankings, or the dataset has no pictures
 */
export async function learnReward(
  { options, recordings, rankings, encoder, stream }: RewardJob,
  work: WorkOptions,
): Promise<{ readonly model: RewardModel; readonly report: LearnedRewardReport }> {
  const { dataset } = recordings;
  const camera = dataset.cameras[0]?.camera;
  if (camera === undefined) {
    throw new InputError(`dataset ${dataset.id} has no pictures, which a visual reward needs`, {
      fix: 'record it again with pictures (rapport rollout ENV --picture 96)',
    });
  }
  if (rankings.training.length === 0) {
    throw new InputError(`the ledger holds no ranking of dataset ${dataset.id} to learn from`, {
      fix: 'rank it first: rapport rank FOLDER',
    });
  }
  const heldOutClips = wholeEpisodes(recordings).filter(isHeldOut);
  const shown = [...rankings.training, ...rankings.heldOut].flatMap(({ items }) => items);
  const clips = [...new Map([...shown, ...heldOutClips].map((clip) => [clipKey(clip), clip])).values()];
  const videos = lookupIn(await encodeClips(dataset, clips, camera, encoder, work));

  const { kind, hash, features, featureSize } = encoder;
  const identity: EncoderIdentity = { kind, hash, features, featureSize };
  const common = { ...work, rankings: rankings.training, videos, encoder: identity, stream };
  const { model, report: training }: TrainedReward<RewardModel> =
    options.kind === 'rapl'
      ? await trainRapl({ ...common, config: options.rapl })
      : await trainRlhf({ ...common, config: options.rlhf });
  const judged = judgePairs(model, rankings.heldOut, videos);
  return {
    model,
    report: {
      kind: options.kind,
      dataset: dataset.id,
      encoder: identity,
      rankings: {
        training: rankings.training.length,
        heldOut: rankings.heldOut.length,
        mixed: rankings.mixed,
      },
      pairAccuracy: pairAccuracy(judged),
      calibration: calibration(judged),
      ...(await compareWithTruth(model, recordings, heldOutClips, videos)),
      training,
    },
  };
}

/** Agreement with the true scores, which datasets of other programs do not have. */
async function compareWithTruth(
  model: RewardModel,
  recordings: PrivilegedDataset,
  clips: ReturnType<typeof wholeEpisodes>,
  videos: VideoLookup,
): Promise<Pick<LearnedRewardReport, 'truePairAccuracy' | 'acrossVideos' | 'withinVideo'>> {
  const hasScores = recordings.dataset.episodes.every(({ seed }) => seed >= 0);
  if (!hasScores || clips.length < FEWEST_CLIPS_TO_JUDGE) {
    return { truePairAccuracy: undefined, acrossVideos: undefined, withinVideo: undefined };
  }
  const scores = await readScores(recordings, clips);
  const stepScores = (clip: (typeof clips)[number]) => scores.get(clipKey(clip))!;
  const { truePairAccuracy, acrossVideos, withinVideo } = evaluateReward(model, {
    rankings: [],
    clips,
    videos,
    stepScores,
  });
  return { truePairAccuracy, acrossVideos, withinVideo };
}
