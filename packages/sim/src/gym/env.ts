import {
  boxSpace,
  checkVector,
  type EnvSpec,
  type ImageSize,
  InputError,
  type PrivilegedEnv,
  RandomStream,
  type ResetResult,
  type Scene,
  type SpaceEntry,
  type StepResult,
  spaceSize,
} from '@rapport/core';
import { GymBridge } from './bridge.js';
import type { GymBounds, GymDescription, GymObservation } from './messages.js';
import { gymPython, gymServer } from './python.js';
import { resizePicture } from './resize.js';

/** The one camera, where the environment draws itself at all. */
const CAMERA = 'view';
/** Time limit of an environment that has none. */
const DEFAULT_LIMIT = 1000;

/** An empty scene: what a foreign environment consists of is not known, only its pictures are. */
const scene: Scene = { bodies: [], bounds: { min: [-1, -1, 0], max: [1, 1, 1] }, view: 'planar' };

/**
 * A Gymnasium environment in a Python process of its own.
 *
 * - Observations are flattened as `gymnasium.spaces.flatten` does; RGB pictures are observed as pictures.
 * - A discrete action of n choices is a vector of n numbers in [-1, 1], of which the greatest is chosen.
 * - `reset` without a seed draws a seed itself: every episode has one, so that it can be restored.
 * - There is no preference score in Gymnasium: the step score is the logistic function of the reward. Success is what
 *   the last step's info calls `is_success` or `success`.
 * - The state is the episode's seed and its actions; restoring it plays them again. That is exact where the environment
 *   itself repeats an episode from its seed.
 */
export class GymEnv implements PrivilegedEnv {
  readonly spec: EnvSpec;
  readonly privileged: PrivilegedEnv['privileged'];
  readonly #bridge: GymBridge;
  readonly #choices: number | undefined;
  #random: RandomStream;
  #phase: 'new' | 'running' | 'ended' | 'closed' = 'new';
  #seed = 0;
  #actions: number[][] = [];
  #reward = 0;
  #success = false;

