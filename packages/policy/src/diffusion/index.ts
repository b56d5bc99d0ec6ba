export { checkCheckpoint, type DiffusionCheckpoint } from './checkpoint.js';
export { type CloningConfig, cloningConfigSchema, cloningDiffusionConfig } from './cloning.js';
export {
  backbones,
  type DiffusionConfig,
  type DiffusionShapes,
  diffusionConfigSchema,
  diffusionShapes,
  usualDiffusionSettings,
} from './config.js';
export {
  type BatchSampler,
  batchSampler,
  type Demonstration,
  demonstrationStatistics,
  type PictureBytes,
} from './demonstrations.js';
export { loadDiffusionPolicy, type StoredDiffusionPolicy, saveDiffusionPolicy } from './files.js';
export type { Denoiser } from './layers.js';
export { diffusionFiles, readDiffusionCheckpoint, writeDiffusionCheckpoint } from './lerobot.js';
export {
  type DenoisingBatch,
  type DiffusionNetwork,
  denoisingErrors,
  denoisingLoss,
  diffusionNetwork,
  joinCondition,
  noiseScales,
  samplewiseErrors,
} from './network.js';
export { denormalize, type FeatureStatistics, featureAffine, normalize, type Statistics } from './normalization.js';
export { openPictureCache, type PictureCache, type PictureCacheOptions } from './picture-cache.js';
export {
  type CameraNames,
  DiffusionPolicy,
  type DiffusionPolicyOptions,
  diffusionSignature,
  type Observation,
  type PlanNoise,
} from './policy.js';
export {
  type DemonstrationOptions,
  type DemonstrationParts,
  type Demonstrations,
  demonstrationFeatures,
  readDemonstrations,
} from './read-demonstrations.js';
export { compileSampler, type Sampler, type SamplerOptions } from './sampler.js';
export { type DenoisingStep, denoisingSteps, noiseSchedule, samplingTimesteps } from './schedule.js';
export { readStanfordCheckpoint } from './stanford.js';
export { type DiffusionTrainingState, type TrainDiffusionOptions, trainDiffusion } from './train.js';
export {
  compileDiffusionTrainer,
  type DiffusionTrainer,
  type DiffusionTrainerOptions,
  trainingLoss,
} from './trainer.js';
export { readTrainingFiles, trainingFiles } from './training-files.js';
