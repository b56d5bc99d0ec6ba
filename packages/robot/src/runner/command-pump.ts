import { CommandClock } from './command-clock.js';
import { LatencyStatistics, type Percentiles } from './latency.js';

/** Wall time between two looks at a clock that is simulated, ms. */
const LOOK_MS = 1;
/** A command that is due within this time is waited for without a timer, which may come a millisecond late. */
const NEAR_MS = 1.2;
/** How long other work waits at most meanwhile, ms. */
const TURN_MS = 0.1;
/** How late a thread may wake that sleeps for less than a timer can, ms: Linux's slack of 0.05 and a little. */
const SLACK_MS = 0.07;
/** What never changes, for a thread to sleep by. */
const nothing = new Int32Array(new SharedArrayBuffer(4));

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
  #timer: NodeJS.Timeout | undefined;
  #turn: NodeJS.Immediate | undefined;
  /** When a command is due that is waited for without a timer, by the clock of `performance.now`. */
  #dueAt = 0;
  #tickedAt: number | undefined;

  /** @param period seconds from one command to the next */
  constructor(period: number, hooks: PumpHooks) {
    this.#hooks = hooks;
    this.#clock = new CommandClock(period);
  }

  get running(): boolean {
    return this.#timer !== undefined || this.#turn !== undefined;
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
    clearTimeout(this.#timer);
    clearImmediate(this.#turn);
    this.#timer = undefined;
    this.#turn = undefined;
  }

  #lookIn(milliseconds: number): void {
    this.#turn = undefined;
    this.#timer = setTimeout(this.#look, milliseconds);
  }

  #lookAt(wall: number): void {
    this.#timer = undefined;
    this.#dueAt = wall;
    this.#turn = setImmediate(this.#takeTurn);
  }

  /** A part of the wait for a command that is nearly due; other work has its turn before the next part. */
  readonly #takeTurn = (): void => {
    const left = this.#dueAt - performance.now();
    if (left > SLACK_MS) {
      Atomics.wait(nothing, 0, 0, Math.min(left - SLACK_MS, TURN_MS));
      this.#turn = setImmediate(this.#takeTurn);
      return;
    }
    while (performance.now() < this.#dueAt);
    this.#look();
  };

  /** Does the tick that is due, if one is. */
  readonly #look = (): void => {
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
  };

  /** @returns whether to go on */
  #tick(now: number, due: number): boolean {
    const wall = performance.now() / 1000;
    if (this.#tickedAt !== undefined) this.#intervals.add(wall - this.#tickedAt);
    this.#tickedAt = wall;
    return this.#hooks.tick(now, due);
  }
}
