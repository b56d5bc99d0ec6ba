import { type Choice, StyledPolicy } from '../../scripted/styled-policy.js';
import type { EmbodimentName } from '../view.js';
import type { Phase } from './phases.js';
import type { Plan } from './plans.js';
import { readObservation } from './sight.js';

/** Least turn action that turns at full rate. */
const fullTurn = 0.0625;

/** Follows a plan from observations alone. Noise is on actions, as a share of top speed and of full turning. */
export class ScriptedPolicy extends StyledPolicy<Plan> {
  readonly #embodiment: EmbodimentName;
  /** Made at the first observation. */
  #phases: Phase[] | undefined;
  #stepsInPhase = 0;
  #speedNoise = 0;
  #turnNoise = 0;

  /** @param choose picks the behaviour of an episode */
  constructor(embodiment: EmbodimentName, label: string, choose: Choice<Plan>) {
    super(label, choose);
    this.#embodiment = embodiment;
  }

  protected begin(): void {
    this.#phases = undefined;
    this.#stepsInPhase = 0;
    this.#speedNoise = 0;
    this.#turnNoise = 0;
  }

  act(observation: Float32Array): Float32Array {
    const sight = readObservation(observation);
    this.#phases ??= this.behaviour.plan({ embodiment: this.#embodiment, start: sight, random: this.random });
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
    const { noise } = this.behaviour;
    // Noise that lasts a few steps moves the robot; white noise would only shake it.
    this.#speedNoise = 0.7 * this.#speedNoise + 0.7 * noise * this.random.normal();
    this.#turnNoise = 0.7 * this.#turnNoise + 0.7 * noise * this.random.normal();
    const action = [clip(speed + 0.8 * this.#speedNoise), clip(turn + fullTurn * this.#turnNoise)];
    return Float32Array.from(this.#embodiment === 'gripper' ? [...action, 0] : action);
  }
}

function clip(value: number): number {
  return Math.max(-1, Math.min(1, value));
}
