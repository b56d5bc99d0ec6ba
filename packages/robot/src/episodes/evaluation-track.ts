import { type PrivilegedTrack, UnavailableError, unknownScene } from '@rapport/core';
import type { Evaluation } from '../graph/messages.js';
import type { RosNode } from '../graph/node.js';
import { qosProfiles } from '../graph/qos.js';
import { secondsOf } from '../graph/time.js';
import { waitUntil } from '../graph/wait.js';

/** How an episode went, for a recording. */
export interface JudgedSteps {
  /** 1 at steps after which the task is solved, as the environments' reward is, shape [T]. */
  readonly rewards: Float32Array;
  readonly privileged: PrivilegedTrack;
  /** Why the arm stopped by itself; undefined when it did not. */
  readonly fault: string | undefined;
}

/** Where a simulator tells how its episode goes. */
const TOPIC = 'simulator/evaluation';
/** How long the judgement of the last step may take to come, ms. */
const PATIENCE_MS = 2000;

/** What is told after a control step, and when, seconds. */
export type Told = Pick<Evaluation, 'step_score' | 'success' | 'way' | 'preferred' | 'fault'> & {
  readonly time: number;
};

/** Listens to what a simulator tells of its episodes, for annotators and evaluation; nothing that learns may have it. */
export class EvaluationTrack {
  readonly #topic: string;
  #told: Told[] = [];

  constructor(node: RosNode) {
    const subscription = node.subscribe<Evaluation>(
      'rapport_msgs/msg/Evaluation',
      TOPIC,
      { ...qosProfiles.default, depth: 100 },
      ({ header, step_score, success, way, preferred, fault }) => {
        this.#told.push({ time: secondsOf(header.stamp), step_score, success, way, preferred, fault });
      },
    );
    this.#topic = subscription.topic;
  }

  /** Whether anybody tells. */
  static available(node: RosNode): boolean {
    return node.graph.publishers(TOPIC).length > 0;
  }

  /** Forgets what was told about times up to this one, seconds. */
  begin(time: number): void {
    this.#told = this.#told.filter((one) => one.time > time);
  }

  /**
   * Waits for the judgement of the last step, and of the one after it, which tells of a fault that ended the episode.
   * @param times of the observations, seconds, shape [T + 1]: a step is judged by what follows it
   * @throws UnavailableError when nothing has been told
   */
  async judge(times: readonly number[], controlHz: number): Promise<JudgedSteps> {
    const next = times.at(-1)! + 1 / controlHz;
    await waitUntil(() => (this.#told.at(-1)?.time ?? Number.NEGATIVE_INFINITY) >= next, PATIENCE_MS);
    if (this.#told.length === 0) throw new UnavailableError(`${this.#topic} has told nothing of the episode`);
    return judgedSteps(this.#told, times);
  }
}

/**
 * The judgement of each step of an episode.
 * @param told at least one, in the order of their times
 * @param times of the observations, seconds, shape [T + 1]
 */
export function judgedSteps(told: readonly Told[], times: readonly number[]): JudgedSteps {
  const steps = times.slice(1).map((time) => nearest(told, time));
  const { success, way, preferred } = nearest(told, times.at(-1)!);
  const fault = told.find((one) => one.fault !== '')?.fault;
  return {
    rewards: Float32Array.from(steps, (one) => (one.success ? 1 : 0)),
    privileged: {
      stepScores: Float32Array.from(steps, ({ step_score }) => step_score),
      success,
      ...(way !== '' && { way: { name: way, preferred } }),
      scene: unknownScene,
      poses: new Float32Array(0),
    },
    fault,
  };
}

/** What is written of an episode that nobody judges, as for a recording of topics. */
export function unjudgedSteps(length: number): JudgedSteps {
  return {
    rewards: new Float32Array(length),
    privileged: {
      stepScores: new Float32Array(length),
      success: false,
      scene: unknownScene,
      poses: new Float32Array(0),
    },
    fault: undefined,
  };
}

function nearest(told: readonly Told[], time: number): Told {
  return told.reduce((best, one) => (Math.abs(one.time - time) < Math.abs(best.time - time) ? one : best));
}
