import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { encodeParquet, openParquet } from './parquet.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rapport-parquet-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const rowArbitrary = fc.record({
  flag: fc.boolean(),
  count: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  single: fc.float(),
  double: fc.double(),
  text: fc.string({ unit: 'grapheme' }),
  vector: fc.array(fc.float(), { minLength: 3, maxLength: 3 }),
  nested: fc.array(fc.array(fc.double(), { minLength: 1, maxLength: 2 }), { minLength: 1, maxLength: 3 }),
  image: fc.record({ bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }), path: fc.string() }),
});

it('reads back what it encodes, for every column type', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(rowArbitrary, { minLength: 1, maxLength: 30 }), async (rows) => {
      const bytes = encodeParquet(
        [
          { name: 'flag', type: 'bool', data: rows.map((row) => row.flag) },
          { name: 'count', type: 'int64', data: rows.map((row) => row.count) },
          { name: 'single', type: 'float', data: rows.map((row) => row.single) },
          { name: 'double', type: 'double', data: rows.map((row) => row.double) },
          { name: 'text', type: 'string', data: rows.map((row) => row.text) },
          { name: 'vector', type: { list: 'float' }, data: rows.map((row) => row.vector) },
          { name: 'nested', type: { list: { list: 'double' } }, data: rows.map((row) => row.nested) },
          { name: 'image', type: 'image', data: rows.map((row) => row.image) },
        ],
        { note: 'kept' },
      );
      await writeFile(join(folder, 'file.parquet'), bytes);
      const file = await openParquet(folder, 'file.parquet');
      expect(file.rowCount).toBe(rows.length);
      expect(file.keyValues.get('note')).toBe('kept');
      const start = Math.floor(rows.length / 3);
      expect(await file.read(file.columns, start)).toEqual(rows.slice(start));
    }),
    { numRuns: 60 },
  );
});
