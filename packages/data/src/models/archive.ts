import { CorruptDataError } from '@rapport/core';
import { gunzipSync, unzipSync } from 'fflate';

/**
 * Reads one file out of a zip archive (a wheel).
 * @throws CorruptDataError when the archive is damaged or holds no such file
 */
export function readZipMember(archive: Uint8Array, path: string, label: string): Uint8Array {
  const files = readable(label, () => unzipSync(archive, { filter: ({ name }) => name === path }));
  return files[path] ?? missing(path, label);
}

/**
 * Reads one file out of a gzipped tar archive (an npm package).
 * @throws CorruptDataError when the archive is damaged or holds no such file
 */
export function readTgzMember(archive: Uint8Array, path: string, label: string): Uint8Array {
  const tar = readable(label, () => gunzipSync(archive));
  const text = (from: number, length: number) => Buffer.from(tar.subarray(from, from + length)).toString('latin1');
  for (let header = 0; header + 512 <= tar.length && tar[header] !== 0; ) {
    const name = text(header, 100).replace(/\0.*$/s, '');
    const size = Number.parseInt(text(header + 124, 12), 8);
    const start = header + 512;
    if (!(size >= 0) || start + size > tar.length) break;
    if (name === path) return tar.subarray(start, start + size);
    header = start + Math.ceil(size / 512) * 512;
  }
  return missing(path, label);
}

function readable<T>(label: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new CorruptDataError(`${label} is damaged: ${(cause as Error).message}`, { cause });
  }
}

function missing(path: string, label: string): never {
  throw new CorruptDataError(`${label} holds no file ${path}`);
}
