import { CorruptDataError } from '@rapport/core';

/**
 * TensorBoard event files: records framed as TFRecord (u64 length, masked CRC32C of it, bytes, masked CRC32C of them),
 * each an `Event` protocol buffer (`tensorflow/core/util/event.proto`): wall_time = 1, step = 2, file_version = 3,
 * summary = 5; a summary holds values with tag = 1 and simple_value = 2.
 */

/** The record that opens every event file. */
export function versionRecord(wallTimeSeconds: number): Uint8Array {
  return frame(Buffer.concat([doubleField(1, wallTimeSeconds), bytesField(3, Buffer.from('brain.Event:2'))]));
}

/** One record with the scalars of a step. */
export function scalarsRecord(
  wallTimeSeconds: number,
  step: number,
  scalars: Readonly<Record<string, number>>,
): Uint8Array {
  const values = Object.entries(scalars).map(([tag, value]) =>
    bytesField(1, Buffer.concat([bytesField(1, Buffer.from(tag)), floatField(2, value)])),
  );
  return frame(
    Buffer.concat([doubleField(1, wallTimeSeconds), tagOf(2, 0), varint(step), bytesField(5, Buffer.concat(values))]),
  );
}

/**
 * The whole records of an event file up to `step`, byte for byte; a record cut off by a crash at the end is left out.
 * @throws CorruptDataError when a checksum is wrong
 */
export function recordsUpTo(file: Buffer, step: number, label: string): Uint8Array[] {
  const kept: Uint8Array[] = [];
  for (let offset = 0; offset + 12 <= file.length; ) {
    const length = Number(file.readBigUInt64LE(offset));
    const end = offset + 12 + length + 4;
    if (file.readUInt32LE(offset + 8) !== maskedCrc(file.subarray(offset, offset + 8))) {
      throw new CorruptDataError(`${label} is no event file: wrong checksum at byte ${offset}`);
    }
    if (end > file.length) break;
    const event = file.subarray(offset + 12, end - 4);
    if (file.readUInt32LE(end - 4) !== maskedCrc(event)) {
      throw new CorruptDataError(`${label} is damaged: wrong checksum of the record at byte ${offset}`);
    }
    if (stepOf(event) <= step) kept.push(file.subarray(offset, end));
    offset = end;
  }
  return kept;
}

/** The step of one of our own events: it follows the wall time, or is absent and thus 0. */
function stepOf(event: Buffer): number {
  if (event[9] !== 0x10) return 0;
  let value = 0;
  for (let index = 10, scale = 1; ; index++, scale *= 128) {
    value += (event[index]! & 127) * scale;
    if (event[index]! < 128) return value;
  }
}

function frame(event: Uint8Array): Uint8Array {
  const record = Buffer.alloc(event.length + 16);
  record.writeBigUInt64LE(BigInt(event.length), 0);
  record.writeUInt32LE(maskedCrc(record.subarray(0, 8)), 8);
  record.set(event, 12);
  record.writeUInt32LE(maskedCrc(event), 12 + event.length);
  return record;
}

function tagOf(field: number, wireType: number): Uint8Array {
  return varint(field * 8 + wireType);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  while (value >= 128) {
    bytes.push((value % 128) | 128);
    value = Math.floor(value / 128);
  }
  return Uint8Array.from([...bytes, value]);
}

function bytesField(field: number, content: Uint8Array): Uint8Array {
  return Buffer.concat([tagOf(field, 2), varint(content.length), content]);
}

function doubleField(field: number, value: number): Uint8Array {
  return Buffer.concat([tagOf(field, 1), new Uint8Array(new Float64Array([value]).buffer)]);
}

function floatField(field: number, value: number): Uint8Array {
  return Buffer.concat([tagOf(field, 5), new Uint8Array(new Float32Array([value]).buffer)]);
}

/** CRC32C (Castagnoli, reflected polynomial 0x82f63b78), rotated and shifted as TFRecord wants it. */
function maskedCrc(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = crcTable[(crc ^ byte) & 255]! ^ (crc >>> 8);
  crc = ~crc >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  for (let bit = 0; bit < 8; bit++) byte = byte & 1 ? (byte >>> 1) ^ 0x82f63b78 : byte >>> 1;
  return byte;
});
