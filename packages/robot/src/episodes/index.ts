export { GraphRollouts, type GraphRolloutsOptions } from './graph-rollouts.js';
export type { SceneReset } from './scene-reset.js';
