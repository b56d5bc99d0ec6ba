import { crc32 } from 'node:zlib';
import { McapChunkBuilder, McapRecordBuilder, type McapTypes, Opcode } from '@mcap/core';

// MCAP's conformance suite for tests: each input in every combination of ten features that makes sense for it.

type Input = McapTypes.TypedMcapRecords['Schema' | 'Channel' | 'Message' | 'Attachment' | 'Metadata'];
/** Chunks, message index, statistics, repeated schemas and channels, indexes, summary offsets, padded records. */
const features = ['ch', 'mx', 'st', 'rsh', 'rch', 'ax', 'mdx', 'chx', 'sum', 'pad'] as const;
type Feature = (typeof features)[number];

export interface ConformanceVariant {
  readonly name: string;
  readonly records: readonly Input[];
  readonly features: ReadonlySet<Feature>;
}

const data = Uint8Array.of(1, 2, 3);
const schema: Input = { type: 'Schema', id: 1, name: 'Example', encoding: 'c', data: Uint8Array.of(4, 5, 6) };
const channel: Input = {
  type: 'Channel',
  id: 1,
  topic: 'example',
  schemaId: 1,
  messageEncoding: 'a',
  metadata: new Map([['foo', 'bar']]),
};
const message = (sequence: number, logTime: bigint, publishTime: bigint): Input => ({
  type: 'Message',
  channelId: 1,
  sequence,
  logTime,
  publishTime,
  data,
});
const inputs: Readonly<Record<string, readonly Input[]>> = {
  NoData: [],
  OneSchemalessMessage: [
    { type: 'Channel', id: 1, topic: 'example', schemaId: 0, messageEncoding: 'text', metadata: new Map() },
    message(10, 2n, 1n),
  ],
  OneMessage: [schema, channel, message(10, 2n, 1n)],
  OneAttachment: [
    { type: 'Attachment', name: 'myFile', mediaType: 'application/octet-stream', logTime: 2n, createTime: 1n, data },
  ],
  OneMetadata: [{ type: 'Metadata', name: 'myMetadata', metadata: new Map([['foo', 'bar']]) }],
  TenMessages: [
    schema,
    channel,
    ...[0n, 2n, 1n, 3n, 3n, 5n, 4n, 7n, 8n, 9n].map((time, index) => message(index, time, time)),
  ],
};

/** Every variant of the suite. */
export function conformanceVariants(): ConformanceVariant[] {
  return Object.entries(inputs).flatMap(([base, records]) => {
    const has = (type: Input['type']) => records.some((record) => record.type === type);
    const chunked = has('Schema') || has('Channel') || has('Message');
    const variants: ConformanceVariant[] = [];
    for (let bits = 0; bits < 2 ** features.length; bits++) {
      const chosen = new Set(features.filter((_, place) => (bits >> place) & 1));
      const nonsense =
        (chosen.has('ax') && !has('Attachment')) ||
        (chosen.has('mdx') && !has('Metadata')) ||
        (chosen.has('rsh') && !has('Schema')) ||
        (chosen.has('rch') && !has('Channel')) ||
        (chosen.has('ch') && !chunked) ||
        ((chosen.has('chx') || chosen.has('mx')) && !chosen.has('ch')) ||
        (chosen.has('sum') && !(['chx', 'rsh', 'rch', 'mdx', 'ax', 'st'] as const).some((name) => chosen.has(name)));
      if (!nonsense) variants.push({ name: [base, ...[...chosen].sort()].join('-'), records, features: chosen });
    }
    return variants;
  });
}

