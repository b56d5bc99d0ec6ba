import type { McapTypes } from '@mcap/core';
import { throwIfAborted, type WorkOptions } from '@rapport/core';
import { type McapDamage, McapError } from '../mcap/damage.js';
import { scanMcap } from '../mcap/scan.js';
import type { BagTopicInfo } from './metadata.js';
import type { BagLocation } from './open-bag.js';
import { parseQos, type RecordedQos } from './qos.js';

/** A topic as the recording itself has it. */
export interface BagTopic extends BagTopicInfo {
  /** `ros2msg` or `ros2idl`; empty when the file has no definition. */
  readonly schemaEncoding: string;
  /** Text of the type's definition with all that it is made of. */
  readonly definition: Uint8Array;
}

/** A message of a bag; its three clocks are kept apart. */
export interface BagMessage {
  readonly topic: BagTopic;
  /** When the recorder took it, nanoseconds. */
  readonly logTime: bigint;
  /** When it was sent, nanoseconds. */
  readonly publishTime: bigint;
  readonly sequence: number;
  /** CDR with its four bytes in front; valid until the next message is asked for. */
  readonly data: Uint8Array;
}

/** What a bag is read with beside the usual options. */
export interface ReadBagOptions extends WorkOptions {
  /** Told of damage, after which reading goes on where it can; without it damage is thrown. */
  readonly onDamage?: (damage: McapDamage) => void;
  /** What progress is called. */
  readonly label?: string;
  /** Told of each topic as it is announced, also of those without messages; more than once when it is announced again. */
  readonly onTopic?: (topic: BagTopic) => void;
  /** Told of what is neither schema, channel nor message, and at which byte of the file it lies. */
  readonly onRecord?: (record: McapTypes.TypedMcapRecord, offset: number) => void;
}

/** Reads the messages of all files of a bag, in the order in which they were recorded. */
export async function* readBag(
  bag: Pick<BagLocation, 'files'>,
  options: ReadBagOptions = {},
): AsyncGenerator<BagMessage, void, void> {
  for (const [index, file] of bag.files.entries()) {
    options.onProgress?.({ label: options.label ?? 'reading the bag', done: index, total: bag.files.length });
    yield* readFile(file, options);
  }
  options.onProgress?.({
    label: options.label ?? 'reading the bag',
    done: bag.files.length,
    total: bag.files.length,
  });
}

async function* readFile(
  file: string,
  { onDamage, onRecord, onTopic, signal }: ReadBagOptions,
): AsyncGenerator<BagMessage> {
  const schemas = new Map<number, McapTypes.Schema>();
  const topics = new Map<number, BagTopic>();
  for await (const { record, number, offset } of scanMcap(file, onDamage)) {
    switch (record.type) {
      case 'Schema':
        schemas.set(record.id, { ...record, data: record.data.slice() });
        break;
      case 'Channel':
        if (!topics.has(record.id)) topics.set(record.id, topicOf(record, schemas.get(record.schemaId)));
        onTopic?.(topics.get(record.id)!);
        break;
      case 'Message': {
        const topic = topics.get(record.channelId);
        if (topic === undefined) {
          const problem = `a message is on channel ${record.channelId}, which the file does not describe`;
          const damage: McapDamage = { file, record: number, offset, problem, kind: 'record' };
          if (onDamage === undefined) throw new McapError(damage);
          onDamage(damage);
          break;
        }
        const { logTime, publishTime, sequence, data } = record;
        yield { topic, logTime, publishTime, sequence, data };
        break;
      }
      case 'Chunk':
        throwIfAborted(signal);
        onRecord?.(record, offset);
        break;
      default:
        onRecord?.(record, offset);
    }
  }
}

function topicOf(channel: McapTypes.Channel, schema: McapTypes.Schema | undefined): BagTopic {
  return {
    name: channel.topic,
    type: schema?.name ?? '',
    serializationFormat: channel.messageEncoding,
    qos: qosOf(channel),
    typeHash: channel.metadata.get('topic_type_hash') ?? '',
    schemaEncoding: schema?.encoding ?? '',
    definition: schema?.data ?? new Uint8Array(0),
  };
}

/** What cannot be read is no profile: the messages do not depend on it. */
function qosOf({ metadata }: McapTypes.Channel): RecordedQos[] {
  try {
    return parseQos(metadata.get('offered_qos_profiles'));
  } catch {
    return [];
  }
}
