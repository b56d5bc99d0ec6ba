import { Opcode } from '@mcap/core';
import { Decompress } from 'fzstd';

const RECORD_HEADER = 9;
/** Times, size and checksum in front of the name of the compression. */
const CHUNK_FIXED_PART = 28;

/**
 * The whole records at the beginning of a chunk of which the end is missing. Uncompressed chunks and Zstandard give them,
 * the latter as far as whole blocks go; LZ4 gives none.
 * @param bytes a chunk record from its opcode on, cut anywhere
 * @returns each record with its opcode and length
 */
export function salvageChunk(bytes: Uint8Array): Uint8Array[] {
  const nameAt = RECORD_HEADER + CHUNK_FIXED_PART;
  if (bytes[0] !== Opcode.CHUNK || bytes.length < nameAt + 4) return [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const dataAt = nameAt + 4 + view.getUint32(nameAt, true) + 8;
  if (dataAt >= bytes.length) return [];
  const compression = Buffer.from(bytes.subarray(nameAt + 4, dataAt - 8)).toString('utf8');
  const data = bytes.slice(dataAt);
  if (compression === '') return wholeRecords(data);
  return compression === 'zstd' ? wholeRecords(decompressBeginning(data)) : [];
}

function decompressBeginning(data: Uint8Array): Uint8Array {
  const blocks: Uint8Array[] = [];
  try {
    new Decompress((block) => blocks.push(block.slice())).push(data);
  } catch {
    // The cut may fall anywhere; what was decompressed before it counts.
  }
  return Buffer.concat(blocks);
}

function wholeRecords(data: Uint8Array): Uint8Array[] {
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const records: Uint8Array[] = [];
  let place = 0;
  while (place + RECORD_HEADER <= data.length) {
    const length = RECORD_HEADER + Number(view.getBigUint64(place + 1, true));
    if (place + length > data.length) break;
    records.push(data.subarray(place, place + length));
    place += length;
  }
  return records;
}
