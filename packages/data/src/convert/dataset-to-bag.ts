import { access, rm } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { parse } from '@foxglove/rosmsg';
import { MessageWriter } from '@foxglove/rosmsg2-serialization';
import { type Episode, InputError, throwIfAborted, type WorkOptions } from '@rapport/core';
import { publish } from '../durable.js';
import { type Dataset, openDataset } from '../lerobot/index.js';
import { type BagWriter, createBag } from '../rosbag2/bag-writer.js';
import { DEFAULT_RECORDED_QOS } from '../rosbag2/qos.js';
import type { BagTopic } from '../rosbag2/read-bag.js';
import { readConversion } from './conversion-file.js';
import { rapportTopics } from './default-mapping.js';
import { type MessageDraft, parseFieldPath, writeField } from './field-path.js';
import type { VectorSource } from './mapping.js';
import { writableTypes } from './message-types.js';

/** What a conversion made. */
export interface DatasetToBag {
  readonly output: string;
  readonly messages: number;
  readonly topics: readonly { readonly name: string; readonly type: string; readonly messages: number }[];
}

/** Time of the first step where a dataset does not say when it was recorded, and the pause between episodes, nanoseconds. */
const FIRST_TIME = 1_000_000_000n;
const PAUSE = 1_000_000_000n;

/** A topic that carries entries of a vector. */
interface VectorTopic {
  readonly source: Pick<VectorSource, 'topic' | 'fields'>;
  /** First of its entries in the vector. */
  readonly from: number;
}

/** Which topics a dataset goes to. */
interface BagLayout {
  readonly observation: readonly VectorTopic[];
  readonly action: readonly VectorTopic[];
  /** Topic of each camera of the dataset. */
  readonly cameras: readonly string[];
  readonly types: ReadonlyMap<string, string>;
  readonly episodeStarts: readonly bigint[];
}

/**
 * Writes a LeRobotDataset v3.0 as a rosbag2 bag (MCAP). What was converted from a bag goes back to its topics, at its
 * times; other datasets go to `/rapport/observation` and `/rapport/action` (rapport_msgs/msg/NamedValues, which the bag
 * describes) and `/camera/NAME/color/image_raw`. `/rapport/episode` marks where episodes begin and end, so that
 * `bagToDataset` finds them again. The bag appears whole or not at all.
 * @throws InputError when the output exists
 */
