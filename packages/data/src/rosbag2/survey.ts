import type { McapTypes } from '@mcap/core';
import type { McapDamage } from '../mcap/damage.js';
import { type BagMetadata, parseBagMetadata } from './metadata.js';
import type { BagLocation } from './open-bag.js';
import { type BagMessage, type BagTopic, type ReadBagOptions, readBag } from './read-bag.js';

/** A topic and how much of it there is. Times are nanoseconds, 0 where there is no message. */
export interface SurveyedTopic extends BagTopic {
  readonly messageCount: number;
  readonly firstLogTime: bigint;
  readonly lastLogTime: bigint;
}

/** A file of a bag and what is in it. */
export interface SurveyedFile {
  readonly file: string;
  readonly messageCount: number;
  readonly firstLogTime: bigint;
  readonly lastLogTime: bigint;
}

/** What a bag holds, found by reading all of it. */
export interface BagSurvey {
  readonly topics: readonly SurveyedTopic[];
  readonly files: readonly SurveyedFile[];
  readonly messageCount: number;
  readonly firstLogTime: bigint;
  readonly lastLogTime: bigint;
  readonly damages: readonly McapDamage[];
  /** What rosbag2 wrote of the bag into the recording itself, where it did. */
  readonly embedded: BagMetadata | undefined;
}

export interface SurveyOptions extends Omit<ReadBagOptions, 'onDamage' | 'onRecord' | 'onTopic'> {
  /** Told of every message. */
  readonly onMessage?: (message: BagMessage, file: string) => void;
}

/** Reads a whole bag, whatever its state, and says what is in it. */
export async function surveyBag(bag: BagLocation, { onMessage, ...options }: SurveyOptions = {}): Promise<BagSurvey> {
  const topics = new Map<string, { readonly topic: BagTopic; readonly span: Span }>();
  const files: SurveyedFile[] = [];
  const damages: McapDamage[] = [];
  const whole = new Span();
  let embedded: BagMetadata | undefined;
  const spanOf = (topic: BagTopic): Span => {
    let known = topics.get(topic.name);
    if (known === undefined) {
      known = { topic, span: new Span() };
      topics.set(topic.name, known);
    }
    return known.span;
  };
  for (const file of bag.files) {
    const span = new Span();
    const index = new IndexCheck(file);
    const messages = readBag(
      { files: [file] },
      {
        ...options,
        onDamage: (damage) => damages.push(damage),
        onTopic: spanOf,
        onRecord: (record, offset) => {
          index.include(record, offset);
          if (record.type === 'Metadata' && record.name === 'rosbag2') {
            embedded = embeddedMetadata(record.metadata.get('serialized_metadata'), file) ?? embedded;
          }
        },
      },
    );
    for await (const message of messages) {
      for (const counted of [span, whole, spanOf(message.topic)]) counted.include(message.logTime);
      onMessage?.(message, file);
    }
    if (!damages.some((damage) => damage.file === file)) damages.push(...index.damages(span.messageCount));
    files.push({ file, ...span });
  }
  return {
    topics: [...topics.values()].map(({ topic, span }) => ({ ...topic, ...span })),
    files,
    ...whole,
    damages,
    embedded,
  };
}

class Span {
  messageCount = 0;
  firstLogTime = 0n;
  lastLogTime = 0n;

  include(time: bigint): void {
    if (this.messageCount === 0 || time < this.firstLogTime) this.firstLogTime = time;
    if (this.messageCount === 0 || time > this.lastLogTime) this.lastLogTime = time;
    this.messageCount++;
  }
}

/** Holds what the summary of a file says against what the file has. A file without an index is not at fault. */
class IndexCheck {
  readonly #file: string;
  readonly #chunks = new Set<number>();
  readonly #indexed: McapTypes.ChunkIndex[] = [];
  #statistics: McapTypes.Statistics | undefined;
  #place = 0;

  constructor(file: string) {
    this.#file = file;
  }

  include(record: McapTypes.TypedMcapRecord, offset: number): void {
    if (record.type === 'Chunk') this.#chunks.add(offset);
    if (record.type === 'ChunkIndex') this.#indexed.push(record);
    if (record.type === 'Statistics') this.#statistics = record;
    if (record.type === 'ChunkIndex' || record.type === 'Statistics') this.#place = offset;
  }

  damages(messageCount: number): McapDamage[] {
    const problems: string[] = [];
    const lost = this.#indexed.find(({ chunkStartOffset }) => !this.#chunks.has(Number(chunkStartOffset)));
    if (lost !== undefined)
      problems.push(`the index names a chunk at byte ${lost.chunkStartOffset}, where there is none`);
    if (this.#indexed.length > 0 && this.#indexed.length !== this.#chunks.size) {
      problems.push(`the index names ${this.#indexed.length} chunks; the file has ${this.#chunks.size}`);
    }
    const counted = this.#statistics?.messageCount;
    if (counted !== undefined && Number(counted) !== messageCount) {
      problems.push(`the statistics count ${counted} messages; the file has ${messageCount}`);
    }
    const at = { file: this.#file, record: 0, offset: this.#place, kind: 'summary' } as const;
    return problems.map((problem) => ({ ...at, problem }));
  }
}

/** A damaged copy is none. */
function embeddedMetadata(text: string | undefined, file: string): BagMetadata | undefined {
  try {
    return text === undefined ? undefined : parseBagMetadata(text, file);
  } catch {
    return undefined;
  }
}
