import { type ClipReference, InputError } from '@rapport/core';
import type { EncoderIdentity, VideoReward } from '../model.js';
import { logistic } from '../training/temperature.js';
import { checkVideo, type FeatureVideo, spreadFrames } from '../videos.js';
import type { RaplConfig } from './config.js';
import { VideoTransport } from './distance.js';
import { type EmbeddedVideo, embedVideo, type Head } from './embedding.js';

/** A preferred video, embedded. */
export interface Reference {
  readonly clip: ClipReference;
  readonly video: EmbeddedVideo;
}

/** Reward = (offset - cost) * scale, cost being T k_t (or its square): what the plan of frame t costs per unit of mass. */
export interface RewardScale {
  readonly offset: number;
  readonly scale: number;
}

export interface RaplModelParts {
  readonly config: RaplConfig;
  readonly encoder: EncoderIdentity;
  readonly head: Head;
  /** At least one. */
  readonly references: readonly Reference[];
  readonly scale: RewardScale;
  /** Differences of mean rewards are divided by this before the logistic. */
  readonly temperature: number;
}

/** How a video compares with its closest reference. */
export interface Comparison {
  /** Index into `references`. */
  readonly reference: number;
  /** Transport cost D. */
  readonly distance: number;
  /** Shape [frames, reference frames]. */
  readonly plan: Float32Array;
  /** Cosine costs, the same shape. */
  readonly costs: Float32Array;
  /** T k_t: what each frame's plan costs per unit of mass, shape [frames], in [0, 2]. */
  readonly frameCosts: Float64Array;
}

/**
 * RAPL's reward (Tian et al., arXiv 2310.07932 and 2412.04835): an encoder head aligned with rankings, and optimal transport
 * to the closest of some preferred videos.
 */
export class RaplModel implements VideoReward {
  readonly kind = 'rapl';
  readonly encoder: EncoderIdentity;
  readonly #transport: VideoTransport;

  constructor(readonly parts: RaplModelParts) {
    if (parts.references.length === 0)
      throw new InputError('a RAPL reward has no reference video; expected one or more');
    this.encoder = parts.encoder;
    this.#transport = new VideoTransport(parts.head.shape.embeddingSize, parts.config.regularization);
  }

  rewards(video: FeatureVideo): Float32Array {
    return this.rewardsOf(this.compare(video));
  }

  /** Reward of every frame of a video that has been compared already, shape [frames]. */
  rewardsOf({ frameCosts }: Comparison): Float32Array {
    const { offset, scale } = this.parts.scale;
    return Float32Array.from(frameCosts, (cost) => (offset - cost ** this.parts.config.rewardPower) * scale);
  }

  preference(meanReward: number, otherMeanReward: number): number {
    return logistic((meanReward - otherMeanReward) / this.parts.temperature);
  }

  /** The transport plan from a video to the reference that it is closest to. */
  compare(video: FeatureVideo): Comparison {
    checkVideo(video, this.encoder.featureSize, 'the video');
    const embedded = embedVideo(this.parts.head, video, spreadFrames(video.frames, video.frames));
    let reference = 0;
    let least = Number.POSITIVE_INFINITY;
    this.parts.references.forEach((candidate, index) => {
      const { distance } = this.#transport.solve(embedded, candidate.video);
      if (distance < least) {
        least = distance;
        reference = index;
      }
    });
    const closest = this.parts.references[reference]!.video;
    const { solver, distance } = this.#transport.solve(embedded, closest);
    return {
      reference,
      distance,
      plan: Float32Array.from(solver.plan),
      costs: this.#transport.costs(embedded, closest).slice(),
      frameCosts: solver.rowCosts.map((cost) => cost * video.frames),
    };
  }
}
