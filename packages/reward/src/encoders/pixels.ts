import { hashOf } from './hash.js';
import { resizeFrames } from './resize.js';
import type { Encoder } from './types.js';

const imageSize = { width: 16, height: 16 };

/** The pictures themselves at 16x16, as 768 numbers in [0, 1]: the baseline without any network. */
export function pixelEncoder(): Encoder {
  return {
    kind: 'pixels16',
    hash: hashOf(['pixels16']),
    description: 'the pictures at 16x16, no network',
    features: 'own',
    featureSize: imageSize.width * imageSize.height * 3,
    imageSize,
    encode: async (frames) => Float32Array.from(resizeFrames(frames, imageSize), (byte) => byte / 255),
    close: async () => {},
  };
}
