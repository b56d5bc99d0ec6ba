export { type Breach, checkContract, contractRules } from './contract/contract.js';
export { TwinProcess } from './contract/twin-process.js';
export type { EnvironmentEntry, ScriptedEntry } from './entry.js';
export { environments, makeEnv, registerEnvironment, scriptedPolicies, scriptedPolicy } from './registry.js';
export { type CollectOptions, collectEpisodes } from './vector/collect.js';
export {
  type ColumnDeviation,
  type ConformanceReport,
  replayTraces,
  type TraceReport,
} from './xmagical/conformance.js';
