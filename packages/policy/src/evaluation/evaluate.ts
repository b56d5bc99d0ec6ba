import {
  type CameraView,
  episodeScore,
  type Interval,
  meanInterval,
  type Policy,
  type PrivilegedEnv,
  proportionInterval,
  type RecordedEpisode,
  recordEpisode,
  throwIfAborted,
  type WorkOptions,
} from '@rapport/core';

/** Seeds below this are for training, from here on for evaluation: no policy is judged on a start it was trained on. */
export const EVALUATION_SEED_START = 2 ** 30;

/** The seeds of `count` held-out starts, the same for every policy. */
export function evaluationSeeds(count: number): number[] {
  return Array.from({ length: count }, (_, index) => EVALUATION_SEED_START + index);
}

/** Far from `evaluationSeeds`, whatever their count. */
const SELECTION_SEED_START = EVALUATION_SEED_START + 2 ** 28;

/**
 * The seeds of `count` held-out starts on which the best of several policies is chosen. They are not `evaluationSeeds`: on
 * the starts that it was chosen by, the best looks better than it is.
 */
export function selectionSeeds(count: number): number[] {
  return Array.from({ length: count }, (_, index) => SELECTION_SEED_START + index);
}

/** What a policy reached on a set of starts. */
export interface Evaluation {
  /** Mean ground-truth score of an episode, in [0, 1]. */
  readonly score: Interval;
  /** Share of episodes that succeed. */
  readonly success: Interval;
  /** Sum of the environment's own rewards over an episode. */
  readonly return: Interval;
  /** Score of each episode, in the order of the seeds. */
  readonly scores: readonly number[];
  readonly seeds: readonly number[];
}

/** Options of `evaluatePolicy`. */
export interface EvaluateOptions extends WorkOptions {
  readonly env: PrivilegedEnv;
  readonly policy: Policy;
  readonly seeds: readonly number[];
  /** Pictures to keep with each episode; none when absent. */
  readonly cameras?: readonly CameraView[];
  /** Gets every episode as it ends. */
  readonly onEpisode?: (recorded: RecordedEpisode) => void | Promise<void>;
}

/** Runs the policy once from each seed. */
export async function evaluatePolicy(options: EvaluateOptions): Promise<Evaluation> {
  const { env, policy, seeds, cameras = [] } = options;
  const scores: number[] = [];
  const returns: number[] = [];
  let successes = 0;
  for (const seed of seeds) {
    throwIfAborted(options.signal);
    const recorded = await recordEpisode(env, policy, { seed, cameras });
    scores.push(episodeScore(recorded.privileged));
    returns.push(recorded.episode.rewards.reduce((sum, reward) => sum + reward, 0));
    if (recorded.privileged.success) successes += 1;
    await options.onEpisode?.(recorded);
    options.onProgress?.({ label: `evaluating ${policy.name}`, done: scores.length, total: seeds.length });
  }
  return {
    score: meanInterval(scores),
    success: proportionInterval(successes, seeds.length),
    return: meanInterval(returns),
    scores,
    seeds,
  };
}
