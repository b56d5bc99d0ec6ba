import type { ImageSize, PrivilegedEnv } from './env.js';
import type { Episode, FrameStack, Policy, RecordedEpisode } from './episode.js';
import { poseTrackWidth } from './scene.js';
import { spaceSize } from './spaces.js';

/** What to record beside observations and actions. */
export interface RecordOptions {
  /** Seed of the episode's randomisation, passed to `reset` and to the policy. */
  readonly seed: number;
  /** Pictures to keep; none when empty. */
  readonly cameras: readonly ({ readonly camera: string } & ImageSize)[];
}

/** Runs one episode to its end and records it whole. */
export async function recordEpisode(
  env: PrivilegedEnv,
  policy: Policy,
  options: RecordOptions,
): Promise<RecordedEpisode> {
  const { spec } = env;
  const limit = spec.maxEpisodeSteps;
  const observationSize = spaceSize(spec.observationSpace);
  const actionSize = spaceSize(spec.actionSpace);

  policy.reset(options.seed);
  let observation = env.reset({ seed: options.seed }).observation;
  const scene = env.scene();
  const poseWidth = poseTrackWidth(scene);

  const observations = new Float32Array((limit + 1) * observationSize);
  const actions = new Float32Array(limit * actionSize);
  const rewards = new Float32Array(limit);
  const stepScores = new Float32Array(limit);
  const poses = new Float32Array(limit * poseWidth);
  const pictures = options.cameras.map(({ width, height }) => new Uint8Array(limit * width * height * 3));
  observations.set(observation, 0);

  let length = 0;
  let terminated = false;
  let truncated = false;
  while (!terminated && !truncated) {
    env.writePoses(poses.subarray(length * poseWidth, (length + 1) * poseWidth));
    options.cameras.forEach(({ camera, width, height }, index) => {
      const bytes = width * height * 3;
      env.render(camera, { width, height }, pictures[index]!.subarray(length * bytes, (length + 1) * bytes));
    });
    const action = await policy.act(observation);
    const result = env.step(action);
    actions.set(action, length * actionSize);
    rewards[length] = result.reward;
    stepScores[length] = env.privileged.stepScore();
    length += 1;
    observation = result.observation;
    observations.set(observation, length * observationSize);
    terminated = result.terminated;
    truncated = result.truncated;
  }

  const frames: FrameStack[] = options.cameras.map(({ camera, width, height }, index) => ({
    camera,
    width,
    height,
    data: pictures[index]!.subarray(0, length * width * height * 3),
  }));
  const episode: Episode = {
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
  return {
    episode,
    privileged: {
      stepScores: stepScores.subarray(0, length),
      success: env.privileged.success(),
      scene,
      poses: poses.subarray(0, length * poseWidth),
    },
  };
}
