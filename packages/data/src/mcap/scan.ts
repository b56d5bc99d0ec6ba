import { crc32 } from 'node:zlib';
import { MCAP_MAGIC, McapRecordBuilder, McapStreamReader, type McapTypes, Opcode } from '@mcap/core';
import { CorruptDataError } from '@rapport/core';
import { ByteSource } from './byte-source.js';
import { decompressors } from './compression.js';
import { type McapDamage, McapError } from './damage.js';
import { salvageChunk } from './salvage.js';

/** A record of an MCAP file, or one inside a chunk, with the place of the record of the file that it came in. */
export interface ScannedRecord {
  readonly record: McapTypes.TypedMcapRecord;
  readonly number: number;
  readonly offset: number;
}

const MAGIC = Uint8Array.from(MCAP_MAGIC);
/** Opcode and length. */
const RECORD_HEADER = 9;
/** Opcode, length, and what the footer holds. */
const FOOTER_LENGTH = RECORD_HEADER + 20;

/**
 * Reads every record of an MCAP file in the order of the file, chunks first and then what they hold. The index is not
 * needed, so that files without one, and files that end too early, are read as well. Chunks are decompressed one at a
 * time; all checksums that the file has are compared.
 *
 * Bytes of a message are valid until the next record is asked for.
 * @param onDamage told of each damage, after which reading goes on where that is possible; without it damage is thrown
 * @throws McapError naming file, record and byte; CorruptDataError when the file is no MCAP file
 */
export async function* scanMcap(
  path: string,
  onDamage?: (damage: McapDamage) => void,
): AsyncGenerator<ScannedRecord, void, void> {
  const source = await ByteSource.open(path);
  try {
    yield* new Scan(path, source, await decompressors(), onDamage).records();
  } finally {
    await source.close();
  }
}

class Scan {
  readonly #path: string;
  readonly #source: ByteSource;
  readonly #decompress: McapTypes.DecompressHandlers;
  readonly #onDamage: ((damage: McapDamage) => void) | undefined;
  readonly #channels = new Map<number, McapTypes.Channel>();
  #parser: McapStreamReader;
  #number = 0;
  #offset = 0;
  #checksum = 0;

  constructor(
    path: string,
    source: ByteSource,
    decompress: McapTypes.DecompressHandlers,
    onDamage: ((damage: McapDamage) => void) | undefined,
  ) {
    this.#path = path;
    this.#source = source;
    this.#decompress = decompress;
    this.#onDamage = onDamage;
    this.#parser = this.#newParser();
  }

