import type { FrameStack, ImageSize } from '@rapport/core';
import type { FeatureKind } from './convert/features.js';

/** Names of the encoders that need no file of the user's. */
export type BuiltInEncoderKind = 'lite0' | 'mobilenetv2' | 'objectron' | 'random' | 'pixels16';

/** What `encoder.kind` may be: a built-in name, or `onnx:` and the path of a model. */
export type EncoderKind = BuiltInEncoderKind | `onnx:${string}`;

/**
 * Turns pictures into feature vectors; frozen. Wherever it is used, `kind` and `hash` are written down.
 */
export interface Encoder {
  readonly kind: EncoderKind;
  /** SHA-256 of everything that decides the features (model bytes, outputs taken, picture size), in hexadecimal. */
  readonly hash: string;
  /** One line for reports: what the network is, where it comes from, its licence. */
  readonly description: string;
  /** Which of a built-in network's features these are; `own` where there is only one kind: pixels and files. */
  readonly features: FeatureKind | 'own';
  /** Numbers per picture. */
  readonly featureSize: number;
  /** The size that pictures are resized to first. */
  readonly imageSize: ImageSize;
  /**
   * Features of every picture, shape [T, featureSize], rows in the order of the pictures.
   * @throws InputError when the data's length disagrees with the stack's size
   */
  encode(frames: FrameStack): Promise<Float32Array>;
  close(): Promise<void>;
}
