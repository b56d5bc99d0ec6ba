import type { FrameStack, ImageSize } from '@rapport/core';
import { compileFunction, type ParameterValues, type Tensor } from '@rapport/nn';
import { resizeFrames } from './resize.js';
import type { Encoder } from './types.js';

/** Pictures that go through the network at once. On one thread larger batches gain nothing, smaller ones waste less. */
export const encoderBatch = 8;

/** A network ready to run: its input is `image`, uint8 [batch, height, width, 3]. */
export interface FrozenNetwork {
  /** Shape [batch, featureSize]. */
  readonly features: Tensor;
  readonly parameters: ParameterValues;
  readonly imageSize: ImageSize;
}

/** An encoder that runs a frozen network in onnxruntime, on one thread. */
export async function frozenEncoder(
  identity: Pick<Encoder, 'kind' | 'hash' | 'description' | 'features'>,
  { features, parameters, imageSize }: FrozenNetwork,
): Promise<Encoder> {
  const network = await compileFunction({ outputs: { features }, parameters, weights: 'baked', threads: 1 });
  const [batch, featureSize] = features.shape as [number, number];
  const bytes = imageSize.width * imageSize.height * 3;

  async function encode(frames: FrameStack): Promise<Float32Array> {
    const pictures = resizeFrames(frames, imageSize);
    const count = pictures.length / bytes;
    const result = new Float32Array(count * featureSize);
    const image = new Uint8Array(batch * bytes);
    for (let first = 0; first < count; first += batch) {
      const used = Math.min(batch, count - first);
      image.set(pictures.subarray(first * bytes, (first + used) * bytes));
      const run = await network.run({ image });
      result.set(run.features.subarray(0, used * featureSize), first * featureSize);
    }
    return result;
  }

  return { ...identity, featureSize, imageSize, encode, close: () => network.close() };
}
