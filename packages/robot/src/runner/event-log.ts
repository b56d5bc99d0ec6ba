import { type Clamp, describeEvent, type Stop } from '../safety/index.js';

/** A clamp that lasts is told once, and again this long after, seconds, with what happened meanwhile. */
const REPEAT_AFTER = 5;
/** A clamp that is not seen for this long, seconds, is over. */
const OVER_AFTER = 0.5;

interface RunningClamp {
  worst: Clamp;
  lastSeen: number;
  lastTold: number;
  count: number;
}

/**
 * Tells of every clamp and stop, with the value that caused it, without a line per tick: a clamp when it begins, at times
 * while it lasts, and when it is over, with how often it was and the worst value.
 */
export class EventLog {
  /** How often each limit clamped and each cause stopped, since the beginning. */
  readonly counts = new Map<string, number>();
  readonly #tell: (line: string, event: Clamp | Stop) => void;
  readonly #running = new Map<string, RunningClamp>();
  #stop: Stop | undefined;

  /** @param tell gets one line, and the event that it is about */
  constructor(tell: (line: string, event: Clamp | Stop) => void) {
    this.#tell = tell;
  }

  clamp(clamp: Clamp, now: number): void {
    const key = `${clamp.limit} (${clamp.where})`;
    this.#countUp(clamp.limit);
    const running = this.#running.get(key);
    if (running === undefined) {
      this.#running.set(key, { worst: clamp, lastSeen: now, lastTold: now, count: 1 });
      this.#tell(describeEvent(clamp), clamp);
      return;
    }
    running.count += 1;
    running.lastSeen = now;
    if (excess(clamp) > excess(running.worst)) running.worst = clamp;
    if (now - running.lastTold >= REPEAT_AFTER) this.#tellSum(running, now, 'still');
  }

  /** The arm is held, or goes on when there is no stop; a stop is told when it begins and when it ends. */
  stop(stop: Stop | undefined): void {
    const before = this.#stop;
    this.#stop = stop;
    if (stop !== undefined && before?.cause !== stop.cause) {
      this.#countUp(stop.cause);
      this.#tell(describeEvent(stop), stop);
    }
  }

  /** Tells of clamps that are over; called once per tick. */
  settle(now: number): void {
    for (const [key, running] of this.#running) {
      if (now - running.lastSeen < OVER_AFTER && now >= running.lastSeen) continue;
      this.#running.delete(key);
      if (running.count > 1) this.#tellSum(running, now, 'until now');
    }
  }

  #tellSum(running: RunningClamp, now: number, when: string): void {
    running.lastTold = now;
    this.#tell(`${describeEvent(running.worst)}; the worst of ${running.count}, ${when}`, running.worst);
  }

  #countUp(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }
}

/** How far beyond its limit a value is. */
function excess({ value, allowed }: Clamp): number {
  return Math.abs(value - allowed);
}
