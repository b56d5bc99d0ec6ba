export { type FeatureKind, featureKinds } from './convert/features.js';
export { type BestEncoder, type EncoderOptions, loadBestEncoder, loadEncoder } from './load.js';
export { encoderToOnnx, type Network, type NetworkKind, type NetworkOptions, readNetwork } from './networks.js';
export { resizeFrames } from './resize.js';
export * from './types.js';
