import type { Way } from './episode.js';
import type { Scene } from './scene.js';
import type { BoxSpace } from './spaces.js';

/** What an environment returns beside the observation; never anything that a learner must not know. */
export type Info = Readonly<Record<string, number | boolean | string>>;

export interface ResetResult {
  /** Shape [observation entries]. The caller owns the array: it is never written again. */
  readonly observation: Float32Array;
  /** Only with `spec.pictureObservation`: RGB, shape [height, width, 3]. The caller owns the array. */
  readonly picture?: Uint8Array;
  readonly info: Info;
}

export interface StepResult {
  /** Shape [observation entries]. The caller owns the array. */
  readonly observation: Float32Array;
  /** Only with `spec.pictureObservation`: RGB, shape [height, width, 3]. The caller owns the array. */
  readonly picture?: Uint8Array;
  /** The environment's own reward of this step (for X-Magical the benchmark's sparse reward). */
  readonly reward: number;
  /** The task itself ended: the value of what follows is zero. */
  readonly terminated: boolean;
  /** A time limit ended the episode: the value of what follows is not zero. */
  readonly truncated: boolean;
  readonly info: Info;
}

export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/** A camera by name, and the size of the pictures that are wanted of it. */
export interface CameraView extends ImageSize {
  readonly camera: string;
}

/** What an environment is, without making one. */
export interface EnvSpec {
  /** For example `xmagical/avoid-longstick`. */
  readonly id: string;
  /** One line for lists. */
  readonly summary: string;
  readonly observationSpace: BoxSpace;
  /**
   * Set when what is observed is a picture: `reset` and `step` return it as `picture`, beside a vector that holds what is
   * observed in numbers, and may have no entries at all.
   */
  readonly pictureObservation?: ImageSize;
  readonly actionSpace: BoxSpace;
  /** Control steps per second of simulated time. */
  readonly controlHz: number;
  readonly maxEpisodeSteps: number;
  /** Camera names that `render` takes; the first is the default. */
  readonly cameras: readonly string[];
}

/**
 * An environment as a learner sees it, in Gymnasium's terms. It has no way to the task's preference score: that is in
 * `PrivilegedEnv`, which only simulated annotators, evaluation and recording get.
 */
export interface Env {
  readonly spec: EnvSpec;
  /** Starts an episode. With a seed the episode's randomisation is that seed's; without, it goes on from the last. */
  reset(options?: { readonly seed?: number }): ResetResult;
  /**
   * One control step.
   * @param action shape [action entries]
   * @throws InputError when the action has a wrong length or a value that is not finite, or when the episode has ended
   */
  step(action: ArrayLike<number>): StepResult;
  /**
   * The camera's picture, RGB, row-major, shape [height, width, 3].
   * @param out optional buffer of that size to draw into; returned when given
   */
  render(camera: string, size: ImageSize, out?: Uint8Array): Uint8Array;
  close(): void;
}

/** The whole environment, with what a learner may not see. */
export interface PrivilegedEnv extends Env {
  readonly privileged: {
    /**
     * The ground-truth preference score of the step that just ended, in [0, 1]; its formula is in the task's page.
     * The score of an episode is the mean over its steps.
     */
    stepScore(): number;
    /** Whether the task succeeded, judged at the present state. */
    success(): boolean;
    /** How the task was done, judged at the present state; absent where the task is not about ways. */
    way?(): Way;
    /** The complete state; `restore` of it and the same actions give the same bits. */
    state(): Float64Array;
    restore(state: Float64Array): void;
  };
  /** Bodies and shapes of the present episode, for redrawing; poses come from `writePoses`. */
  scene(): Scene;
  /** Writes the present poses of the scene's bodies, in order; `out` has `poseTrackWidth(scene())` numbers. */
  writePoses(out: Float32Array): void;
}

/**
 * The learner's view of an environment: an object that has no path to `privileged`, `scene` or `writePoses`
 * (scene poses are raw state).
 */
export function learnerView(env: Env): Env {
  return Object.freeze({
    spec: env.spec,
    reset: (options?: { readonly seed?: number }) => env.reset(options),
    step: (action: ArrayLike<number>) => env.step(action),
    render: (camera: string, size: ImageSize, out?: Uint8Array) => env.render(camera, size, out),
    close: () => env.close(),
  });
}
