import { join } from 'node:path';
import {
  type AsyncBuffer,
  asyncBufferFromFile,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
} from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { ByteWriter, type ColumnSource, ParquetWriter, type SchemaElement } from 'hyparquet-writer';
import { DatasetFileError, type FileReference } from './file-error.js';

/** Type of a column in the terms of this format: a scalar, nested lists of one, or an image. */
export type ColumnType = ScalarType | { readonly list: ColumnType } | 'image';
export type ScalarType = 'float' | 'double' | 'int64' | 'bool' | 'string';

/** A column to write; `data` holds one value a row, int64 as bigint, image as `{ bytes, path }`. */
export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly data: ColumnSource['data'];
}

/** A cell of an image column, as Hugging Face datasets store it. */
export interface ImageCell {
  readonly bytes: Uint8Array;
  readonly path: string;
}

/**
 * Encodes columns as a Parquet file (Snappy) of one row group.
 * @param keyValues key-value metadata of the footer
 */
export function encodeParquet(
  columns: readonly Column[],
  keyValues: Readonly<Record<string, string>> = {},
): Uint8Array {
  const rows = columns[0]?.data.length ?? 0;
  const schema: SchemaElement[] = [{ name: 'schema', num_children: columns.length, repetition_type: 'REQUIRED' }];
  for (const { name, type } of columns) schema.push(...schemaElements(name, type));
  const bytes = new ByteWriter();
  const writer = new ParquetWriter({
    writer: bytes,
    schema,
    createdBy: 'rapport',
    kvMetadata: Object.entries(keyValues).map(([key, value]) => ({ key, value })),
  });
  const columnData = columns.map(({ name, type, data }): ColumnSource => {
    if (type === 'image') return { name, data, encoding: 'PLAIN', codec: 'UNCOMPRESSED', statistics: false };
    return { name, data };
  });
  writer.write({ columnData, rowGroupSize: Math.max(1, rows) });
  writer.finish();
  return bytes.getBytes();
}

function schemaElements(name: string, type: ColumnType): SchemaElement[] {
  if (typeof type === 'object') {
    return [
      { name, repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST', logical_type: { type: 'LIST' } },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      ...schemaElements('element', type.list),
    ];
  }
  switch (type) {
    case 'float':
      return [{ name, repetition_type: 'OPTIONAL', type: 'FLOAT' }];
    case 'double':
      return [{ name, repetition_type: 'OPTIONAL', type: 'DOUBLE' }];
    case 'int64':
      return [{ name, repetition_type: 'OPTIONAL', type: 'INT64' }];
    case 'bool':
      return [{ name, repetition_type: 'OPTIONAL', type: 'BOOLEAN' }];
    case 'string':
      return [
        {
          name,
          repetition_type: 'OPTIONAL',
          type: 'BYTE_ARRAY',
          converted_type: 'UTF8',
          logical_type: { type: 'STRING' },
        },
      ];
    case 'image':
      return [
        { name, repetition_type: 'OPTIONAL', num_children: 2 },
        { name: 'bytes', repetition_type: 'OPTIONAL', type: 'BYTE_ARRAY' },
        ...schemaElements('path', 'string'),
      ];
  }
}

/** A Parquet file whose footer has been read. */
export interface ParquetFile {
  readonly reference: FileReference;
  readonly rowCount: number;
  /** Top-level column names. */
  readonly columns: readonly string[];
  readonly keyValues: ReadonlyMap<string, string>;
  /**
   * Reads rows `start` to `end` (excluded) of some columns.
   * @throws DatasetFileError when a column is missing or cannot be decoded
   */
  read(columns: readonly string[], start?: number, end?: number): Promise<Record<string, unknown>[]>;
}

/**
 * Opens a Parquet file.
 * @param path relative to the dataset's folder
 * @throws DatasetFileError when it is missing, truncated or not Parquet
 */
export async function openParquet(directory: string, path: string): Promise<ParquetFile> {
  const reference = { directory, file: path };
  let file: AsyncBuffer;
  try {
    file = await asyncBufferFromFile(join(directory, path));
  } catch (cause) {
    throw new DatasetFileError(reference, 'is missing or unreadable', { cause });
  }
  let metadata: FileMetaData;
  try {
    metadata = await parquetMetadataAsync(file);
  } catch (cause) {
    throw new DatasetFileError(reference, `is not a whole Parquet file (${file.byteLength} bytes): ${reason(cause)}`, {
      cause,
    });
  }
  const columnNames = parquetSchema(metadata).children.map(({ element }) => element.name);
  return {
    reference,
    rowCount: Number(metadata.num_rows),
    columns: columnNames,
    keyValues: new Map((metadata.key_value_metadata ?? []).map(({ key, value }) => [key, value ?? ''])),
    read: async (columns, start = 0, end = Number(metadata.num_rows)) => {
      const missing = columns.find((column) => !columnNames.includes(column));
      if (missing !== undefined) {
        throw new DatasetFileError(reference, `has no column "${missing}"; it has ${columnNames.join(', ')}`);
      }
      try {
        return await parquetReadObjects({
          file,
          metadata,
          compressors,
          columns: [...columns],
          rowStart: start,
          rowEnd: end,
          utf8: false,
        });
      } catch (cause) {
        throw new DatasetFileError(reference, `rows ${start}-${end} cannot be decoded: ${reason(cause)}`, { cause });
      }
    },
  };
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
