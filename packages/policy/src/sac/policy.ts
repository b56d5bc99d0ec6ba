import { type BoxSpace, fromUnitBox, type Policy, type PolicySignature, spaceSize } from '@rapport/core';
import { type CompiledFunction, compileFunction, input, type ParameterValues, type Tensor } from '@rapport/nn';
import type { SacConfig } from './config.js';
import { FrameStacker } from './frame-stack.js';
import { sacNetworks, squashedMode } from './networks.js';

/** What a policy was made for and how; together with its weights it is the whole policy. */
export interface SacPolicyDescription {
  /** For labels and reports, for example `sac/rapl/20000`. */
  readonly name: string;
  readonly envId: string;
  readonly config: SacConfig;
  readonly observationSpace: BoxSpace;
  readonly actionSpace: BoxSpace;
}

/** The actor of soft actor-critic without exploration: the action is the tanh of the mean. */
export class SacPolicy implements Policy {
  readonly description: SacPolicyDescription;
  /** The actor's weights by name. */
  readonly parameters: ParameterValues;
  readonly #stacker: FrameStacker;
  readonly #mode: CompiledFunction<'action'>;

  private constructor(
    description: SacPolicyDescription,
    parameters: ParameterValues,
    mode: CompiledFunction<'action'>,
  ) {
    this.description = description;
    this.parameters = parameters;
    this.#stacker = new FrameStacker(spaceSize(description.observationSpace), description.config.frameStack);
    this.#mode = mode;
  }

  /**
   * @param parameters the actor's weights, as `SacAgent.actorParameters()` gives them
   * @throws InputError when a weight is missing or has another shape than the description asks for
   */
  static async create(description: SacPolicyDescription, parameters: ParameterValues): Promise<SacPolicy> {
    const mode = await compileFunction({ outputs: { action: actorMode(description) }, parameters });
    return new SacPolicy(description, parameters, mode);
  }

  get name(): string {
    return this.description.name;
  }

  get signature(): PolicySignature {
    const { observationSpace, actionSpace } = this.description;
    return { observationSize: spaceSize(observationSpace), actionSize: spaceSize(actionSpace), cameras: [] };
  }

  reset(): void {
    this.#stacker.reset();
  }

  /** @param observation shape [observation entries]; returns the action within the space's bounds */
  async act(observation: Float32Array): Promise<Float32Array> {
    const { action } = await this.#mode.run({ observation: this.#stacker.push(observation) });
    return fromUnitBox(this.description.actionSpace, action);
  }

  /** Frees the compiled network. */
  close(): Promise<void> {
    return this.#mode.close();
  }
}

/** The graph of the actor's mode for one stacked observation: input `observation` [1, o], output [1, action]. */
export function actorMode({ config, observationSpace, actionSpace }: SacPolicyDescription): Tensor {
  const observationSize = spaceSize(observationSpace) * config.frameStack;
  const { actor } = sacNetworks(config, observationSize, spaceSize(actionSpace));
  return squashedMode(actor.apply(input('observation', [1, observationSize])));
}
