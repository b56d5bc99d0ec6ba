import type { EnvSpec, Episode, FrameStack } from '@rapport/core';
import { spaceSize } from '@rapport/core';
import type { ControlMode } from '@rapport/sim';
import type { StepListener } from '../runner/control-loop.js';
import type { Observed } from '../runner/sensing.js';
import { describeEvent, type Stop } from '../safety/index.js';
import type { EpisodePictures } from './episode-cameras.js';

/** What an episode is recorded with. */
export interface EpisodeLogOptions {
  readonly spec: EnvSpec;
  /** What an action is. */
  readonly control: ControlMode;
  readonly pictures: EpisodePictures;
}

/** A step of an episode: what was observed at its beginning, and what was done then. */
interface Step {
  /** That the observation is about, seconds. */
  readonly time: number;
  readonly observation: Float32Array;
  /** Of each camera. */
  readonly pictures: readonly Uint8Array[];
  /** Undefined where no plan said what to do, and the arm stayed where it had been sent. */
  readonly action: Float32Array | undefined;
}

/** What has been recorded of an episode. */
export interface EpisodeRecord {
  readonly episode: Pick<Episode, 'length' | 'observations' | 'actions' | 'frames'>;
  /** When it was as observed, seconds, shape [T + 1]. */
  readonly times: readonly number[];
  /** What stopped it before its time. */
  readonly stopped: string | undefined;
}

/**
 * Records an episode of a control loop in the form of the environments': it begins with the first action, has one row per
 * control step, and ends when it is as long as episodes of the environment are, or when something stops the arm.
 */
export class EpisodeLog implements StepListener {
  readonly #options: EpisodeLogOptions;
  /** The loop's number of the episode's first step. */
  #first: number | undefined;
  readonly #steps: Step[] = [];
  #stopped: string | undefined;
  #heardAt = performance.now();

  constructor(options: EpisodeLogOptions) {
    this.#options = options;
  }

  /** Whether the policy has begun to act. */
  get begun(): boolean {
    return this.#first !== undefined;
  }

  get ended(): boolean {
    return this.#stopped !== undefined || this.#steps.length > this.#options.spec.maxEpisodeSteps;
  }

  /** Wall time since the last step began, seconds. */
  get silence(): number {
    return (performance.now() - this.#heardAt) / 1000;
  }

  observed(step: number, { time, step: seen }: Observed): void {
    if (this.ended) return;
    this.#heardAt = performance.now();
    // Until the first action, only the newest observation can be the one that it is taken from.
    if (this.#first === undefined) this.#steps.length = 0;
    const last = this.#steps.at(-1);
    const place = this.#first === undefined ? 0 : step - this.#first;
    // Steps that a stalled process has left out: nothing was seen and nothing new was done.
    while (last !== undefined && this.#steps.length < place) this.#steps.push({ ...last, action: undefined });
    try {
      const pictures = this.#options.pictures.at(time);
      this.#steps.push({ time, observation: seen.observation, pictures, action: undefined });
    } catch (error) {
      this.#stopped = (error as Error).message;
    }
  }

  acted(step: number, action: Float32Array): void {
    if (this.ended || this.#steps.length === 0) return;
    this.#first ??= step;
    const place = step - this.#first;
    if (place === this.#steps.length - 1) this.#steps[place] = { ...this.#steps[place]!, action };
  }

  stopped(stop: Stop): void {
    if (!this.ended) this.#stopped = describeEvent(stop);
  }

  /** What has been recorded; the last observation is the one that follows the last action. */
  record(): EpisodeRecord {
    const { spec, control, pictures } = this.#options;
    const steps = this.#steps.slice(0, spec.maxEpisodeSteps + 1);
    const length = Math.max(0, steps.length - 1);
    const [observed, acted] = [spaceSize(spec.observationSpace), spaceSize(spec.actionSpace)];
    const observations = new Float32Array((length + 1) * observed);
    const actions = new Float32Array(length * acted);
    steps.forEach(({ observation }, row) => {
      observations.set(observation, row * observed);
    });
    let last: Float32Array = new Float32Array(acted);
    for (let row = 0; row < length; row++) {
      last = steps[row]!.action ?? holdingAction(control, last);
      actions.set(last, row * acted);
    }
    const frames = pictures.views.map((view, camera): FrameStack => {
      const size = view.width * view.height * 3;
      const data = new Uint8Array(length * size);
      for (let row = 0; row < length; row++) data.set(steps[row]!.pictures[camera]!, row * size);
      return { ...view, data };
    });
    return {
      episode: { length, observations, actions, frames },
      times: steps.map(({ time }) => time),
      stopped: this.#stopped,
    };
  }
}

/** The action that leaves an arm where the last one has sent it. The last entry is the gripper's width. */
export function holdingAction({ kind }: ControlMode, last: Float32Array): Float32Array {
  switch (kind) {
    case 'joint-position':
    case 'joint-impedance':
    case 'cartesian-pose':
      return last;
    case 'joint-delta':
    case 'cartesian-delta':
    case 'cartesian-delta-position':
      return last.map((value, entry) => (entry === last.length - 1 ? value : 0));
  }
}
