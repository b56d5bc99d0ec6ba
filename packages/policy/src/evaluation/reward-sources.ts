import { type Env, type Episode, InputError, learnerView, type PrivilegedEnv, type RewardSource } from '@rapport/core';

/** The environment's own reward, as it came. */
export const environmentReward: RewardSource = {
  name: 'environment',
  frames: undefined,
  rewards: async (episode: Episode) => episode.rewards,
};

/**
 * The ground-truth preference score as a reward: the upper bound that learned rewards are compared with. It is the only
 * bridge from the privileged side to a learner, and it must be asked for by name.
 * @returns the environment to train in, whose steps leave their scores behind, and the source that picks them up
 */
export function groundTruthReward(env: PrivilegedEnv): { readonly env: Env; readonly reward: RewardSource } {
  let scores: number[] = [];
  const inner = learnerView(env);
  return {
    env: {
      ...inner,
      reset: (options) => {
        scores = [];
        return inner.reset(options);
      },
      step: (action) => {
        const result = inner.step(action);
        scores.push(env.privileged.stepScore());
        return result;
      },
    },
    reward: {
      name: 'true',
      frames: undefined,
      rewards: async (episode) => {
        if (scores.length !== episode.length) {
          throw new InputError(`the true reward saw ${scores.length} steps of an episode of ${episode.length}`);
        }
        return Float32Array.from(scores);
      },
    },
  };
}
