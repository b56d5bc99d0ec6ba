import { CorruptDataError } from '@rapport/core';
import { parseDocument, stringify } from 'yaml';
import * as z from 'zod';
import { parseQos, qosRecords, qosText, type RecordedQos } from './qos.js';

export const METADATA_FILE = 'metadata.yaml';
const TOP_KEY = 'rosbag2_bagfile_information';
/** What Humble writes, and every later version reads. */
export const METADATA_VERSION = 5;
const NEWEST_KNOWN_VERSION = 9;

/** A topic of a bag. */
export interface BagTopicInfo {
  readonly name: string;
  /** For example `sensor_msgs/msg/JointState`. */
  readonly type: string;
  readonly serializationFormat: string;
  readonly qos: readonly RecordedQos[];
  /** REP-2011 hash, `RIHS01_...`; empty when it is not known. */
  readonly typeHash: string;
}

/** A file of a bag. Times are nanoseconds. */
export interface BagFileInfo {
  /** Relative to the folder of the bag. */
  readonly path: string;
  readonly startingTime: bigint;
  readonly duration: bigint;
  readonly messageCount: number;
}

/** What `metadata.yaml` of a bag says. Times are nanoseconds since the epoch of the clock that the bag was recorded by. */
export interface BagMetadata {
  /** Of the form of the file; 5 (Humble) to 9. */
  readonly version: number;
  readonly storageIdentifier: string;
  readonly startingTime: bigint;
  readonly duration: bigint;
  readonly messageCount: number;
  readonly topics: readonly (BagTopicInfo & { readonly messageCount: number })[];
  readonly compressionFormat: string;
  readonly compressionMode: string;
  readonly relativeFilePaths: readonly string[];
  readonly files: readonly BagFileInfo[];
  readonly customData: Readonly<Record<string, string>>;
  /** Empty when it is not known. */
  readonly rosDistro: string;
}

// Integers are read as bigint: nanoseconds since 1970 do not fit in a double.
const count = z.bigint().transform(Number);
const topicSchema = z.object({
  topic_metadata: z.object({
    name: z.string(),
    type: z.string(),
    serialization_format: z.string(),
    offered_qos_profiles: z.unknown().optional(),
    type_description_hash: z.string().nullish(),
  }),
  message_count: count,
});
const schema = z.object({
  version: count,
  storage_identifier: z.string(),
  starting_time: z.object({ nanoseconds_since_epoch: z.bigint() }),
  duration: z.object({ nanoseconds: z.bigint() }),
  message_count: count,
  topics_with_message_count: z.array(topicSchema),
  compression_format: z.string().nullish(),
  compression_mode: z.string().nullish(),
  relative_file_paths: z.array(z.string()),
  files: z
    .array(
      z.object({
        path: z.string(),
        starting_time: z.object({ nanoseconds_since_epoch: z.bigint() }),
        duration: z.object({ nanoseconds: z.bigint() }),
        message_count: count,
      }),
    )
    .nullish(),
  custom_data: z.record(z.string(), z.coerce.string()).nullish(),
  ros_distro: z.string().nullish(),
});

/**
 * Reads the text of a `metadata.yaml`, of any version.
 * @param file for messages
 * @throws CorruptDataError naming file and field
 */
export function parseBagMetadata(text: string, file: string): BagMetadata {
  const document = parseDocument(text, { intAsBigInt: true });
  const problem = document.errors[0]?.message.split('\n')[0];
  if (problem !== undefined) throw corrupt(file, `is no YAML: ${problem}`, document.errors[0]);
  const value: unknown = document.toJS();
  const inner = typeof value === 'object' && value !== null && TOP_KEY in value ? value[TOP_KEY] : value;
  const result = schema.safeParse(inner);
  if (!result.success) {
    const issue = result.error.issues[0]!;
    throw corrupt(file, `"${issue.path.join('.')}": ${issue.message}`, result.error);
  }
  const { data } = result;
  if (data.version > NEWEST_KNOWN_VERSION) {
    throw corrupt(file, `has version ${data.version}; this program knows up to ${NEWEST_KNOWN_VERSION}`);
  }
  return {
    version: data.version,
    storageIdentifier: data.storage_identifier,
    startingTime: data.starting_time.nanoseconds_since_epoch,
    duration: data.duration.nanoseconds,
    messageCount: data.message_count,
    topics: data.topics_with_message_count.map(({ topic_metadata: topic, message_count }) => ({
      name: topic.name,
      type: topic.type,
      serializationFormat: topic.serialization_format,
      qos: readQos(topic.offered_qos_profiles, `${file} topic ${topic.name}`),
      typeHash: topic.type_description_hash ?? '',
      messageCount: message_count,
    })),
    compressionFormat: data.compression_format ?? '',
    compressionMode: data.compression_mode ?? '',
    relativeFilePaths: data.relative_file_paths,
    files: (data.files ?? []).map(({ path, starting_time, duration, message_count }) => ({
      path,
      startingTime: starting_time.nanoseconds_since_epoch,
      duration: duration.nanoseconds,
      messageCount: message_count,
    })),
    customData: data.custom_data ?? {},
    rosDistro: data.ros_distro ?? '',
  };
}

function readQos(value: unknown, where: string): RecordedQos[] {
  try {
    return parseQos(asNumbers(value));
  } catch (error) {
    throw corrupt(where, (error as Error).message, error);
  }
}

/** Bigints of YAML as numbers. */
function asNumbers(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(asNumbers);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, asNumbers(entry)]));
}

/** The text of `metadata.yaml`, in the form of the metadata's own version. */
export function bagMetadataText(metadata: BagMetadata): string {
  return stringify({ [TOP_KEY]: metadataRecord(metadata) });
}

/** What rosbag2 keeps a second time inside the file, as `serialized_metadata`: the same without the topmost key. */
export function serializedMetadata(metadata: BagMetadata): string {
  return stringify(metadataRecord(metadata));
}

function metadataRecord(metadata: BagMetadata): object {
  const { version } = metadata;
  const time = (nanoseconds: bigint) => ({ nanoseconds_since_epoch: nanoseconds });
  return {
    version,
    storage_identifier: metadata.storageIdentifier,
    duration: { nanoseconds: metadata.duration },
    starting_time: time(metadata.startingTime),
    message_count: metadata.messageCount,
    topics_with_message_count: metadata.topics.map((topic) => ({
      topic_metadata: {
        name: topic.name,
        type: topic.type,
        serialization_format: topic.serializationFormat,
        offered_qos_profiles: version >= 9 ? qosRecords(topic.qos, version) : qosText(topic.qos, version),
        ...(version >= 7 && { type_description_hash: topic.typeHash }),
      },
      message_count: topic.messageCount,
    })),
    compression_format: metadata.compressionFormat,
    compression_mode: metadata.compressionMode,
    relative_file_paths: metadata.relativeFilePaths,
    files: metadata.files.map(({ path, startingTime, duration, messageCount }) => ({
      path,
      starting_time: time(startingTime),
      duration: { nanoseconds: duration },
      message_count: messageCount,
    })),
    ...(version >= 6 && { custom_data: Object.keys(metadata.customData).length === 0 ? null : metadata.customData }),
    ...(version >= 8 && { ros_distro: metadata.rosDistro }),
  };
}

function corrupt(file: string, problem: string, cause?: unknown): CorruptDataError {
  return new CorruptDataError(`${file} ${problem}`, {
    fix: 'rapport repair rebuilds it from the recording itself',
    ...(cause !== undefined && { cause }),
  });
}
