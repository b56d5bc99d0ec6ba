import type { Env, ImageSize, PrivilegedEnv } from './env.js';
import type { Episode, FrameStack, Policy, RecordedEpisode } from './episode.js';
import { poseTrackWidth } from './scene.js';
import { spaceSize } from './spaces.js';

/** How to run one episode, and what to keep beside observations and actions. */
export interface RolloutOptions {
  /** Seed of the episode's randomisation, passed to `reset` and to the policy. */
  readonly seed: number;
  /** Pictures to keep; none when empty. */
  readonly cameras: readonly ({ readonly camera: string } & ImageSize)[];
}

/** Called at fixed points of a rollout, for what the learner's record does not hold. */
interface RolloutHooks {
  /** After `reset`, before anything is recorded. */
  readonly onReset?: () => void;
  /** Before action `step` is chosen. */
  readonly beforeStep?: (step: number) => void;
  /** After action `step` has been applied. */
  readonly afterStep?: (step: number) => void;
}

/** Runs one episode to its end and returns what a learner may see of it. */
export async function playEpisode(
  env: Env,
  policy: Policy,
  options: RolloutOptions,
  hooks: RolloutHooks = {},
): Promise<Episode> {
  const { spec } = env;
  const limit = spec.maxEpisodeSteps;
  const observationSize = spaceSize(spec.observationSpace);
  const actionSize = spaceSize(spec.actionSpace);
  const observations = new Float32Array((limit + 1) * observationSize);
  const actions = new Float32Array(limit * actionSize);
  const rewards = new Float32Array(limit);
  const pictures = options.cameras.map(({ width, height }) => new Uint8Array(limit * width * height * 3));

  policy.reset(options.seed);
  let observation = env.reset({ seed: options.seed }).observation;
  hooks.onReset?.();
  observations.set(observation, 0);
  let length = 0;
  let terminated = false;
  let truncated = false;
  while (!terminated && !truncated) {
    hooks.beforeStep?.(length);
    options.cameras.forEach(({ camera, width, height }, index) => {
      const bytes = width * height * 3;
      env.render(camera, { width, height }, pictures[index]!.subarray(length * bytes, (length + 1) * bytes));
    });
    const action = await policy.act(observation);
    const result = env.step(action);
    hooks.afterStep?.(length);
    actions.set(action, length * actionSize);
    rewards[length] = result.reward;
    length += 1;
    observation = result.observation;
    observations.set(observation, length * observationSize);
    ({ terminated, truncated } = result);
  }

  const frames: FrameStack[] = options.cameras.map(({ camera, width, height }, index) => ({
    camera,
    width,
    height,
    data: pictures[index]!.subarray(0, length * width * height * 3),
  }));
  return {
    envId: spec.id,
    seed: options.seed,
    policy: policy.name,
    length,
    observations: observations.subarray(0, (length + 1) * observationSize),
    actions: actions.subarray(0, length * actionSize),
    rewards: rewards.subarray(0, length),
    terminated,
    truncated,
    frames,
  };
}

/** Runs one episode to its end and records it whole, with the half that a learner may not see. */
export async function recordEpisode(
  env: PrivilegedEnv,
  policy: Policy,
  options: RolloutOptions,
): Promise<RecordedEpisode> {
  const limit = env.spec.maxEpisodeSteps;
  const stepScores = new Float32Array(limit);
  let poses = new Float32Array(0);
  let poseWidth = 0;
  const episode = await playEpisode(env, policy, options, {
    onReset: () => {
      poseWidth = poseTrackWidth(env.scene());
      poses = new Float32Array(limit * poseWidth);
    },
    beforeStep: (step) => env.writePoses(poses.subarray(step * poseWidth, (step + 1) * poseWidth)),
    afterStep: (step) => {
      stepScores[step] = env.privileged.stepScore();
    },
  });
  return {
    episode,
    privileged: {
      stepScores: stepScores.subarray(0, episode.length),
      success: env.privileged.success(),
      scene: env.scene(),
      poses: poses.subarray(0, episode.length * poseWidth),
    },
  };
}
