export { EpisodeReward, type Judgement } from './episode-reward.js';
export { FrameGrid } from './frame-grid.js';
export { LiveReward, type LiveRewardHooks, type LiveRewardOptions, type LiveRewardReport } from './live-reward.js';
export { rewardParameters } from './parameters.js';
export type { EpisodeJudgement } from './reward-messages.js';
export { openRewardNode, RewardNode, type RewardNodeOptions } from './reward-node.js';