  /**
   * Starts the process and makes the environment.
   * @param id `gym:PACKAGE/ID`: PACKAGE is imported in Python, ID is what it registers
   * @throws InputError when the id is of another form, or Gymnasium cannot make it
   * @throws UnavailableError when the Python environment has not been made, or its process ends
   */
  constructor(id: string) {
    const { package: name, id: gymId } = parseGymId(id);
    this.#bridge = new GymBridge(id, gymPython(), gymServer);
    let description: GymDescription;
    try {
      description = this.#bridge.request('make', { package: name, id: gymId });
    } catch (error) {
      this.#bridge.close();
      throw error;
    }
    this.spec = specOf(id, description);
    this.#choices = 'choices' in description.action ? description.action.choices : undefined;
    this.#random = new RandomStream(0, id);
    this.privileged = {
      stepScore: () => 1 / (1 + Math.exp(-this.#checkStarted(this.#reward))),
      success: () => this.#checkStarted(this.#success),
      state: () => this.#checkStarted(Float64Array.of(this.#seed, this.#actions.length, ...this.#actions.flat())),
      restore: (state) => this.#restore(state),
    };
  }

  reset(options: { readonly seed?: number } = {}): ResetResult {
    this.#checkOpen();
    if (options.seed !== undefined) this.#random = new RandomStream(options.seed, this.spec.id);
    return { ...this.#begin(options.seed ?? this.#random.uint32()), info: {} };
  }

  step(action: ArrayLike<number>): StepResult {
    this.#checkStarted(undefined);
    if (this.#phase === 'ended') {
      throw new InputError(`${this.spec.id}: the episode has ended; call reset before the next step`);
    }
    checkVector(this.spec.actionSpace, action, 'action');
    return this.#take(Array.from(action));
  }

  render(camera: string, size: ImageSize, out?: Uint8Array): Uint8Array {
    this.#checkStarted(undefined);
    if (!this.spec.cameras.includes(camera)) {
      const cameras = this.spec.cameras.length === 0 ? 'it draws no pictures' : `it has "${CAMERA}"`;
      throw new InputError(`${this.spec.id} has no camera "${camera}"; ${cameras}`);
    }
    const bytes = size.width * size.height * 3;
    const picture = out ?? new Uint8Array(bytes);
    if (picture.length !== bytes) throw new InputError(`picture buffer has ${picture.length} bytes; expected ${bytes}`);
    const { pixels, ...from } = this.#bridge.request('render', {});
    resizePicture(pixels, from, size, picture);
    return picture;
  }

  scene(): Scene {
    return scene;
  }

  writePoses(): void {}

  close(): void {
    this.#phase = 'closed';
    this.#bridge.close();
  }

  #checkOpen(): void {
    if (this.#phase === 'closed') throw new InputError(`${this.spec.id} has been closed; make it anew`);
  }

  #checkStarted<Value>(value: Value): Value {
    this.#checkOpen();
    if (this.#phase === 'new') throw new InputError(`${this.spec.id}: no episode has begun; call reset first`);
    return value;
  }

  #begin(seed: number): Pick<ResetResult, 'observation' | 'picture'> {
    const reply = this.#bridge.request('reset', { seed });
    this.#seed = seed;
    this.#actions = [];
    this.#reward = 0;
    this.#success = false;
    this.#phase = 'running';
    return this.#observation(reply);
  }

  #take(action: number[]): StepResult {
    const taken = this.#choices === undefined ? action : [action.indexOf(Math.max(...action))];
    const reply = this.#bridge.request('step', { action: taken });
    this.#actions.push(action);
    this.#reward = reply.reward;
    this.#success = reply.success;
    const { terminated, reward } = reply;
    const atLimit = this.#actions.length >= this.spec.maxEpisodeSteps;
    const truncated = !terminated && (reply.truncated || atLimit);
    if (terminated || truncated) this.#phase = 'ended';
    return { ...this.#observation(reply), reward, terminated, truncated, info: {} };
  }

  #observation({ vector, pixels }: GymObservation): Pick<ResetResult, 'observation' | 'picture'> {
    if (vector === undefined) return { observation: new Float32Array(0), picture: Uint8Array.from(pixels!) };
    return { observation: new Float32Array(Uint8Array.from(vector).buffer) };
  }

  #restore(state: Float64Array): void {
    this.#checkOpen();
    const [seed, steps] = state;
    const width = spaceSize(this.spec.actionSpace);
    if (seed === undefined || steps === undefined || state.length !== 2 + steps * width) {
      throw new InputError(
        `${this.spec.id}: state has ${state.length} numbers; expected 2 and ${width} for every step`,
      );
    }
    this.#begin(seed);
    for (let step = 0; step < steps; step++) {
      this.#take(Array.from(state.subarray(2 + step * width, 2 + (step + 1) * width)));
    }
  }
}

/** Whether an id is one of the bridge's. */
export function isGymId(id: string): boolean {
  return id.startsWith('gym:');
}

function parseGymId(id: string): { readonly package: string; readonly id: string } {
  const match = /^gym:([A-Za-z_][\w.]*)\/(\S+)$/.exec(id);
  if (match === null) {
    throw new InputError(`"${id}" is no Gymnasium environment; expected gym:PACKAGE/ID, as gym:gymnasium/CartPole-v1`);
  }
  return { package: match[1]!, id: match[2]! };
}

function specOf(id: string, description: GymDescription): EnvSpec {
  const { action, observation, picture, max_steps: limit, rate, renders } = description;
  return {
    id,
    summary: `${id.slice(id.indexOf('/') + 1)} of Python's Gymnasium`,
    observationSpace: boxSpace(observation === undefined ? [] : entriesOf('observation', observation)),
    ...(picture !== undefined && { pictureObservation: picture }),
    actionSpace: boxSpace(
      'choices' in action
        ? Array.from({ length: action.choices }, (_, choice) => entry(`choice_${choice}`, -1, 1))
        : entriesOf('action', action),
    ),
    controlHz: rate > 0 ? rate : 20,
    maxEpisodeSteps: limit ?? DEFAULT_LIMIT,
    cameras: renders ? [CAMERA] : [],
  };
}

function entriesOf(name: string, { low, high }: GymBounds): SpaceEntry[] {
  return low.map((bound, index) => entry(`${name}_${index}`, bound ?? -Infinity, high[index] ?? Infinity));
}

/** Gymnasium knows no units. */
function entry(name: string, low: number, high: number): SpaceEntry {
  return { name, unit: '1', low, high };
}
