import { type BoxSpace, type EnvSpec, fromUnitBox, type Policy, type RandomStream, spaceSize } from '@rapport/core';
import {
  adam,
  type CompiledFunction,
  compileFunction,
  compileTrainer,
  input,
  type Parameter,
  type ParameterValues,
  type Trainer,
  type TrainerState,
} from '@rapport/nn';
import { allocateBatch, type ReplayBuffer, type TransitionBatch } from '../replay/buffer.js';
import type { SacConfig } from './config.js';
import { FrameStacker } from './frame-stack.js';
import { sacLosses } from './losses.js';
import { type SacNetworks, sacNetworks, squashedSample } from './networks.js';

/** Mean losses and the temperature of one update. */
export interface SacMetrics {
  readonly criticLoss: number;
  readonly actorLoss: number;
  readonly temperature: number;
  readonly entropy: number;
}

/** Shapes that an agent is built for. */
export interface SacShapes {
  /** Entries of the stacked observation. */
  readonly observationSize: number;
  readonly actionSpace: BoxSpace;
}

/**
 * Actor, twin critics with their averaged copies, and temperature: one ONNX graph makes an update of all of them, a
 * second one draws actions.
 */
export class SacAgent {
  readonly #networks: SacNetworks;
  readonly #config: SacConfig;
  readonly #trainer: Trainer<keyof SacMetrics>;
  readonly #act: CompiledFunction<'action'>;
  readonly #batch: TransitionBatch;
  readonly #noise: Float32Array;
  readonly #nextNoise: Float32Array;

  private constructor(
    networks: SacNetworks,
    trainer: Trainer<keyof SacMetrics>,
    act: CompiledFunction<'action'>,
    config: SacConfig,
    shapes: SacShapes,
  ) {
    this.#networks = networks;
    this.#trainer = trainer;
    this.#act = act;
    this.#config = config;
    const actionSize = spaceSize(shapes.actionSpace);
    this.#batch = allocateBatch(config.batchSize, shapes.observationSize, actionSize);
    this.#noise = new Float32Array(config.batchSize * actionSize);
    this.#nextNoise = new Float32Array(config.batchSize * actionSize);
  }

  /** Builds the graphs; `stream` draws the initial weights. */
  static async create(config: SacConfig, shapes: SacShapes, stream: RandomStream): Promise<SacAgent> {
    const actionSize = spaceSize(shapes.actionSpace);
    const networks = sacNetworks(config, shapes.observationSize, actionSize);
    const losses = sacLosses(networks, config, shapes.observationSize, actionSize);
    const optimizer = adam({ learningRate: config.learningRate });
    const trainer = await compileTrainer({
      groups: [
        {
          name: 'critic',
          parameters: networks.critics.flatMap((critic) => critic.parameters),
          loss: losses.critic,
          optimizer,
        },
        { name: 'actor', parameters: networks.actor.parameters, loss: losses.actor, optimizer },
        { name: 'temperature', parameters: [networks.logTemperature], loss: losses.temperature, optimizer },
      ],
      averages: networks.critics.map((critic, index) => ({
        target: networks.targetCritics[index]!.parameters,
        source: critic.parameters,
        rate: config.targetRate,
      })),
      metrics: {
        criticLoss: losses.critic,
        actorLoss: losses.actor,
        temperature: losses.temperatureValue,
        entropy: losses.entropy,
      },
      stream,
    });
    const observation = input('observation', [1, shapes.observationSize]);
    const { action } = squashedSample(networks.actor.apply(observation), input('noise', [1, actionSize]));
    const act = await compileFunction({
      outputs: { action },
      parameters: select(trainer.parameters(), networks.actor.parameters),
    });
    return new SacAgent(networks, trainer, act, config, shapes);
  }

  /** Makes one update from a random batch; `noiseStream` draws the actions inside the losses. */
  async update(replay: ReplayBuffer, replayStream: RandomStream, noiseStream: RandomStream): Promise<SacMetrics> {
    replay.sample(replayStream, this.#batch);
    noiseStream.fillNormal(this.#noise);
    noiseStream.fillNormal(this.#nextNoise);
    return this.#trainer.step({ ...this.#batch, noise: this.#noise, nextNoise: this.#nextNoise });
  }

  /** The actor with exploration, as it is now. It stacks observations itself; one explorer per episode. */
  explorer(spec: EnvSpec, stream: RandomStream): Policy {
    this.#act.setParameters(this.actorParameters());
    const stacker = new FrameStacker(spaceSize(spec.observationSpace), this.#config.frameStack);
    const noise = new Float32Array(spaceSize(spec.actionSpace));
    return {
      name: 'sac',
      reset: () => stacker.reset(),
      act: async (observation) => {
        const { action } = await this.#act.run({
          observation: stacker.push(observation),
          noise: stream.fillNormal(noise),
        });
        return fromUnitBox(spec.actionSpace, action);
      },
    };
  }

  /** The actor's weights by name, copied. */
  actorParameters(): ParameterValues {
    return select(this.#trainer.parameters(), this.#networks.actor.parameters);
  }

  state(): TrainerState {
    return this.#trainer.state();
  }

  restore(state: TrainerState): void {
    this.#trainer.restore(state);
  }

  async close(): Promise<void> {
    await this.#act.close();
    await this.#trainer.close();
  }
}

function select(values: ParameterValues, parameters: readonly Parameter[]): ParameterValues {
  return Object.fromEntries(parameters.map(({ attributes: { name } }) => [name, values[name]!]));
}
