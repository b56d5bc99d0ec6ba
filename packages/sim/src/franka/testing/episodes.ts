import { mean, RandomStream, type Way } from '@rapport/core';
import { loadMujoco } from '../../mujoco/module.js';
import { Physics } from '../../mujoco/physics.js';
import { ArmState } from '../arm.js';
import type { ManipulationEntry } from '../catalogue.js';
import { ManipulationEnv } from '../env.js';
import { defaultBase, manipulationModel } from '../model.js';
import { ScriptedPolicy } from '../scripted/scripted-policy.js';
import type { Stage } from '../task.js';

/** What an episode came to. */
export interface Outcome {
  readonly success: boolean;
  /** Mean over the steps. */
  readonly score: number;
  /** How the task was done; undefined where the task is not about ways. */
  readonly way: Way | undefined;
  readonly fault: string | undefined;
}

/** Runs one style of an entry's scripted policies, one episode per seed from 0 on. */
export async function outcomes(entry: ManipulationEntry, style: string, episodes: number): Promise<Outcome[]> {
  const behaviour = entry.styles.find((candidate) => candidate.style === style);
  if (behaviour === undefined) throw new Error(`${entry.id} has no style ${style}`);
  const policy = new ScriptedPolicy(entry.task.control, style, () => behaviour);
  const env = await ManipulationEnv.create(entry);
  try {
    return Array.from({ length: episodes }, (_, seed) => playEpisode(env, policy, seed));
  } finally {
    env.close();
  }
}

/**
 * Runs three episodes of each style.
 * @returns the mean score of each style
 * @throws Error when an episode fails, or is done in another way than its style's
 */
export async function scoresOfWays(
  entry: ManipulationEntry,
  ways: readonly (readonly [style: string, way: Way])[],
): Promise<number[]> {
  const scores: number[] = [];
  for (const [style, way] of ways) {
    const episodes = await outcomes(entry, style, 3);
    for (const { success, way: taken } of episodes) {
      if (success && taken?.name === way.name && taken.preferred === way.preferred) continue;
      throw new Error(`${style} of ${entry.id}: success ${success}, way ${taken?.name}, preferred ${taken?.preferred}`);
    }
    scores.push(mean(episodes.map(({ score }) => score)));
  }
  return scores;
}

function playEpisode(env: ManipulationEnv, policy: ScriptedPolicy, seed: number): Outcome {
  policy.reset(seed);
  let { observation } = env.reset({ seed });
  const scores: number[] = [];
  for (;;) {
    const step = env.step(policy.act(observation));
    observation = step.observation;
    scores.push(env.privileged.stepScore());
    if (step.terminated || step.truncated) {
      const fault = step.info.fault === undefined ? undefined : String(step.info.fault);
      return { success: env.privileged.success(), score: mean(scores), way: env.privileged.way?.(), fault };
    }
  }
}

/** A task's stage at the start of an episode, on which a test may place things; call `close` of its physics. */
export async function stageOf({ arm, task }: ManipulationEntry, seed = 0): Promise<Stage> {
  const world = task.world();
  const physics = new Physics(await loadMujoco(), manipulationModel(arm, task, world, 500), world.files);
  const base = task.base ?? defaultBase;
  const stage = { physics, arm: new ArmState(physics, arm, base), memory: new Float64Array(task.memorySize) };
  stage.arm.placeJoints(arm.home);
  stage.arm.placeGripper(arm.hand.maxWidth);
  task.start(stage, new RandomStream(seed, 'test'));
  physics.forward();
  return stage;
}
