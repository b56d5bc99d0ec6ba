import type { EncoderIdentity, VideoReward } from '../model.js';
import type { Standardization } from '../training/standardization.js';
import { logistic } from '../training/temperature.js';
import { checkVideo, type FeatureVideo } from '../videos.js';
import type { RlhfConfig } from './config.js';

export interface RlhfModelParts {
  readonly config: RlhfConfig;
  readonly encoder: EncoderIdentity;
  readonly standardization: Standardization;
  /** Shape [features]: the scalar head, without a bias, which no preference can tell. */
  readonly weight: Float32Array;
  /** Reward = (head - offset) * scale. */
  readonly offset: number;
  readonly scale: number;
  /** Differences of mean rewards are divided by this before the logistic. */
  readonly temperature: number;
}

/** Reward of preference-based RL (Christiano et al. 2017, arXiv 1706.03741): a scalar head on each frame's features. */
export class RlhfModel implements VideoReward {
  readonly kind = 'rlhf';
  readonly encoder: EncoderIdentity;

  constructor(readonly parts: RlhfModelParts) {
    this.encoder = parts.encoder;
  }

  rewards(video: FeatureVideo): Float32Array {
    checkVideo(video, this.encoder.featureSize, 'the video');
    const { weight, standardization, offset, scale } = this.parts;
    const rewards = new Float32Array(video.frames);
    for (let frame = 0; frame < video.frames; frame++) {
      let head = 0;
      for (let feature = 0; feature < video.width; feature++) {
        const value = video.data[frame * video.width + feature]!;
        head += (value - standardization.mean[feature]!) * standardization.scale[feature]! * weight[feature]!;
      }
      rewards[frame] = (head - offset) * scale;
    }
    return rewards;
  }

  preference(meanReward: number, otherMeanReward: number): number {
    return logistic((meanReward - otherMeanReward) / this.parts.temperature);
  }
}
