import { InputError, type StopSignal, UnavailableError } from '@rapport/core';
import {
  type BagMetadata,
  type BagTopic,
  type BagWriter,
  createBag,
  DEFAULT_RECORDED_QOS,
  type DecodedMessage,
} from '@rapport/data';
import { messageCodec } from '../graph/codec.js';
import { messageDefinition } from '../graph/definitions.js';
import type { Endpoint } from '../graph/graph-view.js';
import type { RosNode } from '../graph/node.js';
import type { QosProfile } from '../graph/qos.js';

/** Messages that may wait to be written; beyond, the newest are dropped and counted. */
const GREATEST_BACKLOG = 20_000;
/** Messages that the middleware keeps for a subscription while this process is busy. */
const DEPTH = 200;
const DISCOVERY_MS = 5_000;

export interface RecorderOptions {
  /** New folder of the bag. */
  readonly directory: string;
  /** Topics that the recording cannot do without, absolute or relative to the node. */
  readonly topics: readonly string[];
  /** `std_msgs/msg/String`: a task begins an episode, an empty text ends it. Recorded where somebody publishes it. */
  readonly markerTopic: string;
  readonly signal?: StopSignal;
  /** Told when an episode has ended and is safe on disk. */
  readonly onEpisode?: (count: number) => void;
}

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
  /** Ends the bag and leaves the graph's topics. @throws what writing failed with */
  stop(): Promise<Recording>;
}

/**
 * Records topics as the bytes that they were sent as, without decoding them, to a rosbag2 bag. Each end of an episode ends a
 * file of the bag, which is whole from then on, so that a killed process loses the episode at hand and nothing before it.
 * Log time is the node's ROS time; sensor time is in the messages; the middleware does not tell when a raw message was
 * sent, so that the publish time repeats the log time. Quality of service follows the publishers: reliable where all are.
 * @throws UnavailableError when nobody publishes a topic, InputError when its publishers disagree about the type; no bag
 * has been begun then
 */
export async function startRecorder(node: RosNode, options: RecorderOptions): Promise<Recorder> {
  const missing = await node.graph.missingPublishers(options.topics, DISCOVERY_MS, options.signal);
  if (missing.length > 0) {
    throw new UnavailableError(`no node publishes ${missing.join(', ')}`, {
      fix: 'start what publishes it, or leave the topic out: --topics',
    });
  }
  const sources = options.topics.map((topic) => sourceOf(node, topic));
  const bag = await createBag(options.directory, { compression: 'none' });
  const session = new Session(node, bag, options);
  for (const source of sources) await session.subscribe(source);
  await session.watchMarker(options.markerTopic);
  return session;
}

interface Source {
  readonly topic: string;
  readonly type: string;
  readonly typeHash: string;
  readonly qos: QosProfile;
}

/** What to subscribe to a topic with: no more than every publisher offers, so that all of them are heard. */
function sourceOf(node: RosNode, topic: string): Source {
  const name = node.graph.resolve(topic);
  const publishers = node.graph.publishers(topic);
  const type = publishers[0]!.type;
  const other = publishers.find((publisher) => publisher.type !== type);
  if (other !== undefined) {
    throw new InputError(`${name} is ${type} at ${publishers[0]!.node} and ${other.type} at ${other.node}`, {
      fix: 'end one of them, or give it another topic',
    });
  }
  messageCodec(type); // throws when the type is not installed
  return { topic: name, type, typeHash: publishers[0]!.typeHash ?? '', qos: commonQos(publishers) };
}

function commonQos(publishers: readonly Endpoint[]): QosProfile {
  const all = (test: (qos: QosProfile) => boolean) => publishers.every(({ qos }) => test(qos));
  return {
    reliability: all(({ reliability }) => reliability === 'reliable') ? 'reliable' : 'best_effort',
    durability: all(({ durability }) => durability === 'transient_local') ? 'transient_local' : 'volatile',
    depth: DEPTH,
  };
}

interface Counts {
  readonly source: Source;
  recorded: number;
  lost: number;
  dropped: number;
}

class Session implements Recorder {
  readonly #node: RosNode;
  readonly #bag: BagWriter;
  readonly #options: RecorderOptions;
  readonly #counts = new Map<string, Counts>();
  readonly #close: (() => void)[] = [];
  /** Everything is written one after the other, in the order in which it came. */
  #written: Promise<unknown> = Promise.resolve();
  #backlog = 0;
  #failure: unknown;
  #episodes = 0;
  #inEpisode = false;

  constructor(node: RosNode, bag: BagWriter, options: RecorderOptions) {
    this.#node = node;
    this.#bag = bag;
    this.#options = options;
  }

  async subscribe(source: Source, onBytes: (bytes: Buffer) => void = () => {}): Promise<void> {
    const { topic: name, type, typeHash, qos } = source;
    const counts: Counts = { source, recorded: 0, lost: 0, dropped: 0 };
    this.#counts.set(name, counts);
    const topic: BagTopic = {
      name,
      type,
      serializationFormat: 'cdr',
      qos: [{ ...DEFAULT_RECORDED_QOS, reliability: qos.reliability, durability: qos.durability }],
      typeHash,
      schemaEncoding: 'ros2msg',
      definition: Buffer.from(messageDefinition(type)),
    };
    await this.#bag.addTopic(topic);
    let sequence = 0;
    const subscription = this.#node.subscribeRaw(
      type,
      name,
      qos,
      (data) => {
        if (this.#backlog >= GREATEST_BACKLOG) {
          counts.dropped++;
          return;
        }
        counts.recorded++;
        const logTime = this.#node.now();
        this.#enqueue(() => this.#bag.write({ topic, logTime, publishTime: logTime, sequence: sequence++, data }));
        onBytes(data);
      },
      {
        onLost: (count) => {
          counts.lost += count;
        },
      },
    );
    this.#close.push(() => subscription.close());
  }

  /** Records the marker topic too, and ends a file where it ends an episode. */
  async watchMarker(markerTopic: string): Promise<void> {
    const topic = this.#node.graph.resolve(markerTopic);
    if (this.#counts.has(topic)) {
      throw new InputError(`${topic} marks episodes; it need not be among the topics`, {
        fix: 'leave it out of --topics',
      });
    }
    const type = 'std_msgs/msg/String';
    const codec = messageCodec<DecodedMessage & { readonly data: string }>(type);
    const qos: QosProfile = { reliability: 'reliable', durability: 'volatile', depth: DEPTH };
    await this.subscribe({ topic, type, typeHash: '', qos }, (bytes) => {
      const ends = codec.decode(bytes).data === '';
      if (ends && this.#inEpisode) this.#enqueue(() => this.#endEpisode());
      this.#inEpisode = !ends;
    });
  }

  async #endEpisode(): Promise<void> {
    await this.#bag.split();
    this.#episodes++;
    this.#options.onEpisode?.(this.#episodes);
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
    for (const close of this.#close) close();
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
