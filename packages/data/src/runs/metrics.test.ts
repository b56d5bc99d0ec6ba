import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CorruptDataError, InputError } from '@rapport/core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openMetrics } from './metrics.js';

let run: string;
beforeEach(async () => {
  run = await mkdtemp(join(tmpdir(), 'rapport-metrics-'));
});
afterEach(() => rm(run, { recursive: true, force: true }));

const lines = async () => (await readFile(join(run, 'metrics.jsonl'), 'utf8')).trimEnd().split('\n');

async function eventFile(): Promise<string> {
  const files = (await readdir(run)).filter((file) => file.startsWith('events.out.tfevents.1760000000.'));
  expect(files).toHaveLength(1);
  return join(run, files[0]!);
}

it('writes every record as a JSON line and as a TensorBoard event', async () => {
  const writer = await openMetrics(run, undefined, () => 1_760_000_000_500);
  writer.write(0, { 'loss/total': 1.5 });
  writer.write(300, { 'loss/total': 0.25, 'eval/score': Number.NaN });
  writer.close();
  expect(await lines()).toEqual(['{"step":0,"loss/total":1.5}', '{"step":300,"loss/total":0.25,"eval/score":"NaN"}']);
  const wallTime = 1_760_000_000.5;
  expect(parseEvents(await readFile(await eventFile()))).toEqual([
    { wallTime, step: 0, version: 'brain.Event:2', scalars: {} },
    { wallTime, step: 0, version: '', scalars: { 'loss/total': 1.5 } },
    { wallTime, step: 300, version: '', scalars: { 'loss/total': 0.25, 'eval/score': Number.NaN } },
  ]);
});

it('ends with the same bytes when a run is interrupted and resumed', async () => {
  const clock = () => 1_760_000_000_000;
  let writer = await openMetrics(run, undefined, clock);
  for (const step of [1, 2, 200, 300]) writer.write(step, { loss: 1 / step });
  writer.close();
  const events = await eventFile();
  const whole = [await readFile(join(run, 'metrics.jsonl')), await readFile(events)];

  // The interruption: half a line and half a record, after a checkpoint at step 2.
  await writeFile(join(run, 'metrics.jsonl'), Buffer.concat([whole[0]!, Buffer.from('{"step":3')]));
  await writeFile(events, whole[1]!.subarray(0, -5));
  writer = await openMetrics(run, 2, clock);
  for (const step of [200, 300]) writer.write(step, { loss: 1 / step });
  writer.close();
  expect([await readFile(join(run, 'metrics.jsonl')), await readFile(events)]).toEqual(whole);
});

it('refuses steps that go back, a metric named step, and a new run over an old one', async () => {
  const writer = await openMetrics(run);
  writer.write(5, { loss: 1 });
  expect(() => writer.write(4, { loss: 1 })).toThrow('metrics of step 4 came after those of step 5');
  expect(() => writer.write(6, { step: 1 })).toThrow(InputError);
  writer.close();
  await expect(openMetrics(run)).rejects.toThrow(/metrics\.jsonl is there already/);
});

it('names the damaged record when a run is resumed', async () => {
  const writer = await openMetrics(run, undefined, () => 1_760_000_000_000);
  writer.write(1, { loss: 1 });
  writer.close();
  const events = await eventFile();
  const bytes = await readFile(events);
  bytes[bytes.length - 8]! ^= 1;
  await writeFile(events, bytes);
  await expect(openMetrics(run, 1)).rejects.toThrow(/wrong checksum of the record at byte 40/);
  await writeFile(join(run, 'metrics.jsonl'), 'garbage\n');
  await expect(openMetrics(run, 1)).rejects.toThrow(/metrics\.jsonl line 1 is not JSON/);
  await expect(openMetrics(run, 1)).rejects.toThrow(CorruptDataError);
});

interface Event {
  wallTime: number;
  step: number;
  version: string;
  scalars: Record<string, number>;
}

/** A reader of its own: bit-by-bit checksums and a general protocol buffer walk. */
function parseEvents(file: Buffer): Event[] {
  const events: Event[] = [];
  let offset = 0;
  while (offset < file.length) {
    const length = Number(file.readBigUInt64LE(offset));
    expect(file.readUInt32LE(offset + 8)).toBe(maskedCrc(file.subarray(offset, offset + 8)));
    const body = file.subarray(offset + 12, offset + 12 + length);
    expect(file.readUInt32LE(offset + 12 + length)).toBe(maskedCrc(body));
    offset += 16 + length;
    const event: Event = { wallTime: 0, step: 0, version: '', scalars: {} };
    for (const [field, value] of protobufFields(body)) {
      if (field === 1) event.wallTime = value.readDoubleLE();
      if (field === 2) event.step = Number(value.readBigUInt64LE());
      if (field === 3) event.version = value.toString();
      if (field === 5) for (const [, scalar] of protobufFields(value)) addScalar(event, protobufFields(scalar));
    }
    events.push(event);
  }
  return events;
}

function addScalar(event: Event, fields: [number, Buffer][]): void {
  const byField = new Map(fields);
  event.scalars[byField.get(1)!.toString()] = byField.get(2)!.readFloatLE();
}

/** Fields as (number, bytes); a varint as eight bytes. */
function protobufFields(body: Buffer): [number, Buffer][] {
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = body[at++]!;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  const fields: [number, Buffer][] = [];
  while (at < body.length) {
    const key = Number(varint());
    const wireType = key & 7;
    if (wireType === 0) {
      const value = Buffer.alloc(8);
      value.writeBigUInt64LE(varint());
      fields.push([key >> 3, value]);
      continue;
    }
    const size = wireType === 1 ? 8 : wireType === 5 ? 4 : Number(varint());
    fields.push([key >> 3, body.subarray(at, at + size)]);
    at += size;
  }
  return fields;
}

function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

function maskedCrc(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return Number(((BigInt(crc >>> 15) | (BigInt(crc) << 17n)) + 0xa282ead8n) & 0xffffffffn);
}

it('computes the published check value of CRC32C in the reader of this test', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
});
