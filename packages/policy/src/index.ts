export * from './alignment/index.js';
export * from './diffusion/index.js';
export * from './evaluation/evaluate.js';
export * from './evaluation/reward-sources.js';
export { type OpenPolicy, openPolicy } from './open-policy.js';
export { type SacConfig, sacConfigSchema } from './sac/config.js';
export { checkpointFiles, loadPolicy, readCheckpoint, savePolicy } from './sac/files.js';
export { SacPolicy, type SacPolicyDescription } from './sac/policy.js';
export { type RewardedEpisode, type SacCheckpoint, type TrainSacOptions, trainSac } from './sac/train.js';
