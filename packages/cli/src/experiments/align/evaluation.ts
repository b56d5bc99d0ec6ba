import { type Episode, proportionInterval, RandomStream, type WorkOptions } from '@rapport/core';
import {
  type Demonstration,
  type DiffusionCheckpoint,
  demonstratedManifold,
  diffusionNetwork,
  evaluationSeeds,
  type Manifold,
  policyModule,
  rolloutWindows,
} from '@rapport/policy';
import { collectEpisodes } from '@rapport/sim';
import { z } from 'zod';
import { judge } from '../../alignment/judge.js';

const intervalSchema = z.object({ mean: z.number(), low: z.number(), high: z.number(), count: z.int() });

/** How a policy did on held-out starts; intervals of 95 %. */
export const evaluationSchema = z.object({
  success: intervalSchema,
  score: intervalSchema,
  preferred: intervalSchema.nullable(),
  episodes: z.array(
    z.object({
      seed: z.int(),
      success: z.boolean(),
      score: z.number(),
      length: z.int(),
      way: z.string().nullable(),
      preferred: z.boolean().nullable(),
    }),
  ),
  /** Of the chunks that it executed, the share that was off the demonstrated manifold. */
  offManifold: intervalSchema,
});
export type AlignmentEvaluation = z.infer<typeof evaluationSchema>;

/** What a policy's behaviour is held against. */
export interface Yardstick {
  readonly envId: string;
  readonly reference: DiffusionCheckpoint;
  readonly manifold: Manifold;
  /** Distance beyond which an executed chunk is off the demonstrated manifold, in normalised actions. */
  readonly threshold: number;
  readonly starts: number;
}

/** Share of the demonstrated chunks, and of the reference's, that is on the manifold by definition. */
const ON_MANIFOLD = 0.99;

/**
 * The yardstick of the demonstrations that the reference was trained on. Its threshold is the distance that 99 % of the
 * demonstrated chunks have to those of other demonstrations, or that 99 % of the reference's own have to them, whichever
 * is more.
 * @param rollouts of the reference
 */
export async function yardstick(
  options: Omit<Yardstick, 'manifold' | 'threshold'>,
  demonstrations: readonly Demonstration[],
  rollouts: readonly Demonstration[],
): Promise<Yardstick> {
  const { reference } = options;
  const cut = { what: 'demonstration', chunk: 'executed' } as const;
  const windows = await rolloutWindows(reference, diffusionNetwork(reference.config), demonstrations, cut, {});
  const manifold = demonstratedManifold(reference.config, windows, new RandomStream(0, 'manifold'));
  const own = await planDistances(reference, manifold, rollouts);
  return { ...options, manifold, threshold: Math.max(quantile(manifold.own), quantile(own)) };
}

/** Runs the policy of a folder once from each held-out start, the same for every policy. */
export async function evaluateWays(
  policy: string,
  { envId, reference, manifold, threshold, starts }: Yardstick,
  work: WorkOptions,
): Promise<AlignmentEvaluation> {
  // In this thread: a worker takes longer to start than it saves.
  const recorded = await collectEpisodes({
    ...work,
    envId,
    policy: policyModule(policy),
    seeds: evaluationSeeds(starts),
    cameras: [],
    workers: 0,
  });
  const acted = recorded.map(({ episode }) => asDemonstration(episode, reference));
  const distances = await planDistances(reference, manifold, acted);
  const off = distances.reduce((count, distance) => count + Number(distance > threshold), 0);
  const { success, score, preferred, episodes } = judge(recorded);
  return {
    success,
    score,
    preferred,
    episodes: [...episodes],
    offManifold: proportionInterval(off, distances.length),
  };
}

/** How far the chunks that a policy planned and executed are from the demonstrated ones. */
async function planDistances(
  reference: DiffusionCheckpoint,
  manifold: Manifold,
  episodes: readonly Demonstration[],
): Promise<Float32Array> {
  const { nActionSteps } = reference.config;
  const cut = { what: 'episode', chunk: 'executed' } as const;
  const windows = await rolloutWindows(reference, diffusionNetwork(reference.config), episodes, cut, {});
  const plans = episodes.flatMap(({ length }, rollout) =>
    Array.from({ length: Math.ceil(length / nActionSteps) }, (_, plan) => ({ rollout, step: plan * nActionSteps })),
  );
  const conditions = new Float32Array(plans.length * windows.conditionSize);
  const chunks = new Float32Array(plans.length * windows.chunkSize);
  plans.forEach(({ rollout, step }, row) => {
    windows.writeCondition(rollout, step, conditions, row);
    windows.writeChunk(rollout, step, chunks, row);
  });
  return manifold.distances(conditions, chunks);
}

function quantile(values: Float32Array): number {
  const sorted = values.slice().sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(ON_MANIFOLD * sorted.length))]!;
}

/** An episode with the features that a policy on states was trained with. */
function asDemonstration({ length, observations, actions }: Episode, { config }: DiffusionCheckpoint): Demonstration {
  const observationSize = observations.length / (length + 1);
  let start = 0;
  const columns = (size: number) => {
    const part = new Float32Array(length * size);
    for (let step = 0; step < length; step++) {
      const row = step * observationSize + start;
      part.set(observations.subarray(row, row + size), step * size);
    }
    start += size;
    return part;
  };
  const observed = Object.entries(config.inputFeatures).map(([name, { shape }]) => [name, columns(shape[0]!)] as const);
  return { length, vectors: { ...Object.fromEntries(observed), action: actions }, pictures: {} };
}
