import type { MessageCodec } from './codec.js';
import type { Outgoing } from './messages.js';
import type { NativePublisher, NativeSubscription } from './native.js';

/** Told when an end of a topic meets another one that it cannot exchange messages with, or lost some. */
export interface TopicEvents {
  /** @param policy the first policy that does not fit, for example `reliability` */
  readonly onIncompatibleQos?: (policy: string) => void;
  /** Subscriptions only: messages that were dropped before they could be taken. */
  readonly onLost?: (count: number) => void;
}

/** Sends messages on a topic. */
export class Publisher<T extends object> {
  readonly type: string;
  /** The full name, after namespace and remapping. */
  readonly topic: string;
  readonly #native: NativePublisher;
  readonly #codec: MessageCodec<T>;

  constructor(native: NativePublisher, codec: MessageCodec<T>, topic: string) {
    this.type = codec.type;
    this.topic = topic;
    this.#native = native;
    this.#codec = codec;
  }

  /** Subscriptions that are connected now. */
  get subscriptionCount(): number {
    return this.#native.subscriptionCount;
  }

  /** @param message missing fields are zero or the type's default */
  publish(message: Outgoing<T>): void {
    this.publishRaw(this.#codec.encode(message));
  }

  /** Sends bytes that are a message already (CDR); the fastest way for what is sent often. */
  publishRaw(bytes: Buffer): void {
    this.#native.publish(bytes);
  }

  /** Waits, without letting anything else run, until every reliable subscription has what was sent; false when not. */
  waitForAcknowledgement(timeoutMs: number): boolean {
    return this.#native.waitForAllAcked(BigInt(timeoutMs) * 1_000_000n);
  }
}

/** Receives messages of a topic, through the callback that it was made with, until it is closed. */
export class Subscription {
  readonly type: string;
  /** The full name, after namespace and remapping. */
  readonly topic: string;
  readonly #native: NativeSubscription;
  readonly #destroy: () => void;

  constructor(native: NativeSubscription, type: string, topic: string, destroy: () => void) {
    this.type = type;
    this.topic = topic;
    this.#native = native;
    this.#destroy = destroy;
  }

  /** Publishers that are connected now. */
  get publisherCount(): number {
    return this.#native.publisherCount;
  }

  close(): void {
    this.#destroy();
  }
}
