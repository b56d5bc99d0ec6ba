import { nnBenchmark } from './nn/index.js';
import { objectivesBenchmark } from './objectives/index.js';
import { otBenchmark } from './ot/index.js';
import { policyBenchmark } from './policy/index.js';
import { raplBenchmark } from './rapl-ablation/index.js';
import type { Benchmark } from './report.js';
import { rosBenchmark } from './ros/index.js';
import { simBenchmark } from './sim/index.js';

export { checkFrankaConformance, type SceneConformance } from './franka/conformance.js';
export * from './peer.js';
export * from './report.js';

/** Every benchmark that `rapport bench` knows, in the order it lists them. */
export const benchmarks: readonly Benchmark[] = [
  nnBenchmark,
  otBenchmark,
  simBenchmark,
  raplBenchmark,
  objectivesBenchmark,
  policyBenchmark,
  rosBenchmark,
];
