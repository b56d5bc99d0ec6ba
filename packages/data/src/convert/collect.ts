import { CorruptDataError, InputError } from '@rapport/core';
import { type DecodedMessage, topicDecoder } from '../rosbag2/decode.js';
import type { BagLocation } from '../rosbag2/open-bag.js';
import { type BagMessage, type BagTopic, type ReadBagOptions, readBag } from '../rosbag2/read-bag.js';
import { type FieldPath, parseFieldPath, readField } from './field-path.js';
import type { BagMapping } from './mapping.js';
import { MessageClock } from './message-clock.js';
import { VectorSeries } from './time-series.js';

/** Beginning or end of an episode, as a marker topic tells it. */
export interface EpisodeMarker {
  /** Seconds from the bag's beginning. */
  readonly time: number;
  /** The task of the episode that begins; empty when the mapping's counts; undefined when an episode ends. */
  readonly begins: string | undefined;
}

/** What a mapping takes from a bag, over time. */
export interface BagSeries {
  /** One per source of the mapping. */
  readonly observation: readonly VectorSeries[];
  readonly action: readonly VectorSeries[];
  /** One per camera: when its pictures were taken, each with its number among the messages of its topic. */
  readonly cameras: readonly VectorSeries[];
  readonly markers: readonly EpisodeMarker[];
  /** Nanoseconds of second 0. */
  readonly origin: bigint;
  /** Type of each topic of the mapping. */
  readonly types: ReadonlyMap<string, string>;
}

/**
 * Reads what a mapping takes from a bag; pictures are only counted.
 * @throws InputError when a topic is missing, or has not the fields that the mapping names
 */
export async function collectSeries(
  bag: BagLocation,
  mapping: BagMapping,
  options: ReadBagOptions,
): Promise<BagSeries> {
  const clock = new MessageClock(mapping.clock);
  const decoders = new Map<string, (data: Uint8Array) => DecodedMessage>();
  const observation = mapping.observation.map(vectorTaker);
  const action = mapping.action.map(vectorTaker);
  const cameras = mapping.cameras.map(({ topic }) => ({ topic, series: new VectorSeries(1) }));
  const markers: EpisodeMarker[] = [];
  const markerTopic = mapping.episodes.by === 'marker' ? mapping.episodes.topic : undefined;
  const wanted = new Set([...observation, ...action, ...cameras].map(({ topic }) => topic));
  if (markerTopic !== undefined) wanted.add(markerTopic);
  const types = new Map<string, string>();

  for await (const message of readBag(bag, { ...options, label: 'reading the topics' })) {
    const { topic } = message;
    if (!wanted.has(topic.name)) continue;
    types.set(topic.name, topic.type);
    const decoded = decode(message, decoders);
    const time = clock.timeOf(message, decoded);
    for (const taker of observation) if (taker.topic === topic.name) taker.take(decoded, time);
    for (const taker of action) if (taker.topic === topic.name) taker.take(decoded, time);
    for (const camera of cameras) {
      if (camera.topic === topic.name) camera.series.add(time, [camera.series.length]);
    }
    if (topic.name === markerTopic) markers.push({ time, begins: markerOf(decoded, topic) });
  }
  const missing = [...wanted].find((name) => !types.has(name));
  if (missing !== undefined) {
    throw new InputError(`${bag.path} has no message of topic ${missing}, which the mapping names`, {
      fix: 'rapport validate lists the topics of a bag',
    });
  }
  return {
    observation: observation.map(({ series }) => series),
    action: action.map(({ series }) => series),
    cameras: cameras.map(({ series }) => series),
    markers: markers.sort((a, b) => a.time - b.time),
    origin: clock.origin,
    types,
  };
}

/** Decodes with the decoder of the message's topic, which is made once. */
export function decode(
  { topic, data }: BagMessage,
  decoders: Map<string, (data: Uint8Array) => DecodedMessage>,
): DecodedMessage {
  let decoder = decoders.get(topic.name);
  if (decoder === undefined) {
    decoder = topicDecoder(topic);
    decoders.set(topic.name, decoder);
  }
  return decoder(data);
}

interface VectorTaker {
  readonly topic: string;
  readonly series: VectorSeries;
  take(message: DecodedMessage, time: number): void;
}

function vectorTaker({ topic, fields }: BagMapping['observation'][number]): VectorTaker {
  const paths = fields.map(parseFieldPath);
  const series = new VectorSeries(fields.length);
  const values = new Float64Array(fields.length);
  return {
    topic,
    series,
    take(message, time) {
      for (const [index, path] of paths.entries()) values[index] = finiteField(message, path, topic);
      series.add(time, values);
    },
  };
}

function finiteField(message: DecodedMessage, path: FieldPath, topic: string): number {
  let value: number;
  try {
    value = readField(message, path);
  } catch (error) {
    throw new InputError(`a message of topic ${topic}: ${(error as Error).message}`, {
      fix: 'correct the fields in the mapping',
      cause: error,
    });
  }
  if (!Number.isFinite(value)) throw new CorruptDataError(`a message of topic ${topic} has ${value} as "${path.text}"`);
  return value;
}

function markerOf({ data }: DecodedMessage, topic: BagTopic): string | undefined {
  if (typeof data === 'boolean') return data ? '' : undefined;
  if (typeof data === 'string') return data === '' ? undefined : data;
  throw new InputError(`the marker topic ${topic.name} is ${topic.type}; expected std_msgs/msg/Bool or String`);
}
