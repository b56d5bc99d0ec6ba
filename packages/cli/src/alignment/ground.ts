import type { EnvSpec, RecordedEpisode, RolloutSource, WantedRollout, WorkOptions } from '@rapport/core';
import { policyModule } from '@rapport/policy';
import { type CollisionThresholds, collectEpisodes, type MakeOptions } from '@rapport/sim';
import { filmPolicies, type StartFilms } from './films.js';
import { type Judgement, judge, rollOutHeldOut, workersFor } from './judge.js';

/** A policy that is filmed. */
export interface FilmedPolicy {
  /** Its name on the page. */
  readonly title: string;
  /** Its name at `judge`. */
  readonly name: string;
  readonly folder: string;
}

/** Where policies are rolled out and judged: in simulation, or on a ROS 2 graph. */
export interface Ground extends RolloutSource {
  /** Rollouts happen as time passes, on an arm: none comes out the same twice, and the arm rests while somebody ranks. */
  readonly live: boolean;
  /** When contacts end an episode, where the tasks' own thresholds do not count. */
  readonly contact?: CollisionThresholds;
  /** The same tasks without the graph, where policies are to be judged beside it. */
  readonly twin?: Ground;
  /** The command that runs the policy of a folder there, where that is another than for any policy. */
  readonly howToRun?: (policy: string) => string;
  /**
   * Runs the policy of a folder once from each held-out start, the same for every policy.
   * @param name tells what is judged from the other policies of a run
   * @returns how it does; null when nobody tells
   */
  judge(policy: string, name: string, starts: number, work: WorkOptions): Promise<Judgement | null>;
  /** Films policies that have been judged, on the same held-out starts. */
  film(policies: readonly FilmedPolicy[], starts: number, work: WorkOptions): Promise<StartFilms[]>;
}

/** Rollouts that are simulated before the first of them is handed over; a stop loses at most these. */
const BATCH = 48;

/**
 * Policies in simulation, on all cores.
 * @param contact when contacts end an episode, in place of the task's own thresholds
 */
export function simulatedGround(spec: EnvSpec, contact?: CollisionThresholds): Ground {
  const { id: envId } = spec;
  const make: MakeOptions = contact === undefined ? {} : { contact };
  return {
    spec,
    live: false,
    ...make,
    async *rollOut(policy, wanted, cameras, { signal }) {
      for (let first = 0; first < wanted.length; first += BATCH) {
        const batch = wanted.slice(first, first + BATCH);
        const recorded = new Map<WantedRollout, RecordedEpisode>();
        for (const variation of new Set(batch.map((one) => one.variation))) {
          const own = batch.filter((one) => one.variation === variation);
          const episodes = await collectEpisodes({
            envId,
            policy: policyModule(policy, variation),
            seeds: own.map(({ seed }) => seed),
            cameras,
            workers: workersFor(own.length),
            ...make,
            ...(signal && { signal }),
          });
          own.forEach((one, place) => {
            recorded.set(one, episodes[place]!);
          });
        }
        for (const one of batch) yield recorded.get(one)!;
      }
    },
    judge: async (policy, _, starts, work) =>
      judge(await rollOutHeldOut(policy, { envId, starts, cameras: [], ...make }, work)),
    film: (policies, starts, work) => filmPolicies(envId, policies, starts, work, make),
  };
}