/** The bytes of a variant. */
export function conformanceFile({ records, features: chosen }: ConformanceVariant): Uint8Array {
  const file = new McapRecordBuilder({ padRecords: chosen.has('pad') });
  file.writeMagic();
  file.writeHeader({ profile: '', library: '' });
  const indexes = writeData(file, records, chosen);
  file.writeDataEnd({ dataSectionCrc: crc32(file.buffer) });

  const summaryStart = file.length;
  const groups: { readonly opcode: Opcode; readonly start: number; readonly length: number }[] = [];
  const group = (opcode: Opcode, write: () => void) => {
    const start = file.length;
    write();
    if (file.length > start) groups.push({ opcode, start, length: file.length - start });
  };
  group(Opcode.SCHEMA, () => {
    for (const record of records) if (record.type === 'Schema' && chosen.has('rsh')) file.writeSchema(record);
  });
  group(Opcode.CHANNEL, () => {
    for (const record of records) if (record.type === 'Channel' && chosen.has('rch')) file.writeChannel(record);
  });
  group(Opcode.STATISTICS, () => {
    if (chosen.has('st')) file.writeStatistics(statisticsOf(records, chosen));
  });
  group(Opcode.METADATA_INDEX, () => {
    for (const index of indexes.metadata) if (chosen.has('mdx')) file.writeMetadataIndex(index);
  });
  group(Opcode.ATTACHMENT_INDEX, () => {
    for (const index of indexes.attachment) if (chosen.has('ax')) file.writeAttachmentIndex(index);
  });
  group(Opcode.CHUNK_INDEX, () => {
    for (const index of indexes.chunk) if (chosen.has('chx')) file.writeChunkIndex(index);
  });

  const start = file.length > summaryStart ? BigInt(summaryStart) : 0n;
  const offsetStart = chosen.has('sum') ? BigInt(file.length) : 0n;
  if (chosen.has('sum')) {
    for (const { opcode, start: groupStart, length } of groups) {
      file.writeSummaryOffset({ groupOpcode: opcode, groupStart: BigInt(groupStart), groupLength: BigInt(length) });
    }
  }
  const footer = new DataView(new ArrayBuffer(25));
  footer.setUint8(0, Opcode.FOOTER);
  footer.setBigUint64(1, 20n, true);
  footer.setBigUint64(9, start, true);
  footer.setBigUint64(17, offsetStart, true);
  const summaryCrc = crc32(new Uint8Array(footer.buffer), crc32(file.buffer.subarray(summaryStart)));
  file.writeFooter({ summaryStart: start, summaryOffsetStart: offsetStart, summaryCrc });
  file.writeMagic();
  return file.buffer;
}

interface Indexes {
  readonly chunk: McapTypes.ChunkIndex[];
  readonly metadata: McapTypes.MetadataIndex[];
  readonly attachment: McapTypes.AttachmentIndex[];
}

function writeData(file: McapRecordBuilder, records: readonly Input[], chosen: ReadonlySet<Feature>): Indexes {
  const indexes: Indexes = { chunk: [], metadata: [], attachment: [] };
  const chunk = new McapChunkBuilder({ useMessageIndex: chosen.has('mx') });
  for (const record of records) {
    const offset = BigInt(file.length);
    switch (record.type) {
      case 'Schema':
        if (chosen.has('ch')) chunk.addSchema(record);
        else file.writeSchema(record);
        break;
      case 'Channel':
        if (chosen.has('ch')) chunk.addChannel(record);
        else file.writeChannel(record);
        break;
      case 'Message':
        if (chosen.has('ch')) chunk.addMessage(record);
        else file.writeMessage(record);
        break;
      case 'Attachment': {
        const length = file.writeAttachment(record);
        indexes.attachment.push({ ...record, offset, length, dataSize: BigInt(record.data.length) });
        break;
      }
      case 'Metadata':
        indexes.metadata.push({ name: record.name, offset, length: file.writeMetadata(record) });
    }
  }
  if (chosen.has('ch')) indexes.chunk.push(writeChunk(file, chunk));
  return indexes;
}

function writeChunk(file: McapRecordBuilder, chunk: McapChunkBuilder): McapTypes.ChunkIndex {
  const { messageStartTime, messageEndTime, buffer: records } = chunk;
  const size = BigInt(records.length);
  const common = { compression: '', messageStartTime, messageEndTime, uncompressedSize: size };
  const chunkStartOffset = BigInt(file.length);
  const chunkLength = file.writeChunk({ ...common, uncompressedCrc: crc32(records), records });
  const messageIndexOffsets = new Map<number, bigint>();
  let messageIndexLength = 0n;
  for (const index of chunk.indices) {
    messageIndexOffsets.set(index.channelId, BigInt(file.length));
    messageIndexLength += file.writeMessageIndex(index);
  }
  return { ...common, compressedSize: size, chunkStartOffset, chunkLength, messageIndexOffsets, messageIndexLength };
}

function statisticsOf(records: readonly Input[], chosen: ReadonlySet<Feature>): McapTypes.Statistics {
  const count = (type: Input['type']) => records.filter((record) => record.type === type).length;
  const times = records.flatMap((record) => (record.type === 'Message' ? [record.logTime] : [])).sort();
  return {
    messageCount: BigInt(count('Message')),
    schemaCount: count('Schema'),
    channelCount: count('Channel'),
    attachmentCount: count('Attachment'),
    metadataCount: count('Metadata'),
    chunkCount: chosen.has('ch') ? 1 : 0,
    messageStartTime: times[0] ?? 0n,
    messageEndTime: times.at(-1) ?? 0n,
    channelMessageCounts: new Map(times.length === 0 ? [] : [[1, BigInt(times.length)]]),
  };
}
