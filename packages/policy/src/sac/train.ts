import {
  type Env,
  type Episode,
  fromUnitBox,
  InputError,
  type Policy,
  playEpisode,
  type RandomState,
  RandomStream,
  type RewardSource,
  spaceSize,
  throwIfAborted,
  toUnitBox,
  type WorkOptions,
} from '@rapport/core';
import type { TrainerState } from '@rapport/nn';
import { EVALUATION_SEED_START } from '../evaluation/evaluate.js';
import { ReplayBuffer, type ReplayState } from '../replay/buffer.js';
import { SacAgent, type SacMetrics } from './agent.js';
import type { SacConfig } from './config.js';
import { stackEpisode } from './frame-stack.js';
import { SacPolicy } from './policy.js';

/** Everything that a resumed run needs to end with the same bytes; taken between two episodes. */
export interface SacCheckpoint {
  readonly agent: TrainerState;
  readonly replay: ReplayState;
  readonly streams: Readonly<Record<StreamName, RandomState>>;
  /** Environment steps done. */
  readonly step: number;
  /** Episodes done. */
  readonly episode: number;
}

/** The random streams of a training run. */
export const STREAMS = ['episodes', 'exploration', 'replay', 'noise'] as const;
type StreamName = (typeof STREAMS)[number];

/** An episode and the rewards of its steps, shape [episode.length]. */
export interface RewardedEpisode {
  readonly episode: Episode;
  readonly rewards: Float32Array;
}

export interface TrainSacOptions extends WorkOptions {
  /** The learner's side of the environment. */
  readonly env: Env;
  /** Rewards each episode when it has ended; the rewards then enter the replay buffer. */
  readonly reward: RewardSource;
  readonly config: SacConfig;
  /**
   * Finished episodes of the same environment with their rewards, put into the replay buffer before the first episode, as
   * RLPD does with prior data (Ball et al., arXiv 2302.02948): for example the rollouts that were ranked.
   */
  readonly prior?: readonly RewardedEpisode[];
  readonly seed: number;
  /** Called before the first episode, each time `evaluateEvery` steps have passed, and at the end. */
  readonly onEvaluation?: (step: number, policy: Policy) => Promise<void>;
  /** Called after each evaluation with what a resumed run needs. */
  readonly onCheckpoint?: (checkpoint: SacCheckpoint) => Promise<void>;
  readonly resume?: SacCheckpoint;
}

/**
 * Soft actor-critic (arXiv 1812.05905, algorithm 1) with rewards that are known only when an episode has ended, as a
 * visual reward is: an episode is played, rewarded, stored, and followed by as many updates as it had steps (times
 * `updatesPerStep`).
 * @returns the policy after the last step
 * @throws InputError when nothing is observed but a picture, or when a reward source gives a wrong number of rewards or one
 *   that is not finite
 */
