import { type Clamp, describeEvent, type Stop } from '../safety/index.js';

/** What lasts is told once, and again this long after, seconds, with what happened meanwhile. */
const REPEAT_AFTER = 5;
/** What is not seen for this long, seconds, is over. */
const OVER_AFTER = 0.5;

interface Running {
  worst: Clamp | Stop;
  lastSeen: number;
  lastTold: number;
  count: number;
}

/**
 * Tells of every clamp and stop, with the value that caused it, without a line per tick: one when it begins, at times while it
 * lasts, and one when it is over, with how often it was and the worst value.
 */
export class EventLog {
  /** At how many ticks each limit clamped and each cause held the arm, since the beginning. */
  readonly counts = new Map<string, number>();
  readonly #tell: (line: string, event: Clamp | Stop) => void;
  readonly #running = new Map<string, Running>();

  /** @param tell gets one line, and the event that it is about */
  constructor(tell: (line: string, event: Clamp | Stop) => void) {
    this.#tell = tell;
  }

  /** @param event what has been cut or why the arm is held, told at every tick at which it is so @param now seconds, never going back */
  add(event: Clamp | Stop, now: number): void {
    const name = 'limit' in event ? event.limit : event.cause;
    const key = `${name} (${event.where})`;
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
    const running = this.#running.get(key);
    if (running === undefined) {
      this.#running.set(key, { worst: event, lastSeen: now, lastTold: now, count: 1 });
      this.#tell(describeEvent(event), event);
      return;
    }
    running.count += 1;
    running.lastSeen = now;
    if (excess(event) > excess(running.worst)) running.worst = event;
    if (now - running.lastTold >= REPEAT_AFTER) this.#tellSum(running, now, 'still');
  }

  /** Tells of what is over; called once per tick. */
  settle(now: number): void {
    for (const [key, running] of this.#running) {
      if (now - running.lastSeen < OVER_AFTER) continue;
      this.#running.delete(key);
      if (running.count > 1) this.#tellSum(running, now, 'over now');
    }
  }

  #tellSum(running: Running, now: number, when: string): void {
    running.lastTold = now;
    this.#tell(`${describeEvent(running.worst)}; the worst of ${running.count} ticks, ${when}`, running.worst);
  }
}

/** How far beyond its limit a value is. */
function excess({ value, allowed }: Clamp | Stop): number {
  return Math.abs(value - allowed);
}
