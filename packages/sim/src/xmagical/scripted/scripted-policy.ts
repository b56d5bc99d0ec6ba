import { type Policy, RandomStream } from '@rapport/core';
import type { EmbodimentName } from '../view.js';
import type { Phase } from './phases.js';
import type { Plan } from './plans.js';
import { readObservation } from './sight.js';

/** How a scripted policy behaves in one episode. */
export interface Behaviour {
  /** For the episode's label, for example `careful`. */
  readonly style: string;
  readonly plan: Plan;
  /** Standard deviation of the noise added to the actions: fraction of top speed, and of full turning. */
  readonly noise: number;
}

/** Least turn action that turns at full rate. */
const fullTurn = 0.0625;

/**
 * Follows a plan from observations alone. What varies between episodes comes from the seed given to `reset`: the same
 * seed and observations give the same actions.
 */
export class ScriptedPolicy implements Policy {
  readonly #embodiment: EmbodimentName;
  readonly #choose: (random: RandomStream) => Behaviour;
  readonly #label: string;
  #random: RandomStream;
  #behaviour: Behaviour;
  /** Made at the first observation. */
  #phases: Phase[] | undefined;
  #stepsInPhase = 0;
  #speedNoise = 0;
  #turnNoise = 0;

  /** @param choose picks the behaviour of an episode */
  constructor(embodiment: EmbodimentName, label: string, choose: (random: RandomStream) => Behaviour) {
    this.#embodiment = embodiment;
    this.#choose = choose;
    this.#label = label;
    this.#random = new RandomStream(0, `scripted/${label}`);
    this.#behaviour = choose(this.#random);
  }

  /** `scripted/careful`, or `scripted/mixed/careful` when the style differs from the policy's own label. */
  get name(): string {
    const { style } = this.#behaviour;
    return style === this.#label ? `scripted/${style}` : `scripted/${this.#label}/${style}`;
  }

  reset(seed: number): void {
    this.#random = new RandomStream(seed, `scripted/${this.#label}`);
    this.#behaviour = this.#choose(this.#random);
    this.#phases = undefined;
    this.#stepsInPhase = 0;
    this.#speedNoise = 0;
    this.#turnNoise = 0;
  }

  act(observation: Float32Array): Float32Array {
    const sight = readObservation(observation);
    this.#phases ??= this.#behaviour.plan({ embodiment: this.#embodiment, start: sight, random: this.#random });
    let speed = 0;
    let turn = 0;
    while (this.#phases.length > 0) {
      const phase = this.#phases[0]!;
      const command = this.#stepsInPhase < phase.maxSteps ? phase.command(sight) : undefined;
      if (command !== undefined) {
        ({ speed, turn } = command);
        this.#stepsInPhase += 1;
        break;
      }
      this.#phases.shift();
      this.#stepsInPhase = 0;
    }
    const { noise } = this.#behaviour;
    // Noise that lasts a few steps moves the robot; white noise would only shake it.
    this.#speedNoise = 0.7 * this.#speedNoise + 0.7 * noise * this.#random.normal();
    this.#turnNoise = 0.7 * this.#turnNoise + 0.7 * noise * this.#random.normal();
    const action = [clip(speed + 0.8 * this.#speedNoise), clip(turn + fullTurn * this.#turnNoise)];
    return Float32Array.from(this.#embodiment === 'gripper' ? [...action, 0] : action);
  }
}

function clip(value: number): number {
  return Math.max(-1, Math.min(1, value));
}
