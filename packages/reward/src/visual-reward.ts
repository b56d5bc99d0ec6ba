import { type Episode, InputError, type RewardSource } from '@rapport/core';
import type { Encoder } from './encoders/types.js';
import type { VideoReward } from './model.js';

/**
 * A learned video reward as the source of a policy's rewards: pictures to features to rewards, whole episodes at a time,
 * because an optimal-transport reward is known only when the episode has ended.
 */
export class VisualReward implements RewardSource {
  readonly name: string;
  readonly frames: { readonly camera: string; readonly width: number; readonly height: number };

  /**
   * @param camera the camera whose pictures the encoder reads, and the size at which they are drawn
   * @throws InputError when the encoder is not the one that the reward was trained with
   */
  constructor(
    readonly model: VideoReward,
    readonly encoder: Encoder,
    camera: { readonly camera: string; readonly width: number; readonly height: number },
  ) {
    if (encoder.hash !== model.encoder.hash) {
      throw new InputError(
        `the ${model.kind} reward was trained with encoder ${model.encoder.kind} (${model.encoder.hash.slice(0, 12)}); ` +
          `got ${encoder.kind} (${encoder.hash.slice(0, 12)})`,
        { fix: 'use the encoder named in the checkpoint, or train the reward again' },
      );
    }
    this.name = model.kind;
    this.frames = camera;
  }

  /** @throws InputError when the episode has no pictures of the camera */
  async rewards(episode: Episode): Promise<Float32Array> {
    const stack = episode.frames.find(({ camera }) => camera === this.frames.camera);
    if (stack === undefined) {
      const found = episode.frames.map(({ camera }) => camera).join(', ') || 'none';
      throw new InputError(`the episode has no pictures of camera "${this.frames.camera}"; it has: ${found}`);
    }
    const data = await this.encoder.encode(stack);
    return this.model.rewards({ frames: episode.length, width: this.encoder.featureSize, data });
  }
}
