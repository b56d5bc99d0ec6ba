import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CorruptDataError } from '@rapport/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeTensors, encodeTensors, loadTensors, saveTensors } from './index.js';

const tensors = {
  'net/0/weight': { shape: [2, 3], data: new Float32Array([1, -2, 3.5, 0, 1e-30, 7]) },
  scalar: { shape: [], data: new Float32Array([-1]) },
};

/** Bytes of a file with any header, so that tests can break it. */
function fileOf(header: unknown, data: Uint8Array): Uint8Array {
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, data]);
}

describe('safetensors', () => {
  it('writes the layout of the format', () => {
    const bytes = Buffer.from(encodeTensors(tensors, { step: '3' }));
    const length = Number(bytes.readBigUInt64LE(0));
    expect(length % 8).toBe(0);
    expect(JSON.parse(bytes.subarray(8, 8 + length).toString())).toEqual({
      __metadata__: { step: '3' },
      'net/0/weight': { dtype: 'F32', shape: [2, 3], data_offsets: [0, 24] },
      scalar: { dtype: 'F32', shape: [], data_offsets: [24, 28] },
    });
    expect(bytes.readFloatLE(8 + length + 8)).toBe(3.5);
    expect(bytes.length).toBe(8 + length + 28);
  });

  it('gives back any tensors, bit by bit', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.array(fc.float({ noNaN: true }), { maxLength: 20 })),
        fc.dictionary(fc.string(), fc.string()),
        (arrays, metadata) => {
          const named = Object.entries(arrays).filter(([name]) => name !== '__metadata__');
          const wanted = Object.fromEntries(
            named.map(([name, list]) => [name, { shape: [list.length], data: new Float32Array(list) }]),
          );
          const found = decodeTensors(encodeTensors(wanted, metadata), 'memory');
          expect({ ...found.tensors }).toEqual({ ...wanted });
          expect({ ...found.metadata }).toEqual({ ...metadata });
        },
      ),
    );
  });

  it('saves whole files and leaves no temporary ones', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'rapport-nn-'));
    await saveTensors(join(folder, 'a.safetensors'), tensors, { by: 'test' });
    expect(await readdir(folder)).toEqual(['a.safetensors']);
    expect(await loadTensors(join(folder, 'a.safetensors'))).toEqual({ tensors, metadata: { by: 'test' } });
    const missing = join(folder, 'missing', 'b');
    await expect(saveTensors(missing, tensors)).rejects.toThrow(`${missing} could not be written: ENOENT`);
    await expect(loadTensors(missing)).rejects.toThrow(`${missing} could not be read: ENOENT`);
    await rm(folder, { recursive: true });
  });

  it('reads half, bfloat16 and double as float32', () => {
    const header = {
      h: { dtype: 'F16', shape: [3], data_offsets: [0, 6] },
      b: { dtype: 'BF16', shape: [1], data_offsets: [6, 8] },
      d: { dtype: 'F64', shape: [1], data_offsets: [8, 16] },
    };
    const data = Buffer.alloc(16);
    [0x3c00, 0xc100, 0x0001].forEach((bits, index) => {
      data.writeUInt16LE(bits, index * 2);
    });
    data.writeUInt16LE(0x4049, 6);
    data.writeDoubleLE(0.1, 8);
    const { tensors: found } = decodeTensors(fileOf(header, data), 'memory');
    expect([...found.h!.data]).toEqual([1, -2.5, 2 ** -24]);
    expect(found.b!.data[0]).toBe(3.140625);
    expect(found.d!.data[0]).toBe(Math.fround(0.1));
  });

  it('names file, tensor, found and expected', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'rapport-nn-'));
    const path = join(folder, 'a.safetensors');
    await saveTensors(path, tensors);
    const whole = await readFile(path);
    await writeFile(path, whole.subarray(0, whole.length - 4));
    await expect(loadTensors(path)).rejects.toThrow(
      new RegExp(`${path}.*tensor "scalar" ends at byte ${whole.length}, and the file has ${whole.length - 4}`),
    );
    await rm(folder, { recursive: true });

    const entry = (change: object) => ({ t: { dtype: 'F32', shape: [2], data_offsets: [0, 8], ...change } });
    const eight = new Uint8Array(8);
    const messageOf = (header: unknown, data = eight) => {
      try {
        decodeTensors(fileOf(header, data), 'f');
      } catch (error) {
        return error instanceof CorruptDataError
          ? error.message.replace('f is not a valid safetensors file: ', '')
          : error;
      }
      return 'accepted';
    };
    expect(messageOf(entry({}))).toBe('accepted');
    expect(messageOf([])).toBe('its header is not a JSON object');
    expect(messageOf(entry({ dtype: 'I32' }))).toBe(
      'tensor "t" has element type I32; expected F32, F64, F16, BF16, I64',
    );
    expect(messageOf(entry({ shape: [3] }))).toBe('tensor "t" F32 [3] has 8 bytes; expected 12');
    expect(messageOf(entry({ shape: [-2] }))).toBe('tensor "t" has the shape [-2]; expected sizes');
    expect(messageOf(entry({ data_offsets: [4] }))).toBe('tensor "t" has the byte range [4]; expected [begin, end]');
    expect(messageOf(entry({ data_offsets: [4, 12] }), new Uint8Array(12))).toBe(
      'tensor "t" begins at data byte 4; expected 0',
    );
    expect(messageOf(entry({}), new Uint8Array(9))).toBe('its tensors hold 8 data bytes, and the file has 9');
    expect(messageOf({ __metadata__: { a: 1 } }, new Uint8Array(0))).toBe('its __metadata__ key "a" is not a string');
  });

  it('throws only CorruptDataError for damaged bytes', () => {
    const whole = encodeTensors(tensors, { step: '3' });
    fc.assert(
      fc.property(
        fc.nat(whole.length),
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 4 }),
        (length, edits) => {
          const damaged = whole.slice(0, length);
          for (const [at, value] of edits) if (at < length) damaged[at] = value;
          try {
            decodeTensors(damaged, 'memory');
          } catch (error) {
            expect(error).toBeInstanceOf(CorruptDataError);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
