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

/** What was observed at the beginning of a step. */
interface ObservedRow {
  /** That the observation is about, seconds. */
  readonly time: number;
  readonly observation: Float32Array;
  /** Of each camera. */
  readonly pictures: readonly Uint8Array[];
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
  readonly #rows: ObservedRow[] = [];
  /** By step of the episode; none where no plan said what to do, and the arm stayed where it had been sent. */
  readonly #actions = new Map<number, Float32Array>();
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
    return this.#stopped !== undefined || this.#rows.length > this.#options.spec.maxEpisodeSteps;
  }

  /** Wall time since the last step began, seconds. */
  get silence(): number {
    return (performance.now() - this.#heardAt) / 1000;
  }

  observed(step: number, { time, step: seen }: Observed): void {
    if (this.ended) return;
    this.#heardAt = performance.now();
    // Until the first action, only the newest observation can be the one that it is taken from.
    if (this.#first === undefined) this.#rows.length = 0;
    const last = this.#rows.at(-1);
    const place = this.#first === undefined ? 0 : step - this.#first;
    // Steps that a stalled process has left out: nothing was seen.
    while (last !== undefined && this.#rows.length < place) this.#rows.push(last);
    try {
      this.#rows.push({ time, observation: seen.observation, pictures: this.#options.pictures.at(time) });
    } catch (error) {
      this.#stopped = (error as Error).message;
    }
  }

  acted(step: number, action: Float32Array): void {
    if (this.ended || this.#rows.length === 0) return;
    this.#first ??= step;
    this.#actions.set(step - this.#first, action);
  }

  stopped(stop: Stop): void {
    if (!this.ended) this.#stopped = describeEvent(stop);
  }

  /** What has been recorded; the last observation is the one that follows the last action. */
  record(): EpisodeRecord {
    const { spec, control, pictures } = this.#options;
    const observed = this.#rows.slice(0, spec.maxEpisodeSteps + 1);
    const length = Math.max(0, observed.length - 1);
    const [observationSize, actionSize] = [spaceSize(spec.observationSpace), spaceSize(spec.actionSpace)];
    const observations = new Float32Array((length + 1) * observationSize);
    const actions = new Float32Array(length * actionSize);
    observed.forEach(({ observation }, row) => {
      observations.set(observation, row * observationSize);
    });
    let last: Float32Array = new Float32Array(actionSize);
    for (let row = 0; row < length; row++) {
      last = this.#actions.get(row) ?? holdingAction(control, last);
      actions.set(last, row * actionSize);
    }
    const frames = pictures.views.map((view, camera): FrameStack => {
      const size = view.width * view.height * 3;
      const data = new Uint8Array(length * size);
      for (let row = 0; row < length; row++) data.set(observed[row]!.pictures[camera]!, row * size);
      return { ...view, data };
    });
    return {
      episode: { length, observations, actions, frames },
      times: observed.map(({ time }) => time),
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
