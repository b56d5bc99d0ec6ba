import type { RandomStream, RankedClips, WorkOptions } from '@rapport/core';
import type { Encoder } from './encoders/types.js';
import type { FeatureVideo, VideoLookup } from './videos.js';

/** Which encoder made the features that a model was trained on. */
export interface EncoderIdentity {
  /** For example `lite0`. */
  readonly kind: string;
  /** SHA-256 of everything that decides the features. */
  readonly hash: string;
  /** Which of its features; see `Encoder.features`. */
  readonly features: Encoder['features'];
  /** Numbers per frame. */
  readonly featureSize: number;
}

/** A learned reward on encoder features; RAPL's and RLHF's models are two. */
export interface VideoReward {
  readonly kind: 'rapl' | 'rlhf';
  readonly encoder: EncoderIdentity;
  /**
   * Reward of every frame, shape [frames]: affinely scaled so that the frames of the training clips have mean 0 and
   * standard deviation 1.
   * @throws InputError when the features have a wrong width
   */
  rewards(video: FeatureVideo): Float32Array;
  /** Probability that a person prefers the first of two videos, given the mean rewards of their frames. */
  preference(meanReward: number, otherMeanReward: number): number;
}

/** What training a reward needs. */
export interface RewardTraining<Config> extends WorkOptions {
  /** At least one ranking with a strict preference. */
  readonly rankings: readonly RankedClips[];
  readonly videos: VideoLookup;
  readonly encoder: EncoderIdentity;
  readonly config: Config;
  readonly stream: RandomStream;
}

/** How training went. */
export interface TrainingReport {
  /** Rankings used for gradients and for choosing the epoch. */
  readonly trainingRankings: number;
  readonly validationRankings: number;
  readonly parameters: number;
  readonly epochs: readonly EpochReport[];
  /** Index into `epochs` of the parameters that were kept. */
  readonly bestEpoch: number;
}

export interface EpochReport {
  readonly trainingLoss: number;
  /** Equal to the training loss when there were too few rankings to hold any back. */
  readonly validationLoss: number;
}

export interface TrainedReward<Model extends VideoReward> {
  readonly model: Model;
  readonly report: TrainingReport;
}
