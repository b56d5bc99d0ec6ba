import { closeSync, existsSync, openSync, readSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CorruptDataError, InputError } from '@rapport/core';
import type { PictureBytes } from './demonstrations.js';

/** Where decoded pictures are kept while a policy is trained on them. */
export interface PictureCacheOptions {
  /** Pictures of together at most this many bytes are kept in memory. */
  readonly memoryBytes: number;
  /** File for more than that; made when it is missing, and used again when it is there and whole. */
  readonly file: string;
  /** The file grows to at most this size. */
  readonly fileBytes: number;
}

/** Pictures that are decoded once. */
export interface PictureCache {
  /** The next pictures, in the order in which they are asked for; `decode` is called when they are not kept yet. */
  next(length: number, decode: () => Promise<Uint8Array>): Promise<PictureBytes>;
  /** Makes the file whole. */
  finish(): void;
  /** Closes the file; pictures in it cannot be read afterwards. */
  close(): void;
}

/**
 * @param totalBytes size of all pictures that will be asked for
 * @throws InputError when they fit neither memory nor file
 */
export async function openPictureCache(totalBytes: number, options?: PictureCacheOptions): Promise<PictureCache> {
  if (options === undefined || totalBytes <= options.memoryBytes) return memoryCache;
  if (totalBytes > options.fileBytes) {
    const gibibytes = (bytes: number) => (bytes / 2 ** 30).toFixed(1);
    throw new InputError(
      `the decoded pictures take ${gibibytes(totalBytes)} GiB; expected at most ${gibibytes(options.fileBytes)} GiB`,
      { fix: 'record smaller pictures, take fewer cameras or allow more' },
    );
  }
  await mkdir(dirname(options.file), { recursive: true });
  return new FileCache(options.file, totalBytes);
}

const memoryCache: PictureCache = {
  next: (_, decode) => decode(),
  finish: () => undefined,
  close: () => undefined,
};

/** Pictures one after the other in a file, which gets its name when it is whole. */
class FileCache implements PictureCache {
  readonly #path: string;
  /** Whether the file was there before. */
  readonly #isWhole: boolean;
  #isFinished = false;
  readonly #descriptor: number;
  #end = 0;

  constructor(path: string, totalBytes: number) {
    this.#path = path;
    this.#isWhole = existsSync(path) && statSync(path).size === totalBytes;
    if (!this.#isWhole) rmSync(path, { force: true });
    this.#descriptor = this.#isWhole ? openSync(path, 'r') : openSync(`${path}.partial`, 'w+');
  }

  async next(length: number, decode: () => Promise<Uint8Array>): Promise<PictureBytes> {
    const start = this.#end;
    this.#end += length;
    if (!this.#isWhole) writeSync(this.#descriptor, await decode(), 0, length, start);
    return new FilePictures(this.#descriptor, this.#path, start, length);
  }

  finish(): void {
    if (!this.#isWhole) renameSync(`${this.#path}.partial`, this.#path);
    this.#isFinished = true;
  }

  close(): void {
    closeSync(this.#descriptor);
    if (!this.#isFinished) rmSync(`${this.#path}.partial`, { force: true });
  }
}

class FilePictures implements PictureBytes {
  #buffer = new Uint8Array(0);

  constructor(
    private readonly descriptor: number,
    private readonly path: string,
    private readonly start: number,
    readonly length: number,
  ) {}

  subarray(start: number, end: number): Uint8Array {
    if (this.#buffer.length !== end - start) this.#buffer = new Uint8Array(end - start);
    const read = readSync(this.descriptor, this.#buffer, 0, end - start, this.start + start);
    if (read === end - start) return this.#buffer;
    throw new CorruptDataError(`${this.path} ends at byte ${this.start + start + read}, inside a picture`, {
      fix: 'remove it; it is made again',
    });
  }
}
