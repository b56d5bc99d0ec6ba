import type { Comparison, FeatureVideo, RewardModel } from '@rapport/reward';

/** The learned reward of the frames of an episode so far. */
export interface Judgement {
  readonly frames: number;
  /** Shape [frames]. */
  readonly rewards: Float32Array;
  /** Mean of the rewards, by which `preference` of the model compares episodes. */
  readonly meanReward: number;
  /** How optimal transport matches the frames with the closest reference; undefined for a reward without references. */
  readonly comparison: Comparison | undefined;
}

/** Capacity at first, frames. */
const FIRST_CAPACITY = 64;

/**
 * An episode that is judged while it grows. A judgement of its first t frames is that of a video of t frames: with optimal
 * transport these share the whole mass, and are matched with the whole reference, also with the part that they have not come
 * to yet. It is therefore no lower bound, and becomes the episode's reward only with the last frame.
 */
export class EpisodeReward {
  readonly #model: RewardModel;
  readonly #width: number;
  #features: Float32Array;
  #frames = 0;
  #judgement: Judgement | undefined;

  constructor(model: RewardModel) {
    this.#model = model;
    this.#width = model.encoder.featureSize;
    this.#features = new Float32Array(FIRST_CAPACITY * this.#width);
  }

  /** That of the frames so far; undefined before the first. */
  get judgement(): Judgement | undefined {
    return this.#judgement;
  }

  /**
   * @param features of the next frame, shape [feature size]; copied
   * @throws InputError when one is not finite: the frame is left out then
   */
  add(features: Float32Array): Judgement {
    const start = this.#frames * this.#width;
    if (start === this.#features.length) this.#grow();
    this.#features.set(features, start);
    const frames = this.#frames + 1;
    const data = this.#features.subarray(0, start + this.#width);
    this.#judgement = judge(this.#model, { frames, width: this.#width, data });
    this.#frames = frames;
    return this.#judgement;
  }

  #grow(): void {
    const larger = new Float32Array(2 * this.#features.length);
    larger.set(this.#features);
    this.#features = larger;
  }
}

function judge(model: RewardModel, video: FeatureVideo): Judgement {
  const comparison = model.kind === 'rapl' ? model.compare(video) : undefined;
  const rewards =
    model.kind === 'rapl' && comparison !== undefined ? model.rewardsOf(comparison) : model.rewards(video);
  const meanReward = rewards.reduce((sum, reward) => sum + reward, 0) / video.frames;
  return { frames: video.frames, rewards, meanReward, comparison };
}
