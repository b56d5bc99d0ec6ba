import { type CameraView, RandomStream, type RecordedEpisode, throwIfAborted, type WorkOptions } from '@rapport/core';
import { EVALUATION_SEED_START, policyModule } from '@rapport/policy';
import { collectEpisodes, makeEnv } from '@rapport/sim';
import { openRolloutDataset } from '../rollout-dataset.js';
import { workersFor } from './judge.js';

/** Rollouts from matched starts. */
export interface MatchedRollouts {
  readonly envId: string;
  /** Folder of the policy. */
  readonly policy: string;
  readonly starts: number;
  readonly rolloutsPerStart: number;
  readonly cameras: readonly CameraView[];
  /** Identity in the feedback ledger. */
  readonly datasetId: string;
  readonly seed: number;
}

/** Starts whose rollouts are made before they are stored; a stop loses at most these. */
const STARTS_PER_BATCH = 8;

/**
 * Rolls a policy out several times from each start, with other random numbers each time, into a dataset that holds the
 * rollouts of a start one after the other. One that is there already is gone on with, and ends the same.
 * @param onStart called for every start whose rollouts can be read, in order; also for those of an earlier try
 * @throws InterruptedError when stopped; the dataset holds every rollout stored so far
 */
export async function recordMatchedRollouts(
  directory: string,
  options: MatchedRollouts,
  onStart: (start: number) => Promise<void>,
  work: WorkOptions,
): Promise<void> {
  const { envId, cameras, datasetId, starts, rolloutsPerStart, seed } = options;
  const stream = new RandomStream(seed, 'align/starts');
  const seeds = Array.from({ length: starts }, () => stream.integer(EVALUATION_SEED_START));
  const total = starts * rolloutsPerStart;
  const env = await makeEnv(envId);
  const { spec } = env;
  env.close();
  const writer = await openRolloutDataset(directory, { id: datasetId, spec, cameras });
  try {
    const complete = Math.floor(writer.episodeCount / rolloutsPerStart);
    for (let start = 0; start < complete; start++) await onStart(start);
    const firstBatch = Math.floor(complete / STARTS_PER_BATCH) * STARTS_PER_BATCH;
    for (let first = firstBatch; writer.episodeCount < total; first += STARTS_PER_BATCH) {
      const rollouts = await rollOut(options, seeds.slice(first, first + STARTS_PER_BATCH), work);
      for (const [place, rollout] of rollouts.entries()) {
        const index = first * rolloutsPerStart + place;
        if (index < writer.episodeCount) continue;
        throwIfAborted(work.signal);
        await writer.append(rollout);
        if ((index + 1) % rolloutsPerStart === 0) await onStart(Math.floor(index / rolloutsPerStart));
        work.onProgress?.({ label: 'rolling the policy out', done: index + 1, total });
      }
    }
  } finally {
    await writer.finalize();
  }
}

/** All rollouts of some starts, those of one start one after the other. */
async function rollOut(
  { envId, policy, rolloutsPerStart, cameras }: MatchedRollouts,
  seeds: readonly number[],
  { signal }: WorkOptions,
): Promise<RecordedEpisode[]> {
  const byVariation: RecordedEpisode[][] = [];
  for (let variation = 0; variation < rolloutsPerStart; variation++) {
    byVariation.push(
      await collectEpisodes({
        envId,
        policy: policyModule(policy, variation),
        seeds,
        cameras,
        workers: workersFor(seeds.length),
        ...(signal && { signal }),
      }),
    );
  }
  return seeds.flatMap((_, start) => byVariation.map((episodes) => episodes[start]!));
}
