import { InputError } from '@rapport/core';
import type { DecodedMessage } from '../rosbag2/decode.js';
import type { BagMessage } from '../rosbag2/read-bag.js';
import type { BagMapping } from './mapping.js';

/** Header stamps and log times of one bag may lie this far apart, seconds; more means that they are of different clocks. */
const SAME_CLOCK = 60;

/** The time of messages by the clock that a mapping names, in seconds from the bag's beginning. */
export class MessageClock {
  readonly #clock: BagMapping['clock'];
  #origin: bigint | undefined;
  /** A topic with header stamps of another clock than the log, and one that has log times only. */
  #foreign: string | undefined;
  #logged: string | undefined;

  constructor(clock: BagMapping['clock']) {
    this.#clock = clock;
  }

  /** Nanoseconds of time zero; 0 before the first message. */
  get origin(): bigint {
    return this.#origin ?? 0n;
  }

  /**
   * @throws InputError when some topics have stamps of a clock that is not the recorder's, and others have none
   */
  timeOf(message: BagMessage, decoded: DecodedMessage): number {
    const nanoseconds = this.#nanoseconds(message, decoded);
    this.#origin ??= nanoseconds;
    return Number(nanoseconds - this.#origin) / 1e9;
  }

  #nanoseconds(message: BagMessage, decoded: DecodedMessage): bigint {
    if (this.#clock === 'publish') return message.publishTime;
    if (this.#clock === 'log') return message.logTime;
    const stamp = headerStamp(decoded);
    const topic = message.topic.name;
    if (stamp === undefined) this.#logged ??= topic;
    else if (Math.abs(Number(stamp - message.logTime)) / 1e9 > SAME_CLOCK) this.#foreign ??= topic;
    if (this.#logged !== undefined && this.#foreign !== undefined) {
      throw new InputError(
        `${this.#foreign} is stamped by another clock than the recorder's, and ${this.#logged} has no stamps`,
        { fix: 'use the clock "log"' },
      );
    }
    return stamp ?? message.logTime;
  }
}

/** The stamp in a message's header, nanoseconds; undefined where there is none, or it is zero. */
export function headerStamp(decoded: DecodedMessage): bigint | undefined {
  const header = decoded.header as { readonly stamp?: { readonly sec: number; readonly nanosec: number } } | undefined;
  const stamp = header?.stamp;
  if (stamp === undefined || (stamp.sec === 0 && stamp.nanosec === 0)) return undefined;
  return BigInt(stamp.sec) * 1_000_000_000n + BigInt(stamp.nanosec);
}
