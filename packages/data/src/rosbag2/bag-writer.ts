import { mkdir, readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { McapTypes } from '@mcap/core';
import { InputError } from '@rapport/core';
import { writeDurably } from '../durable.js';
import { createMcapFile, type McapFile } from '../mcap/file-writer.js';
import { type BagMetadata, bagMetadataText, METADATA_FILE, METADATA_VERSION, serializedMetadata } from './metadata.js';
import { qosText } from './qos.js';
import type { BagMessage, BagTopic } from './read-bag.js';

export interface CreateBagOptions {
  /** Name of the bag, of which the file is called; that of the folder when absent. */
  readonly name?: string;
  readonly compression: 'zstd' | 'none';
  /** What an earlier bag said of itself beyond what follows from its messages. */
  readonly like?: Pick<BagMetadata, 'version' | 'customData' | 'rosDistro'>;
}

/** Writes a bag; one call after the other. */
export interface BagWriter {
  /** Announces a topic, also one that stays without messages. Once per topic; `write` does it where it was not done. */
  addTopic(topic: BagTopic): Promise<void>;
  write(message: BagMessage): Promise<void>;
  /** Keeps an attachment or a metadata record of another bag. */
  keep(record: McapTypes.TypedMcapRecords['Attachment' | 'Metadata']): Promise<void>;
  /** Makes durable what lies in closed chunks. */
  sync(): Promise<void>;
  /** Writes index, end and `metadata.yaml`, and makes all of it durable. */
  close(): Promise<BagMetadata>;
  /** Lets go of the files as they are. */
  abandon(): Promise<void>;
}

/**
 * Creates a rosbag2 folder with one MCAP file: chunks, index and summary. Until `close` it has no `metadata.yaml`, and can
 * be read up to the last closed chunk.
 * @throws InputError when the folder exists and is not empty
 */
export async function createBag(directory: string, options: CreateBagOptions): Promise<BagWriter> {
  await mkdir(directory, { recursive: true });
  if ((await readdir(directory)).length > 0) {
    throw new InputError(`${directory} exists and is not empty; a bag is never overwritten`, {
      fix: 'name a new folder',
    });
  }
  const fileName = `${options.name ?? basename(resolve(directory))}_0.mcap`;
  const file = await createMcapFile(join(directory, fileName), { profile: 'ros2', compression: options.compression });
  return new RosbagWriter(directory, fileName, file, options.like);
}

interface OpenTopic {
  readonly topic: BagTopic;
  readonly channel: number;
  messageCount: number;
}

class RosbagWriter implements BagWriter {
  readonly #directory: string;
  readonly #fileName: string;
  readonly #file: McapFile;
  readonly #like: CreateBagOptions['like'];
  readonly #schemas = new Map<string, number>();
  readonly #topics = new Map<string, OpenTopic>();
  #first: bigint | undefined;
  #last = 0n;

  constructor(directory: string, fileName: string, file: McapFile, like: CreateBagOptions['like']) {
    this.#directory = directory;
    this.#fileName = fileName;
    this.#file = file;
    this.#like = like;
  }

  get #version(): number {
    return this.#like?.version ?? METADATA_VERSION;
  }

  async addTopic(topic: BagTopic): Promise<void> {
    if (!this.#topics.has(topic.name)) await this.#openTopic(topic);
  }

  async write({ topic, logTime, publishTime, sequence, data }: BagMessage): Promise<void> {
    const open = this.#topics.get(topic.name) ?? (await this.#openTopic(topic));
    open.messageCount++;
    if (this.#first === undefined || logTime < this.#first) this.#first = logTime;
    if (logTime > this.#last) this.#last = logTime;
    await this.#file.writer.addMessage({ channelId: open.channel, sequence, logTime, publishTime, data });
  }

  async #openTopic(topic: BagTopic): Promise<OpenTopic> {
    const { writer } = this.#file;
    const schemaKey = `${topic.type} ${topic.schemaEncoding}`;
    let schemaId = topic.type === '' ? 0 : this.#schemas.get(schemaKey);
    if (schemaId === undefined) {
      const { type: name, schemaEncoding: encoding, definition: data } = topic;
      schemaId = await writer.registerSchema({ name, encoding, data });
      this.#schemas.set(schemaKey, schemaId);
    }
    const channel = await writer.registerChannel({
      schemaId,
      topic: topic.name,
      messageEncoding: topic.serializationFormat,
      metadata: new Map([
        ['offered_qos_profiles', qosText(topic.qos, this.#version)],
        ...(topic.typeHash === '' ? [] : [['topic_type_hash', topic.typeHash] as const]),
      ]),
    });
    const open: OpenTopic = { topic, channel, messageCount: 0 };
    this.#topics.set(topic.name, open);
    return open;
  }

  async keep(record: McapTypes.TypedMcapRecords['Attachment' | 'Metadata']): Promise<void> {
    if (record.type === 'Attachment') await this.#file.writer.addAttachment(record);
    else await this.#file.writer.addMetadata(record);
  }

  sync(): Promise<void> {
    return this.#file.sync();
  }

  async close(): Promise<BagMetadata> {
    const metadata = this.#metadata();
    await this.#file.writer.addMetadata({
      name: 'rosbag2',
      metadata: new Map([['serialized_metadata', serializedMetadata(metadata)]]),
    });
    await this.#file.close();
    await writeDurably(join(this.#directory, METADATA_FILE), bagMetadataText(metadata));
    return metadata;
  }

  abandon(): Promise<void> {
    return this.#file.abandon();
  }

  #metadata(): BagMetadata {
    const topics = [...this.#topics.values()].map(({ topic, messageCount }) => ({ ...topic, messageCount }));
    const messageCount = topics.reduce((sum, topic) => sum + topic.messageCount, 0);
    const startingTime = this.#first ?? 0n;
    const duration = this.#last > startingTime ? this.#last - startingTime : 0n;
    return {
      version: this.#version,
      storageIdentifier: 'mcap',
      startingTime,
      duration,
      messageCount,
      topics,
      compressionFormat: '',
      compressionMode: '',
      relativeFilePaths: [this.#fileName],
      files: [{ path: this.#fileName, startingTime, duration, messageCount }],
      customData: this.#like?.customData ?? {},
      rosDistro: this.#like?.rosDistro ?? '',
    };
  }
}
