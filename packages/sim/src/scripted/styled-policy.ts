import { type Policy, RandomStream } from '@rapport/core';

/** How a scripted policy behaves in one episode. */
export interface Behaviour<Plan> {
  /** For the episode's label, for example `careful`. */
  readonly style: string;
  readonly plan: Plan;
  /** Standard deviation of the noise on actions; the policy says of what it is a share. */
  readonly noise: number;
}

/** Chooses the behaviour of an episode. */
export type Choice<Plan> = (random: RandomStream) => Behaviour<Plan>;

/**
 * What scripted policies share: a behaviour chosen at every reset, from a stream of its seed, and a name that tells it. The
 * same seed and observations give the same actions.
 */
export abstract class StyledPolicy<Plan> implements Policy {
  /** Of the present episode. */
  protected random: RandomStream;
  protected behaviour: Behaviour<Plan>;
  readonly #label: string;
  readonly #choose: Choice<Plan>;

  constructor(label: string, choose: Choice<Plan>) {
    this.#label = label;
    this.#choose = choose;
    this.random = new RandomStream(0, `scripted/${label}`);
    this.behaviour = choose(this.random);
  }

  /** `scripted/careful`, or `scripted/mixed/careful` when the style differs from the policy's own label. */
  get name(): string {
    const { style } = this.behaviour;
    return style === this.#label ? `scripted/${style}` : `scripted/${this.#label}/${style}`;
  }

  reset(seed: number): void {
    this.random = new RandomStream(seed, `scripted/${this.#label}`);
    this.behaviour = this.#choose(this.random);
    this.begin();
  }

  /** Forgets the last episode. */
  protected abstract begin(): void;

  abstract act(observation: Float32Array): Float32Array;
}
