import { decodePng, type RgbImage } from '../png.js';
import { DatasetFileError, type FileReference } from './file-error.js';
import type { CameraFeature } from './info.js';
import type { ParquetFile } from './parquet.js';

/**
 * Decodes the pictures of an image column, rows `start` to `end` (excluded), to RGB, shape [rows, height, width, 3].
 * @throws DatasetFileError when a cell holds no PNG of the camera's size
 */
export async function readPictures(
  file: ParquetFile,
  { key, width, height }: CameraFeature,
  start: number,
  end: number,
): Promise<Uint8Array> {
  const data = new Uint8Array((end - start) * width * height * 3);
  if (start === end) return data;
  const rows = await file.read([key], start, end);
  rows.forEach((row, offset) => {
    const at = { ...file.reference, row: start + offset };
    const cell = row[key];
    const bytes = typeof cell === 'object' && cell !== null && 'bytes' in cell ? cell.bytes : undefined;
    if (!(bytes instanceof Uint8Array)) throw new DatasetFileError(at, `column "${key}" holds no picture`);
    const picture = decodeAt(bytes, key, at);
    if (picture.width !== width || picture.height !== height) {
      throw new DatasetFileError(
        at,
        `column "${key}" is ${picture.width}x${picture.height}; meta/info.json says ${width}x${height}`,
      );
    }
    data.set(picture.data, offset * width * height * 3);
  });
  return data;
}

function decodeAt(bytes: Uint8Array, key: string, at: FileReference): RgbImage {
  try {
    return decodePng(bytes);
  } catch (cause) {
    throw new DatasetFileError(at, `column "${key}": ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}
