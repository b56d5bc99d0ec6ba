import { CommandClock } from './command-clock.js';
import { LatencyStatistics, type Percentiles } from './latency.js';

/** Wall time between two looks at a clock that is simulated, ms. */
const LOOK_MS = 1;
/** A command that is due within this time is waited for without a timer, which may come a millisecond late. */
const NEAR_MS = 1.2;

/** What a pump works with. */
export interface PumpHooks {
  /** Seconds, in the graph's time. */
  readonly now: () => number;
  /** Sends what is due at a time. @returns whether to go on */
  readonly tick: (now: number, due: number) => boolean;
  /** Whether that time is of a clock that runs evenly: a simulated one moves on in steps that are longer than a look. */
  readonly even: boolean;
  /** Told when a tick has failed; no other follows. */
  readonly failed: (error: unknown) => void;
}

/** Sends commands at the controller's rate, from its start until a tick says that it was the last. */
export class CommandPump {
  readonly #hooks: PumpHooks;
  readonly #clock: CommandClock;
  readonly #intervals = new LatencyStatistics();
  /** Takes back the next look; undefined while the pump does not run. */
  #cancel: (() => void) | undefined;
  #tickedAt: number | undefined;

  /** @param period seconds from one command to the next */
  constructor(period: number, hooks: PumpHooks) {
    this.#hooks = hooks;
    this.#clock = new CommandClock(period);
  }

  get running(): boolean {
    return this.#cancel !== undefined;
  }

  /** Wall time between two commands, seconds. */
  get intervals(): Percentiles {
    return this.#intervals.percentiles();
  }

  start(): void {
    this.#tickedAt = undefined;
    if (!this.running) this.#lookIn(LOOK_MS);
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #lookIn(milliseconds: number): void {
    const timer = setTimeout(() => this.#look(), milliseconds);
    this.#cancel = () => clearTimeout(timer);
  }

  /** Looks at the time when it has come, without a timer. @param wall the time of `performance.now` */
  #lookAt(wall: number): void {
    const turn = setImmediate(() => (performance.now() < wall ? this.#lookAt(wall) : this.#look()));
    this.#cancel = () => clearImmediate(turn);
  }

  /** Does the tick that is due, if one is. */
  #look(): void {
    try {
      const now = this.#hooks.now();
      const due = this.#clock.tick(now);
      if (due !== undefined && !this.#tick(now, due)) this.stop();
      if (!this.running) return;
      const left = 1000 * this.#clock.untilDue(now);
      if (!this.#hooks.even) this.#lookIn(LOOK_MS);
      else if (left > NEAR_MS) this.#lookIn(left - NEAR_MS);
      else this.#lookAt(performance.now() + left);
    } catch (error) {
      this.stop();
      this.#hooks.failed(error);
    }
  }

  /** @returns whether to go on */
  #tick(now: number, due: number): boolean {
    const wall = performance.now() / 1000;
    if (this.#tickedAt !== undefined) this.#intervals.add(wall - this.#tickedAt);
    this.#tickedAt = wall;
    return this.#hooks.tick(now, due);
  }
}
