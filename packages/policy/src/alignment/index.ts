export {
  type AlignDiffusionOptions,
  type AlignmentResult,
  type AlignmentState,
  alignDiffusion,
} from './align.js';
export {
  type AlignmentConfig,
  type AlignmentObjectiveName,
  alignmentConfigSchema,
  alignmentObjectiveNames,
} from './config.js';
export { alignmentFiles, alignmentMonitorSchema, readAlignmentFiles } from './files.js';
export { checkSameKind, policyHash } from './hash.js';
export { demonstratedManifold, type Manifold } from './manifold.js';
export type { AlignmentMonitor } from './monitor.js';
export {
  checkPreferences,
  clipPreferences,
  type RolloutPreferences,
  type RolloutSegment,
  rankingsOnly,
  type SegmentRanking,
  type SegmentRating,
} from './preferences.js';
export { rankByReturns, rankByReward, type SyntheticRankings } from './synthetic.js';
export { type RolloutWindows, rolloutWindows } from './windows.js';
