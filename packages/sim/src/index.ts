export { environments, makeEnv, scriptedPolicies, scriptedPolicy } from './registry.js';
export { type CollectOptions, collectEpisodes } from './vector/collect.js';
export {
  type ColumnDeviation,
  type ConformanceReport,
  replayTraces,
  type TraceReport,
} from './xmagical/conformance.js';
export type { ScriptedEntry } from './xmagical/scripted/catalogue.js';
