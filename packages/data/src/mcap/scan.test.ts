import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { McapTypes } from '@mcap/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { conformanceFile, conformanceVariants } from './conformance-variants.js';
import type { McapDamage } from './damage.js';
import { scanMcap } from './scan.js';

const fixtures = fileURLToPath(new URL('../../../../tests/fixtures/mcap', import.meta.url));
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rapport-mcap-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const dataTypes = ['Schema', 'Channel', 'Message', 'Attachment', 'Metadata'];

/** The records of the data section, copied. */
async function dataOf(file: string): Promise<McapTypes.TypedMcapRecord[]> {
  const records: McapTypes.TypedMcapRecord[] = [];
  let ended = false;
  for await (const { record } of scanMcap(file)) {
    if (record.type === 'DataEnd') ended = true;
    if (!ended && dataTypes.includes(record.type)) records.push(structuredClone(record));
  }
  return records;
}

async function fileOf(bytes: Uint8Array): Promise<string> {
  const file = join(folder, 'case.mcap');
  await writeFile(file, bytes);
  return file;
}

async function damagesOf(bytes: Uint8Array): Promise<{ damages: McapDamage[]; messages: number }> {
  const file = await fileOf(bytes);
  const damages: McapDamage[] = [];
  let messages = 0;
  for await (const { record } of scanMcap(file, (damage) => damages.push(damage))) {
    if (record.type === 'Message') messages++;
  }
  return { damages, messages };
}

describe("MCAP's conformance suite", () => {
  const variants = conformanceVariants();

  it('makes every file of the suite to the byte, and reads from it what went in', async () => {
    const hashes = z
      .record(z.string(), z.string())
      .parse(JSON.parse(await readFile(`${fixtures}/conformance.json`, 'utf8')));
    expect(variants.map(({ name }) => name).sort()).toEqual(Object.keys(hashes).sort());
    for (const variant of variants) {
      const bytes = conformanceFile(variant);
      expect(createHash('sha256').update(bytes).digest('hex'), variant.name).toBe(hashes[variant.name]);
      const expected = variant.records.map((record) => ({ ...record }));
      const read = await dataOf(await fileOf(bytes));
      expect(read, variant.name).toEqual(expected);
    }
  });

  it('finds the damage when any byte of a checked file is changed', async () => {
    const variant = variants.find(({ name }) => name === 'TenMessages-ch-chx-mx-rch-rsh-st-sum')!;
    const whole = conformanceFile(variant);
    for (let place = 0; place < whole.length; place++) {
      const bytes = whole.slice();
      bytes[place]! ^= 0x15;
      const found = await damagesOf(bytes).then(
        ({ damages }) => damages.length,
        () => 1,
      );
      expect(found, `byte ${place}`).toBeGreaterThan(0);
    }
  });

  it('keeps every message that is whole when an unchunked file is cut anywhere', async () => {
    const variant = variants.find(({ name }) => name === 'TenMessages')!;
    const whole = conformanceFile(variant);
    let before = 0;
    for (let length = 8; length < whole.length; length++) {
      const { damages, messages } = await damagesOf(whole.subarray(0, length));
      expect(damages).not.toHaveLength(0);
      expect(messages).toBeGreaterThanOrEqual(before);
      before = messages;
    }
    expect(before).toBe(10);
  });
});

it('reads chunks of Zstandard and LZ4 that another program wrote', async () => {
  const counts = async (name: string) => {
    const compressions = new Set<string>();
    let messages = 0;
    for await (const { record } of scanMcap(join(fixtures, name))) {
      if (record.type === 'Chunk') compressions.add(record.compression);
      if (record.type === 'Message') messages++;
    }
    return { compressions: [...compressions], messages };
  };
  expect(await counts('sample.mcap')).toEqual({ compressions: ['zstd'], messages: 550 });
  expect(await counts('lz4.mcap')).toEqual({ compressions: ['lz4'], messages: 20 });
});

it('names record and byte of a damage, and goes on behind it', async () => {
  const sample = join(fixtures, 'sample.mcap');
  let behind = 0;
  for await (const { record, number } of scanMcap(sample)) if (record.type === 'Message' && number > 1) behind++;
  const bytes = Uint8Array.from(await readFile(sample));
  bytes[5000]! ^= 0xff; // inside the first of four chunks
  const { damages, messages } = await damagesOf(bytes);
  expect(damages[0]).toMatchObject({ record: 1, offset: 70, kind: 'record' });
  expect(messages).toBe(behind);
  await expect(dataOf(join(folder, 'case.mcap'))).rejects.toThrow(/case\.mcap record 1 \(byte 70\)/);
});

it('takes the blocks of Zstandard that are whole from a chunk that is cut', async () => {
  const bytes = await readFile(join(fixtures, 'sample.mcap'));
  const { damages, messages } = await damagesOf(bytes.subarray(0, 100_000));
  expect(damages).toMatchObject([{ record: 1, kind: 'truncated' }]);
  expect(messages).toBeGreaterThan(0);
});

it('refuses what is no MCAP file by its first bytes', async () => {
  await expect(damagesOf(Buffer.from('#!/bin/sh\n'))).rejects.toThrow(/begins with 23212f62696e2f73/);
  await expect(damagesOf(new Uint8Array(0))).rejects.toThrow(/is empty/);
});
