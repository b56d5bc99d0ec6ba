import {
  type CameraView,
  RandomStream,
  type RolloutSource,
  throwIfAborted,
  type WantedRollout,
  type WorkOptions,
} from '@rapport/core';
import { EVALUATION_SEED_START } from '@rapport/policy';
import { openRolloutDataset } from '../rollout-dataset.js';

/** Rollouts of a policy that become a dataset. */
export interface RecordedRollouts {
  /** Folder of the policy. */
  readonly policy: string;
  readonly wanted: readonly WantedRollout[];
  readonly cameras: readonly CameraView[];
  /** Identity in the feedback ledger. */
  readonly datasetId: string;
  /** What is being done, for progress. */
  readonly label: string;
}

/**
 * Records rollouts in a dataset, in the order in which they are wanted. One that is there already is gone on with.
 * @param onStored called for every rollout that can be read, with its index; also for those of an earlier try
 * @throws InterruptedError when stopped; the dataset holds every rollout stored so far
 */
export async function recordRollouts(
  directory: string,
  source: RolloutSource,
  { policy, wanted, cameras, datasetId, label }: RecordedRollouts,
  onStored: (index: number) => Promise<void>,
  work: WorkOptions,
): Promise<void> {
  const writer = await openRolloutDataset(directory, { id: datasetId, spec: source.spec, cameras });
  try {
    const stored = writer.episodeCount;
    for (let index = 0; index < stored; index++) await onStored(index);
    if (stored === wanted.length) return;
    work.onProgress?.({ label, done: stored, total: wanted.length });
    for await (const rollout of source.rollOut(policy, wanted.slice(stored), cameras, work)) {
      throwIfAborted(work.signal);
      const index = await writer.append(rollout);
      work.onProgress?.({ label, done: index + 1, total: wanted.length });
      await onStored(index);
    }
  } finally {
    await writer.finalize();
  }
}

/** Rollouts from matched starts. */
export interface MatchedRollouts extends Pick<RecordedRollouts, 'policy' | 'cameras' | 'datasetId'> {
  readonly starts: number;
  readonly rolloutsPerStart: number;
  readonly seed: number;
}

/**
 * Rolls a policy out several times from each start, with other random numbers each time, into a dataset that holds the
 * rollouts of a start one after the other.
 * @param onStart called for every start whose rollouts can be read, in order; also for those of an earlier try
 * @throws InterruptedError as `recordRollouts`
 */
export async function recordMatchedRollouts(
  directory: string,
  source: RolloutSource,
  { starts, rolloutsPerStart, seed, ...rollouts }: MatchedRollouts,
  onStart: (start: number) => Promise<void>,
  work: WorkOptions,
): Promise<void> {
  const stream = new RandomStream(seed, 'align/starts');
  const seeds = Array.from({ length: starts }, () => stream.integer(EVALUATION_SEED_START));
  const wanted = seeds.flatMap((start) =>
    Array.from({ length: rolloutsPerStart }, (_, variation) => ({ seed: start, variation })),
  );
  const onStored = async (index: number) => {
    if ((index + 1) % rolloutsPerStart === 0) await onStart(Math.floor(index / rolloutsPerStart));
  };
  await recordRollouts(directory, source, { ...rollouts, wanted, label: 'rolling the policy out' }, onStored, work);
}
