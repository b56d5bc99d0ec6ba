import type { FrameStack } from '@rapport/core';
import { hashOf } from './hash.js';
import type { Encoder } from './types.js';

/**
 * Remembers features in memory, by the encoder and by the pictures' bytes: a frozen encoder sees every picture stack once.
 */
export class FeatureCache {
  readonly #byKey = new Map<string, Promise<Float32Array>>();

  /** Features of every picture, shape [T, encoder.featureSize]; shared between callers, so not to be written to. */
  features(encoder: Encoder, frames: FrameStack): Promise<Float32Array> {
    const key = `${encoder.hash} ${hashOf([`${frames.width}x${frames.height}`, frames.data])}`;
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const made = encoder.encode(frames);
    this.#byKey.set(key, made);
    made.catch(() => this.#byKey.delete(key));
    return made;
  }
}
