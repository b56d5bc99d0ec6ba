import { RandomStream } from '@rapport/core';
import type { Evaluation, NamedValues, SuccessOrMessage } from '../graph/messages.js';
import { qosProfiles } from '../graph/qos.js';
import { toRosTime } from '../graph/time.js';
import type { Publisher } from '../graph/topics.js';
import type { CommandContext } from './command-context.js';

/** Seeds that `randomise` draws lie below this. */
const SEEDS = 2 ** 31;

/** The episodes of the scene: services that start one, and how it goes, for evaluation. */
export class SceneServices {
  readonly #context: CommandContext;
  readonly #evaluation: Publisher<Evaluation>;
  readonly #episodes: Publisher<NamedValues>;
  readonly #setSeed: (seed: number) => void;
  readonly #ticksPerStep: number;
  #random: RandomStream;
  #seed: number;
  #episode = 0;
  #startTick = 0;
  #tick = 0;

  /**
   * @param seed of the first episode
   * @param setSeed keeps the parameter as it is here
   */
  constructor(context: CommandContext, seed: number, setSeed: (seed: number) => void) {
    this.#context = context;
    this.#seed = seed;
    this.#setSeed = setSeed;
    this.#random = new RandomStream(seed, 'randomise');
    const { node, robot } = context;
    this.#ticksPerStep = Math.round(1 / (robot.cell.task.controlHz * robot.cell.timestep));
    this.#evaluation = node.publisher<Evaluation>('rapport_msgs/msg/Evaluation', '~/evaluation', qosProfiles.default);
    this.#episodes = node.publisher<NamedValues>('rapport_msgs/msg/NamedValues', '~/episode', qosProfiles.default);
    const trigger = (name: string, work: () => string) =>
      node.serve<object, SuccessOrMessage>('std_srvs/srv/Trigger', `~/${name}`, () => this.#ifActive(work));
    trigger('reset', () => this.reset());
    trigger('randomise', () => {
      this.#setSeed(Math.floor(this.#random.uniform() * SEEDS));
      return this.reset();
    });
    node.serve<{ seed: bigint }, SuccessOrMessage>('rapport_msgs/srv/SetSeed', '~/set_seed', ({ seed }) =>
      this.#ifActive(() => {
        if (seed >= BigInt(SEEDS)) throw new RangeError(`seed is ${seed}; expected less than ${SEEDS}`);
        this.#setSeed(Number(seed));
        return `the next reset starts the episode of seed ${seed}`;
      }),
    );
  }

  /** Takes another seed, for the next reset and for what `randomise` draws. */
  setSeed(seed: number): void {
    if (seed === this.#seed) return;
    this.#seed = seed;
  }

  /** Starts an episode. @returns a sentence about it */
  reset(): string {
    this.#context.robot.reset(this.#seed);
    this.#episode += 1;
    this.#startTick = this.#tick;
    this.#episodes.publish({
      header: { stamp: toRosTime(this.#context.now()) },
      names: ['episode', 'seed'],
      values: [this.#episode, this.#seed],
    });
    return `the episode of seed ${this.#seed} has started`;
  }

  /** After every tick. @param tick ticks since the start @param now nanoseconds */
  update(tick: number, now: bigint): void {
    this.#tick = tick;
    const ticks = tick - this.#startTick;
    if (ticks === 0 || ticks % this.#ticksPerStep !== 0) return;
    const { robot } = this.#context;
    const { score, success, way } = robot.cell.endControlStep();
    this.#evaluation.publish({
      header: { stamp: toRosTime(now) },
      episode: BigInt(this.#episode),
      seed: BigInt(this.#seed),
      step: ticks / this.#ticksPerStep,
      step_score: score,
      success,
      way: way?.name ?? '',
      preferred: way?.preferred ?? false,
      fault: robot.fault ?? '',
    });
  }

  #ifActive(work: () => string): SuccessOrMessage {
    if (!this.#context.active()) return { success: false, message: 'the simulator is not active' };
    try {
      return { success: true, message: work() };
    } catch (error) {
      return { success: false, message: error instanceof Error ? error.message : String(error) };
    }
  }
}