  async *records(): AsyncGenerator<ScannedRecord, void, void> {
    await this.#checkMagic();
    if (this.#onDamage !== undefined) yield* this.#channelsOfSummary();
    let summary: { readonly start: number; checksum: number } | undefined;
    let dataEnded = false;
    for (;;) {
      const length = await this.#nextLength();
      if (length === undefined) return;
      const bytes = await this.#source.read(this.#offset, length);
      if (bytes.length < length) {
        if (this.#onDamage !== undefined) for (const record of salvageChunk(bytes)) yield* this.#parse(record);
        return this.#report('truncated', `the file ends ${length - bytes.length} bytes before the end of the record`);
      }
      if (bytes[0] === Opcode.FOOTER) {
        yield* this.#parse(bytes);
        return this.#checkEnd(bytes, dataEnded, summary);
      }
      if (summary !== undefined) summary.checksum = crc32(bytes, summary.checksum);
      for (const scanned of this.#parse(bytes)) {
        if (scanned.record.type === 'DataEnd') this.#checkData(scanned.record);
        yield scanned;
      }
      this.#checksum = crc32(bytes, this.#checksum);
      this.#offset += length;
      this.#number++;
      if (bytes[0] === Opcode.DATA_END) {
        dataEnded = true;
        summary = { start: this.#offset, checksum: 0 };
      }
    }
  }

  async #checkMagic(): Promise<void> {
    const found = await this.#source.read(0, MAGIC.length);
    if (Buffer.compare(found, MAGIC) !== 0) {
      const text = found.length === 0 ? 'is empty' : `begins with ${Buffer.from(found).toString('hex')}`;
      throw new CorruptDataError(
        `${this.#path} ${text}; an MCAP file begins with ${Buffer.from(MAGIC).toString('hex')}`,
        {
          fix: 'name a .mcap file, or the folder of a bag',
        },
      );
    }
    this.#offset = MAGIC.length;
    this.#checksum = crc32(found);
  }

  /**
   * What the summary tells of schemas and channels, ahead of its turn: without it messages could not be understood whose
   * channel was described in a damaged chunk.
   */
  async *#channelsOfSummary(): AsyncGenerator<ScannedRecord, void, void> {
    const footerStart = this.#source.size - MAGIC.length - FOOTER_LENGTH;
    if (footerStart < MAGIC.length) return;
    const footer = (await this.#source.read(footerStart, FOOTER_LENGTH)).slice();
    const start = footer[0] === Opcode.FOOTER ? Number(parseFooter(footer).summaryStart) : 0;
    if (start < MAGIC.length || start >= footerStart) return;
    const summary = await this.#source.read(start, footerStart - start);
    const parser = this.#newParser();
    parser.append(summary);
    try {
      for (let record = parser.nextRecord(); record !== undefined; record = parser.nextRecord()) {
        if (record.type === 'Channel') this.#channels.set(record.id, record);
        if (record.type === 'Schema' || record.type === 'Channel') yield this.#at(record);
      }
    } catch {
      // A damaged summary is reported when reading comes to it.
    }
    this.#parser = this.#newParser();
  }

  /** Length of the whole next record, or undefined when there is none that can be read. */
  async #nextLength(): Promise<number | undefined> {
    const head = await this.#source.read(this.#offset, RECORD_HEADER);
    if (head.length < RECORD_HEADER) {
      this.#report('truncated', head.length === 0 ? 'the file ends without a footer' : 'the file ends inside a record');
      return undefined;
    }
    const content = new DataView(head.buffer, head.byteOffset).getBigUint64(1, true);
    if (head[0] === 0 || content > BigInt(Number.MAX_SAFE_INTEGER)) {
      const found = head[0] === 0 ? 'zeros' : `a record of ${content} bytes`;
      this.#report('framing', `finds ${found} where a record should begin`);
      return undefined;
    }
    return RECORD_HEADER + Number(content);
  }

  /** The records that the bytes of one record of the file stand for. */
  *#parse(bytes: Uint8Array): Generator<ScannedRecord, void, void> {
    if (bytes[0] === Opcode.FOOTER) return yield this.#at(parseFooter(bytes));
    try {
      this.#parser.append(bytes);
      for (let record = this.#parser.nextRecord(); record !== undefined; record = this.#parser.nextRecord()) {
        if (record.type === 'Channel') this.#channels.set(record.id, record);
        yield this.#at(record);
      }
      if (this.#parser.bytesRemaining() > 0) throw new Error('the record is shorter than it says');
    } catch (error) {
      if (error instanceof McapError) throw error;
      this.#report('record', (error as Error).message.replace(/ \[.*\]$/, ''), error);
      this.#parser = this.#newParser();
    }
  }

  #at(record: McapTypes.TypedMcapRecord): ScannedRecord {
    return { record, number: this.#number, offset: this.#offset };
  }

  /** A parser that knows the channels that were read so far. */
  #newParser(): McapStreamReader {
    const parser = new McapStreamReader({
      noMagicPrefix: true,
      includeChunks: true,
      decompressHandlers: this.#decompress,
    });
    for (const channel of this.#channels.values()) {
      const builder = new McapRecordBuilder();
      builder.writeChannel(channel);
      parser.append(builder.buffer);
      parser.nextRecord();
    }
    return parser;
  }

  #checkData({ dataSectionCrc }: McapTypes.DataEnd): void {
    if (dataSectionCrc !== 0 && dataSectionCrc !== this.#checksum) {
      this.#report('record', `the checksum of the data is ${this.#checksum}; the file says ${dataSectionCrc}`);
    }
  }

  async #checkEnd(
    footer: Uint8Array,
    dataEnded: boolean,
    summary: { readonly start: number; readonly checksum: number } | undefined,
  ): Promise<void> {
    const { summaryStart, summaryCrc } = parseFooter(footer);
    if (!dataEnded) this.#report('summary', 'the footer comes without the end of the data before it');
    const start = summary === undefined || summary.start === this.#offset ? 0 : summary.start;
    if (Number(summaryStart) !== start) {
      this.#report('summary', `the summary begins at byte ${start}; the footer says ${summaryStart}`);
    }
    // The checksum ends before its own four bytes.
    const checksum = crc32(footer.subarray(0, footer.length - 4), summary?.checksum ?? 0);
    if (summaryCrc !== 0 && footer.length === FOOTER_LENGTH && checksum !== summaryCrc) {
      this.#report('summary', `the checksum of the summary is ${checksum}; the file says ${summaryCrc}`);
    }
    const end = this.#offset + footer.length;
    const magic = await this.#source.read(end, MAGIC.length + 1);
    if (Buffer.compare(magic, MAGIC) !== 0) {
      this.#report('summary', `${this.#source.size - end} bytes follow the footer; expected the 8 that end a file`);
    }
  }

  #report(kind: McapDamage['kind'], problem: string, cause?: unknown): void {
    const damage: McapDamage = { file: this.#path, record: this.#number, offset: this.#offset, problem, kind };
    if (this.#onDamage === undefined) throw new McapError(damage, cause);
    this.#onDamage(damage);
  }
}

function parseFooter(bytes: Uint8Array): McapTypes.TypedMcapRecords['Footer'] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return {
    type: 'Footer',
    summaryStart: view.getBigUint64(RECORD_HEADER, true),
    summaryOffsetStart: view.getBigUint64(RECORD_HEADER + 8, true),
    summaryCrc: view.getUint32(RECORD_HEADER + 16, true),
  };
}