export async function datasetToBag(path: string, output: string, options: WorkOptions = {}): Promise<DatasetToBag> {
  const dataset = await openDataset(path);
  if (await exists(output)) {
    throw new InputError(`${output} exists; a conversion writes a new folder`, { fix: 'name a new folder' });
  }
  const layout = await layoutOf(path, dataset);
  const draft = `${output}.partial`;
  await rm(draft, { recursive: true, force: true });
  const bag = await createBag(draft, { name: basename(resolve(output)), compression: 'zstd' });
  try {
    const messages = new EpisodeMessages(dataset, layout, bag);
    for (const { index, tasks } of dataset.episodes) {
      throwIfAborted(options.signal);
      options.onProgress?.({ label: 'writing episodes', done: index, total: dataset.episodes.length });
      await messages.write(await dataset.readEpisode(index, { frames: true }), tasks[0] ?? dataset.envId, index);
    }
    const metadata = await bag.close();
    await publish(draft, output);
    const topics = metadata.topics.map(({ name, type, messageCount }) => ({ name, type, messages: messageCount }));
    return { output, messages: metadata.messageCount, topics };
  } catch (error) {
    await bag.abandon();
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
}

async function layoutOf(path: string, dataset: Dataset): Promise<BagLayout> {
  const { observationSpace, actionSpace } = dataset;
  const conversion = await readConversion(path);
  const vectors = conversion === undefined ? [] : [...conversion.mapping.observation, ...conversion.mapping.action];
  const cameras = dataset.cameras.map(({ camera }) => {
    const known = conversion?.mapping.cameras.find(({ name }) => name === camera);
    return known?.topic.replace(/\/compressed$/, '') ?? rapportTopics.camera(camera);
  });
  const types = new Map<string, string>(cameras.map((topic) => [topic, 'sensor_msgs/msg/Image']));
  types.set(rapportTopics.episode, 'std_msgs/msg/String');
  const known = vectors.every(({ topic }) => writableTypes[conversion?.types[topic] ?? ''] !== undefined);
  const ahead = vectors.some((source) => source.ahead > 0);
  if (conversion !== undefined && known && !ahead) {
    for (const { topic } of vectors) types.set(topic, conversion.types[topic]!);
    return {
      observation: inOrder(conversion.mapping.observation),
      action: inOrder(conversion.mapping.action),
      cameras,
      types,
      episodeStarts: conversion.episodeStarts,
    };
  }
  const named = (topic: string, { entries }: Dataset['observationSpace']): VectorTopic => {
    types.set(topic, 'rapport_msgs/msg/NamedValues');
    return { source: { topic, fields: entries.map(({ name }) => `values[${name}]`) }, from: 0 };
  };
  return {
    observation: observationSpace.entries.length > 0 ? [named(rapportTopics.observation, observationSpace)] : [],
    action: [named(rapportTopics.action, actionSpace)],
    cameras,
    types,
    episodeStarts: conversion?.episodeStarts ?? [],
  };
}

function inOrder(sources: readonly VectorSource[]): VectorTopic[] {
  let from = 0;
  return sources.map((source) => {
    const topic = { source, from };
    from += source.fields.length;
    return topic;
  });
}

/** Turns steps into messages. */
class EpisodeMessages {
  readonly #dataset: Dataset;
  readonly #layout: BagLayout;
  readonly #bag: BagWriter;
  readonly #topics = new Map<string, { readonly topic: BagTopic; readonly writer: MessageWriter; sequence: number }>();
  #nextStart = FIRST_TIME;

  constructor(dataset: Dataset, layout: BagLayout, bag: BagWriter) {
    this.#dataset = dataset;
    this.#layout = layout;
    this.#bag = bag;
  }

  async write(episode: Episode, task: string, index: number): Promise<void> {
    const { fps } = this.#dataset.info;
    const start = this.#layout.episodeStarts[index] ?? this.#nextStart;
    const at = (step: number) => start + BigInt(Math.round((step * 1e9) / fps));
    await this.#send(rapportTopics.episode, { data: task }, start);
    for (let step = 0; step <= episode.length; step++) {
      await this.#sendVector(this.#layout.observation, episode.observations, episode.length + 1, step, at(step));
      if (step === episode.length) break;
      for (const [camera, stack] of episode.frames.entries()) {
        const { width, height } = stack;
        const size = width * height * 3;
        const data = stack.data.subarray(step * size, (step + 1) * size);
        const image = { height, width, encoding: 'rgb8', is_bigendian: 0, step: 3 * width, data };
        await this.#send(this.#layout.cameras[camera]!, image, at(step));
      }
      await this.#sendVector(this.#layout.action, episode.actions, episode.length, step, at(step));
    }
    await this.#send(rapportTopics.episode, { data: '' }, at(episode.length));
    this.#nextStart = at(episode.length) + PAUSE;
  }

  async #sendVector(
    topics: readonly VectorTopic[],
    values: Float32Array,
    rows: number,
    row: number,
    time: bigint,
  ): Promise<void> {
    const width = values.length / rows;
    const drafts = new Map<string, MessageDraft>();
    for (const { source, from } of topics) {
      const draft = drafts.get(source.topic) ?? {};
      drafts.set(source.topic, draft);
      const nameField = writableTypes[this.#layout.types.get(source.topic)!]!.nameField;
      source.fields.forEach((field, offset) => {
        writeField(draft, parseFieldPath(field), values[row * width + from + offset]!, nameField);
      });
    }
    for (const [topic, draft] of drafts) await this.#send(topic, draft, time);
  }

  async #send(name: string, content: MessageDraft, time: bigint): Promise<void> {
    const open = this.#topics.get(name) ?? this.#open(name);
    const stamp = { sec: Number(time / 1_000_000_000n), nanosec: Number(time % 1_000_000_000n) };
    const { hasHeader } = writableTypes[open.topic.type]!;
    const data = open.writer.writeMessage(hasHeader ? { header: { stamp, frame_id: '' }, ...content } : content);
    await this.#bag.write({ topic: open.topic, logTime: time, publishTime: time, sequence: open.sequence++, data });
  }

  #open(name: string): { readonly topic: BagTopic; readonly writer: MessageWriter; sequence: number } {
    const type = this.#layout.types.get(name)!;
    const { definition } = writableTypes[type]!;
    const topic: BagTopic = {
      name,
      type,
      serializationFormat: 'cdr',
      qos: [DEFAULT_RECORDED_QOS],
      typeHash: '',
      schemaEncoding: 'ros2msg',
      definition: Buffer.from(definition),
    };
    const open = { topic, writer: new MessageWriter(parse(definition, { ros2: true })), sequence: 0 };
    this.#topics.set(name, open);
    return open;
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
