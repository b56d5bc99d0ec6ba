import { mkdir, readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { McapTypes } from '@mcap/core';
import { InputError } from '@rapport/core';
import { writeDurably } from '../durable.js';
import { createMcapFile, type McapFile } from '../mcap/file-writer.js';
import {
  type BagFileInfo,
  type BagMetadata,
  bagMetadataText,
  METADATA_FILE,
  METADATA_VERSION,
  serializedMetadata,
} from './metadata.js';
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
  /**
   * Ends the file and begins another one. What was written until then is a whole bag on disk, `metadata.yaml` included, and
   * survives whatever becomes of this process.
   */
  split(): Promise<void>;
  /** Writes index, end and `metadata.yaml`, and makes all of it durable. */
  close(): Promise<BagMetadata>;
  /** Lets go of the files as they are. */
  abandon(): Promise<void>;
}

/**
 * Creates a rosbag2 folder of MCAP files: chunks, index and summary. Until `split` or `close` it has no `metadata.yaml`, and
 * can be read up to the last closed chunk.
 * @throws InputError when the folder exists and is not empty
 */
export async function createBag(directory: string, options: CreateBagOptions): Promise<BagWriter> {
  await mkdir(directory, { recursive: true });
  if ((await readdir(directory)).length > 0) {
    throw new InputError(`${directory} exists and is not empty; a bag is never overwritten`, {
      fix: 'name a new folder',
    });
  }
  const writer = new RosbagWriter(directory, options);
  await writer.begin();
  return writer;
}

interface OpenTopic {
  readonly topic: BagTopic;
  /** In the file that is open; undefined when it does not have the topic yet. */
  channel: number | undefined;
  messageCount: number;
}

class RosbagWriter implements BagWriter {
  readonly #directory: string;
  readonly #name: string;
  readonly #options: CreateBagOptions;
  readonly #topics = new Map<string, OpenTopic>();
  readonly #files: BagFileInfo[] = [];
  /** Of the file that is open. */
  readonly #schemas = new Map<string, number>();
  #file: McapFile | undefined;
  #span = { messageCount: 0, first: 0n, last: 0n };

  constructor(directory: string, options: CreateBagOptions) {
    this.#directory = directory;
    this.#name = options.name ?? basename(resolve(directory));
    this.#options = options;
  }

  get #version(): number {
    return this.#options.like?.version ?? METADATA_VERSION;
  }

  get #fileName(): string {
    return `${this.#name}_${this.#files.length}.mcap`;
  }

  async begin(): Promise<void> {
    const { compression } = this.#options;
    this.#file = await createMcapFile(join(this.#directory, this.#fileName), { profile: 'ros2', compression });
    this.#schemas.clear();
    this.#span = { messageCount: 0, first: 0n, last: 0n };
    for (const open of this.#topics.values()) open.channel = await this.#register(open.topic);
  }

  async addTopic(topic: BagTopic): Promise<void> {
    if (!this.#topics.has(topic.name)) await this.#openTopic(topic);
  }

  async write({ topic, logTime, publishTime, sequence, data }: BagMessage): Promise<void> {
    const open = this.#topics.get(topic.name) ?? (await this.#openTopic(topic));
    const span = this.#span;
    open.messageCount++;
    if (span.messageCount === 0 || logTime < span.first) span.first = logTime;
    if (span.messageCount === 0 || logTime > span.last) span.last = logTime;
    span.messageCount++;
    await this.#file!.writer.addMessage({ channelId: open.channel!, sequence, logTime, publishTime, data });
  }

  async #openTopic(topic: BagTopic): Promise<OpenTopic> {
    const open: OpenTopic = { topic, channel: await this.#register(topic), messageCount: 0 };
    this.#topics.set(topic.name, open);
    return open;
  }

  /** Describes a topic in the file that is open. @returns its channel */
  async #register(topic: BagTopic): Promise<number> {
    const { writer } = this.#file!;
    const schemaKey = `${topic.type} ${topic.schemaEncoding}`;
    let schemaId = topic.type === '' ? 0 : this.#schemas.get(schemaKey);
    if (schemaId === undefined) {
      const { type: name, schemaEncoding: encoding, definition: data } = topic;
      schemaId = await writer.registerSchema({ name, encoding, data });
      this.#schemas.set(schemaKey, schemaId);
    }
    return writer.registerChannel({
      schemaId,
      topic: topic.name,
      messageEncoding: topic.serializationFormat,
      metadata: new Map([
        ['offered_qos_profiles', qosText(topic.qos, this.#version)],
        ...(topic.typeHash === '' ? [] : [['topic_type_hash', topic.typeHash] as const]),
      ]),
    });
  }

  async keep(record: McapTypes.TypedMcapRecords['Attachment' | 'Metadata']): Promise<void> {
    if (record.type === 'Attachment') await this.#file!.writer.addAttachment(record);
    else await this.#file!.writer.addMetadata(record);
  }

  async split(): Promise<void> {
    await this.#finishFile();
    await this.begin();
  }

  close(): Promise<BagMetadata> {
    return this.#finishFile();
  }

  async #finishFile(): Promise<BagMetadata> {
    const { messageCount, first, last } = this.#span;
    this.#files.push({ path: this.#fileName, startingTime: first, duration: last - first, messageCount });
    const metadata = this.#metadata();
    const file = this.#file!;
    await file.writer.addMetadata({
      name: 'rosbag2',
      metadata: new Map([['serialized_metadata', serializedMetadata(metadata)]]),
    });
    await file.close();
    await writeDurably(join(this.#directory, METADATA_FILE), bagMetadataText(metadata));
    return metadata;
  }

  async abandon(): Promise<void> {
    await this.#file?.abandon();
  }

  #metadata(): BagMetadata {
    const topics = [...this.#topics.values()].map(({ topic, messageCount }) => ({ ...topic, messageCount }));
    const filled = this.#files.filter((file) => file.messageCount > 0);
    const times = filled.flatMap((file) => [file.startingTime, file.startingTime + file.duration]);
    times.sort((a, b) => (a < b ? -1 : 1));
    const [startingTime, end] = [times[0] ?? 0n, times.at(-1) ?? 0n];
    return {
      version: this.#version,
      storageIdentifier: 'mcap',
      startingTime,
      duration: end - startingTime,
      messageCount: this.#files.reduce((sum, file) => sum + file.messageCount, 0),
      topics,
      compressionFormat: '',
      compressionMode: '',
      relativeFilePaths: this.#files.map(({ path }) => path),
      files: this.#files,
      customData: this.#options.like?.customData ?? {},
      rosDistro: this.#options.like?.rosDistro ?? '',
    };
  }
}
