import type { Episode } from '@rapport/core';
import { describe, expect, it } from 'vitest';
import type { Encoder } from './encoders/types.js';
import type { VideoReward } from './model.js';
import { VisualReward } from './visual-reward.js';

/** Mean brightness of a picture as its only feature. */
const encoder: Encoder = {
  kind: 'pixels16',
  hash: 'a'.repeat(64),
  description: 'mean brightness',
  features: 'own',
  featureSize: 1,
  imageSize: { width: 1, height: 1 },
  encode: async ({ data, width, height }) => {
    const size = width * height * 3;
    return Float32Array.from({ length: data.length / size }, (_, t) =>
      data.subarray(t * size, (t + 1) * size).reduce((sum, byte) => sum + byte / size, 0),
    );
  },
  close: async () => {},
};
const model: VideoReward = {
  kind: 'rapl',
  encoder: { kind: 'pixels16', hash: encoder.hash, features: 'own', featureSize: 1 },
  rewards: ({ data }) => data.map((value) => value / 255),
  preference: () => 0.5,
};
const camera = { camera: 'top', width: 1, height: 1 };
const episode: Episode = {
  envId: 'test',
  seed: 0,
  policy: 'none',
  length: 3,
  observations: new Float32Array(4),
  actions: new Float32Array(3),
  rewards: new Float32Array(3),
  terminated: false,
  truncated: true,
  frames: [{ camera: 'top', width: 1, height: 1, data: Uint8Array.from([0, 0, 0, 51, 51, 51, 255, 255, 255]) }],
};

describe('VisualReward', () => {
  it('gives every step the reward of its picture', async () => {
    const reward = new VisualReward(model, encoder, camera);
    const rewards = await reward.rewards(episode);
    [0, 0.2, 1].forEach((value, step) => {
      expect(rewards[step]).toBeCloseTo(value, 6);
    });
    expect(reward.name).toBe('rapl');
    expect(reward.frames).toEqual(camera);
  });

  it('refuses an encoder that the reward was not trained with', () => {
    expect(() => new VisualReward(model, { ...encoder, hash: 'b'.repeat(64) }, camera)).toThrow(
      /was trained with encoder pixels16 \(aaaaaaaaaaaa\); got pixels16 \(bbbbbbbbbbbb\)/,
    );
  });

  it('names the camera that an episode lacks', async () => {
    const reward = new VisualReward(model, encoder, { ...camera, camera: 'side' });
    await expect(reward.rewards(episode)).rejects.toThrow(/no pictures of camera "side"; it has: top/);
  });
});
