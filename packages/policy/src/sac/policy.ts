import { type EnvSpec, fromUnitBox, type Policy, spaceSize } from '@rapport/core';
import { type CompiledFunction, compileFunction, input, type ParameterValues } from '@rapport/nn';
import type { SacConfig } from './config.js';
import { FrameStacker } from './frame-stack.js';
import { sacNetworks, squashedSample } from './networks.js';

/** The actor of soft actor-critic without exploration: the action is the tanh of the mean. */
export class SacPolicy implements Policy {
  readonly name: string;
  /** The actor's weights by name. */
  readonly parameters: ParameterValues;
  readonly #spec: Pick<EnvSpec, 'actionSpace'>;
  readonly #stacker: FrameStacker;
  readonly #mode: CompiledFunction<'action'>;

  private constructor(
    name: string,
    spec: Pick<EnvSpec, 'actionSpace'>,
    parameters: ParameterValues,
    stacker: FrameStacker,
    mode: CompiledFunction<'action'>,
  ) {
    this.name = name;
    this.parameters = parameters;
    this.#spec = spec;
    this.#stacker = stacker;
    this.#mode = mode;
  }

  /** @param parameters the actor's weights, as `SacAgent.actorParameters()` gives them */
  static async create(
    config: SacConfig,
    spec: Pick<EnvSpec, 'observationSpace' | 'actionSpace'>,
    parameters: ParameterValues,
    name: string,
  ): Promise<SacPolicy> {
    const observationSize = spaceSize(spec.observationSpace);
    const stacker = new FrameStacker(observationSize, config.frameStack);
    const mode = await compileFunction({ outputs: { action: actorMode(config, spec) }, parameters });
    return new SacPolicy(name, spec, parameters, stacker, mode);
  }

  reset(): void {
    this.#stacker.reset();
  }

  /** @param observation shape [observation entries]; returns the action within the space's bounds */
  async act(observation: Float32Array): Promise<Float32Array> {
    const { action } = await this.#mode.run({ observation: this.#stacker.push(observation) });
    return fromUnitBox(this.#spec.actionSpace, action);
  }

  /** Frees the compiled network. */
  close(): Promise<void> {
    return this.#mode.close();
  }
}

/** The graph of the actor's mode for one stacked observation: input `observation` [1, o], output [1, action]. */
export function actorMode(config: SacConfig, spec: Pick<EnvSpec, 'observationSpace' | 'actionSpace'>) {
  const observationSize = spaceSize(spec.observationSpace) * config.frameStack;
  const actionSize = spaceSize(spec.actionSpace);
  const { actor } = sacNetworks(config, observationSize, actionSize);
  const noise = input('noise', [1, actionSize]);
  return squashedSample(actor.apply(input('observation', [1, observationSize])), noise).mode;
}
