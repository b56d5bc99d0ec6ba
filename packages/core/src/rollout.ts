import type { CameraView, Env, EnvSpec, PrivilegedEnv } from './env.js';
import { checkPolicyFits, type Episode, type FrameStack, type Policy, type RecordedEpisode } from './episode.js';
import type { WorkOptions } from './progress.js';
import { poseTrackWidth } from './scene.js';
import { spaceSize } from './spaces.js';

/** How to run one episode, and what to keep beside observations and actions. */
export interface RolloutOptions {
  /** Seed of the episode's randomisation, passed to `reset` and to the policy. */
  readonly seed: number;
  /** Pictures to keep; none when empty. */
  readonly cameras: readonly CameraView[];
  /** The episode ends when its reward has been 1 for more than so many steps on end; by default only as it ends itself. */
  readonly stepsAfterSuccess?: number | undefined;
}

/** A rollout that is wanted: its start, and which of several from there. */
export interface WantedRollout {
  /** Seed of the episode's randomisation. */
  readonly seed: number;
  /** Rollouts of one start with different numbers get random numbers of their own; 0 takes those of the seed. */
  readonly variation: number;
}

/** Where a policy is rolled out: in simulation, or on a robot. */
export interface RolloutSource {
  readonly spec: EnvSpec;
  /**
   * Runs the policy of a folder once for each rollout that is wanted, in that order; each is handed over when it is made.
   * @param cameras pictures to keep
   * @throws InterruptedError when stopped between two of them
   */
  rollOut(
    policy: string,
    wanted: readonly WantedRollout[],
    cameras: readonly CameraView[],
    work: WorkOptions,
  ): AsyncIterable<RecordedEpisode>;
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

/**
 * Runs one episode to its end and returns what a learner may see of it.
 * @throws InputError when the policy does not fit the environment
 */
export async function playEpisode(
  env: Env,
  policy: Policy,
  options: RolloutOptions,
  hooks: RolloutHooks = {},
): Promise<Episode> {
  const { spec } = env;
  checkPolicyFits(policy, spec);
  const limit = spec.maxEpisodeSteps;
  const observationSize = spaceSize(spec.observationSpace);
  const actionSize = spaceSize(spec.actionSpace);
  const observations = new Float32Array((limit + 1) * observationSize);
  const actions = new Float32Array(limit * actionSize);
  const rewards = new Float32Array(limit);
  const pictures = options.cameras.map(({ width, height }) => new Uint8Array(limit * width * height * 3));
  const eyes = policyEyes(policy, options.cameras);

  policy.reset(options.seed);
  let observation = env.reset({ seed: options.seed }).observation;
  hooks.onReset?.();
  observations.set(observation, 0);
  let length = 0;
  let terminated = false;
  let truncated = false;
  let solvedSteps = 0;
  while (!terminated && !truncated) {
    hooks.beforeStep?.(length);
    const recorded = options.cameras.map(({ camera, width, height }, index) => {
      const bytes = width * height * 3;
      return env.render(camera, { width, height }, pictures[index]!.subarray(length * bytes, (length + 1) * bytes));
    });
    const seen = eyes.map(({ view, recordedAs, buffer }) =>
      recordedAs === undefined ? env.render(view.camera, view, buffer) : recorded[recordedAs]!,
    );
    const action = await (seen.length === 0 ? policy.act(observation) : policy.act(observation, seen));
    const result = env.step(action);
    hooks.afterStep?.(length);
    actions.set(action, length * actionSize);
    rewards[length] = result.reward;
    length += 1;
    observation = result.observation;
    observations.set(observation, length * observationSize);
    solvedSteps = result.reward === 1 ? solvedSteps + 1 : 0;
    ({ terminated, truncated } = result);
    if (solvedSteps > (options.stepsAfterSuccess ?? Number.POSITIVE_INFINITY)) truncated = true;
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

/** A camera that a policy looks at. */
interface PolicyEye {
  readonly view: CameraView;
  /** Which of the recorded cameras draws the same picture; undefined when none does. */
  readonly recordedAs: number | undefined;
  /** What it is drawn into where it is not recorded. */
  readonly buffer: Uint8Array;
}

function policyEyes({ signature }: Policy, recorded: readonly CameraView[]): PolicyEye[] {
  return (signature?.cameras ?? []).map((view) => {
    const { camera, width, height } = view;
    const same = recorded.findIndex((one) => one.camera === camera && one.width === width && one.height === height);
    if (same >= 0) return { view, recordedAs: same, buffer: new Uint8Array(0) };
    return { view, recordedAs: undefined, buffer: new Uint8Array(width * height * 3) };
  });
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
  const way = env.privileged.way?.();
  return {
    episode,
    privileged: {
      stepScores: stepScores.subarray(0, episode.length),
      success: env.privileged.success(),
      ...(way && { way }),
      scene: env.scene(),
      poses: poses.subarray(0, episode.length * poseWidth),
    },
  };
}
