import { InputError } from '@rapport/core';
import {
  type BagMetadata,
  type BagTopic,
  type BagWriter,
  DEFAULT_RECORDED_QOS,
  type DecodedMessage,
} from '@rapport/data';
import { messageCodec } from '../graph/codec.js';
import { messageDefinition } from '../graph/definitions.js';
import type { RosNode } from '../graph/node.js';
import type { QosProfile } from '../graph/qos.js';
import type { Subscription } from '../graph/topics.js';
import { RECORDED_DEPTH, type Source } from './sources.js';

/** Messages that may wait to be written; beyond, the newest are dropped and counted. */
const GREATEST_BACKLOG = 20_000;

/** What happened to the messages of a topic. */
export interface RecordedTopic {
  readonly topic: string;
  readonly type: string;
  readonly recorded: number;
  /** Lost on the way here, as the middleware tells. */
  readonly lost: number;
  /** Dropped here because the disk was too slow. */
  readonly dropped: number;
}

export interface Recording {
  readonly metadata: BagMetadata;
  readonly topics: readonly RecordedTopic[];
  /** Episodes that ended. */
  readonly episodes: number;
}

/** Records topics until it is stopped. */
export interface Recorder {
  /** Full names of the topics that are recorded by now, without the marker's. */
  readonly topics: readonly string[];
  /** Ends the bag and leaves the graph's topics. @throws what writing failed with */
  stop(): Promise<Recording>;
}

interface Counts {
  readonly source: Source;
  readonly subscription: Subscription;
  recorded: number;
  lost: number;
  dropped: number;
}

/** A recording on its way. */
export class Session implements Recorder {
  readonly #node: RosNode;
  readonly #bag: BagWriter;
  readonly #onEpisode: (count: number) => void;
  readonly #counts = new Map<string, Counts>();
  /** Everything is written one after the other, in the order in which it came. */
  #written: Promise<unknown> = Promise.resolve();
  #backlog = 0;
  #failure: unknown;
  #episodes = 0;
  #inEpisode = false;
  #marker: string | undefined;

  /** @param onEpisode told when an episode has ended and is safe on disk */
  constructor(node: RosNode, bag: BagWriter, onEpisode: (count: number) => void) {
    this.#node = node;
    this.#bag = bag;
    this.#onEpisode = onEpisode;
  }

  get topics(): string[] {
    return [...this.#counts.keys()].filter((topic) => topic !== this.#marker);
  }

  /** Whether every publisher of every topic is connected, so that nothing that is sent from now on is missed. */
  get connected(): boolean {
    return [...this.#counts.values()].every(
      ({ source, subscription }) => subscription.publisherCount >= this.#node.graph.publishers(source.topic).length,
    );
  }

  subscribe(source: Source, onBytes: (bytes: Buffer) => void = () => {}): void {
    const { topic: name, type, typeHash, qos } = source;
    const topic: BagTopic = {
      name,
      type,
      serializationFormat: 'cdr',
      qos: [{ ...DEFAULT_RECORDED_QOS, reliability: qos.reliability, durability: qos.durability }],
      typeHash,
      schemaEncoding: 'ros2msg',
      definition: Buffer.from(messageDefinition(type)),
    };
    this.#enqueue(() => this.#bag.addTopic(topic));
    let sequence = 0;
    const counts = { recorded: 0, lost: 0, dropped: 0 };
    const subscription = this.#node.subscribeRaw(
      type,
      name,
      qos,
      (bytes, sentAt) => {
        if (this.#backlog >= GREATEST_BACKLOG) {
          counts.dropped++;
          return;
        }
        counts.recorded++;
        const logTime = this.#node.now();
        const data = Buffer.from(bytes);
        const publishTime = sentAt === 0n ? logTime : sentAt;
        this.#enqueue(() => this.#bag.write({ topic, logTime, publishTime, sequence: sequence++, data }));
        onBytes(bytes);
      },
      {
        onLost: (count) => {
          counts.lost += count;
        },
      },
    );
    this.#counts.set(name, Object.assign(counts, { source, subscription }));
  }

  /** Records the marker topic too, and ends a file where it ends an episode. */
  watchMarker(markerTopic: string): void {
    const topic = this.#node.graph.resolve(markerTopic);
    if (this.#counts.has(topic)) {
      throw new InputError(`${topic} marks episodes; it need not be among the topics`, {
        fix: 'leave it out of --topics',
      });
    }
    this.#marker = topic;
    const type = 'std_msgs/msg/String';
    const codec = messageCodec<DecodedMessage & { readonly data: string }>(type);
    const qos: QosProfile = { reliability: 'reliable', durability: 'volatile', depth: RECORDED_DEPTH };
    this.subscribe({ topic, type, typeHash: '', qos }, (bytes) => {
      const ends = codec.decode(bytes).data === '';
      if (ends && this.#inEpisode) this.#enqueue(() => this.#endEpisode());
      this.#inEpisode = !ends;
    });
  }

  async #endEpisode(): Promise<void> {
    await this.#bag.split();
    this.#episodes++;
    this.#onEpisode(this.#episodes);
  }

  #enqueue(work: () => Promise<void>): void {
    this.#backlog++;
    this.#written = this.#written
      .then(() => (this.#failure === undefined ? work() : undefined))
      .catch((error: unknown) => {
        this.#failure ??= error;
      })
      .finally(() => {
        this.#backlog--;
      });
  }

  async stop(): Promise<Recording> {
    for (const { subscription } of this.#counts.values()) subscription.close();
    await this.#written;
    if (this.#failure !== undefined) {
      await this.#bag.abandon();
      throw this.#failure;
    }
    const metadata = await this.#bag.close();
    const topics = [...this.#counts.values()].map(({ source, recorded, lost, dropped }) => ({
      topic: source.topic,
      type: source.type,
      recorded,
      lost,
      dropped,
    }));
    return { metadata, topics, episodes: this.#episodes };
  }
}
