export { EpisodeReward, type Judgement } from './episode-reward.js';
export { FrameGrid } from './frame-grid.js';
export { rewardParameters } from './parameters.js';
export { openRewardNode, RewardNode, type RewardNodeOptions } from './reward-node.js';
