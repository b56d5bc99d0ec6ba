import { CommandClock } from './command-clock.js';
import { LatencyStatistics, type Percentiles } from './latency.js';

/** Wall time between two looks at the clock, ms. */
const PUMP_MS = 1;

/** What a pump works with. */
export interface PumpHooks {
  /** Seconds, in the graph's time. */
  readonly now: () => number;
  /** Sends what is due at a time. @returns whether to go on */
  readonly tick: (now: number, due: number) => boolean;
  /** Told when a tick has failed; no other follows. */
  readonly failed: (error: unknown) => void;
}

/** Sends commands at the controller's rate, from its start until a tick says that it was the last. */
export class CommandPump {
  readonly #hooks: PumpHooks;
  readonly #clock: CommandClock;
  readonly #intervals = new LatencyStatistics();
  #timer: NodeJS.Timeout | undefined;
  #tickedAt: number | undefined;

  /** @param period seconds from one command to the next */
  constructor(period: number, hooks: PumpHooks) {
    this.#hooks = hooks;
    this.#clock = new CommandClock(period);
  }

  get running(): boolean {
    return this.#timer !== undefined;
  }

  /** Wall time between two commands, seconds. */
  get intervals(): Percentiles {
    return this.#intervals.percentiles();
  }

  start(): void {
    this.#tickedAt = undefined;
    this.#timer ??= setInterval(() => this.#advance(), PUMP_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Does the tick that is due, if one is. */
  #advance(): void {
    try {
      const now = this.#hooks.now();
      const due = this.#clock.tick(now);
      if (due === undefined) return;
      const wall = performance.now() / 1000;
      if (this.#tickedAt !== undefined) this.#intervals.add(wall - this.#tickedAt);
      this.#tickedAt = wall;
      if (!this.#hooks.tick(now, due)) this.stop();
    } catch (error) {
      this.stop();
      this.#hooks.failed(error);
    }
  }
}