export async function trainSac(options: TrainSacOptions): Promise<SacPolicy> {
  const { env, reward, config, resume } = options;
  const observationSize = spaceSize(env.spec.observationSpace);
  if (observationSize === 0) {
    throw new InputError(`${env.spec.id} observes a picture and no numbers; SAC acts on a vector`, {
      fix: 'train in an environment that observes a state vector, with a reward that looks at pictures',
    });
  }
  const actionSize = spaceSize(env.spec.actionSpace);
  const shapes = { observationSize: observationSize * config.frameStack, actionSpace: env.spec.actionSpace };
  const root = new RandomStream(options.seed, 'sac');
  const streams: Record<StreamName, RandomStream> = {
    episodes: root.fork('episodes'),
    exploration: root.fork('exploration'),
    replay: root.fork('replay'),
    noise: root.fork('noise'),
  };
  const agent = await SacAgent.create(config, shapes, root.fork('weights'));
  const replay = new ReplayBuffer({
    capacity: config.replayCapacity,
    observationSize: shapes.observationSize,
    actionSize,
  });
  const store = ({ episode, rewards }: RewardedEpisode) => {
    checkRewards(rewards, episode, reward);
    const stacked = stackEpisode(episode.observations, observationSize, config.frameStack);
    replay.addEpisode(stacked, unitActions(episode, env), rewards, episode.terminated ? 'terminated' : 'truncated');
  };
  let step = 0;
  let episodes = 0;
  if (resume === undefined) {
    options.prior?.forEach(store);
  } else {
    agent.restore(resume.agent);
    replay.restore(resume.replay);
    for (const name of STREAMS) streams[name].restore(resume.streams[name]);
    step = resume.step;
    episodes = resume.episode;
  }
  const policy = () => {
    const { id: envId, observationSpace, actionSpace } = env.spec;
    const name = `sac/${reward.name}/${step}`;
    return SacPolicy.create({ name, envId, config, observationSpace, actionSpace }, agent.actorParameters());
  };
  const evaluate = async () => {
    if (options.onEvaluation === undefined) return;
    const current = await policy();
    await options.onEvaluation(step, current);
    await current.close();
  };

  if (resume === undefined) await evaluate();
  let nextEvaluation = (Math.floor(step / config.evaluateEvery) + 1) * config.evaluateEvery;
  while (step < config.steps) {
    throwIfAborted(options.signal);
    const random = step < config.randomSteps;
    const explorer = random ? randomPolicy(env, streams.exploration) : agent.explorer(env.spec, streams.exploration);
    const seed = streams.episodes.integer(EVALUATION_SEED_START);
    const cameras = reward.frames === undefined ? [] : [reward.frames];
    const episode = await playEpisode(env, explorer, { seed, cameras });
    const rewards = await reward.rewards(episode);
    store({ episode, rewards });
    step += episode.length;
    episodes += 1;

    const updates = step > config.randomSteps ? Math.round(episode.length * config.updatesPerStep) : 0;
    const losses = await makeUpdates(agent, replay, streams, updates);
    const learnedReturn = rewards.reduce((sum, value) => sum + value, 0);
    options.onMetrics?.(step, { 'rollout/learned_return': learnedReturn, ...losses });
    options.onProgress?.({
      label: `training the policy on the ${reward.name} reward`,
      done: Math.min(step, config.steps),
      total: config.steps,
      values: { return: learnedReturn },
    });
    if (step >= nextEvaluation || step >= config.steps) {
      await evaluate();
      nextEvaluation = (Math.floor(step / config.evaluateEvery) + 1) * config.evaluateEvery;
      await options.onCheckpoint?.({
        agent: agent.state(),
        replay: replay.state(),
        streams: {
          episodes: streams.episodes.state(),
          exploration: streams.exploration.state(),
          replay: streams.replay.state(),
          noise: streams.noise.state(),
        },
        step,
        episode: episodes,
      });
    }
  }
  const result = await policy();
  await agent.close();
  return result;
}

/** Uniformly random actions within the space's bounds. */
function randomPolicy(env: Env, stream: RandomStream): Policy {
  const { actionSpace } = env.spec;
  return {
    name: 'random',
    reset: () => undefined,
    act: () =>
      fromUnitBox(
        actionSpace,
        Float32Array.from(actionSpace.entries, () => stream.uniformBetween(-1, 1)),
      ),
  };
}

async function makeUpdates(
  agent: SacAgent,
  replay: ReplayBuffer,
  streams: Record<StreamName, RandomStream>,
  count: number,
): Promise<Record<string, number>> {
  let metrics: SacMetrics | undefined;
  for (let update = 0; update < count; update++) {
    metrics = await agent.update(replay, streams.replay, streams.noise);
  }
  return metrics === undefined
    ? {}
    : Object.fromEntries(Object.entries(metrics).map(([name, value]) => [`sac/${name}`, value]));
}

function checkRewards(rewards: Float32Array, episode: Episode, reward: RewardSource): void {
  if (rewards.length !== episode.length) {
    throw new InputError(`the ${reward.name} reward gave ${rewards.length} rewards; expected ${episode.length}`);
  }
  const bad = rewards.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new InputError(`the ${reward.name} reward of step ${bad} is ${rewards[bad]}; expected a number`);
}

/** Actions of an episode, from the space's bounds to [-1, 1]; shape [T, action entries]. */
function unitActions(episode: Episode, env: Env): Float32Array {
  const { actionSpace } = env.spec;
  const size = spaceSize(actionSpace);
  const unit = new Float32Array(episode.actions.length);
  for (let start = 0; start < unit.length; start += size) {
    unit.set(toUnitBox(actionSpace, episode.actions.subarray(start, start + size)), start);
  }
  return unit;
}
