import { type FileHandle, open } from 'node:fs/promises';
import { InputError } from '@rapport/core';

const WINDOW = 1 << 20;

/** Reads a file front to back through one window, so that small records do not cost a system call each. */
export class ByteSource {
  readonly size: number;
  readonly #handle: FileHandle;
  #window: Uint8Array = new Uint8Array(0);
  #start = 0;

  private constructor(handle: FileHandle, size: number) {
    this.#handle = handle;
    this.size = size;
  }

  /** @throws InputError when there is no such file */
  static async open(path: string): Promise<ByteSource> {
    try {
      const handle = await open(path, 'r');
      return new ByteSource(handle, (await handle.stat()).size);
    } catch (cause) {
      throw new InputError(`${path} cannot be opened`, { fix: 'check the path', cause });
    }
  }

  /** Bytes from `offset`; fewer than `length` at the end of the file. A view until the next call. */
  async read(offset: number, length: number): Promise<Uint8Array> {
    const place = offset - this.#start;
    if (place < 0 || place + length > this.#window.length) await this.#fill(offset, Math.max(length, WINDOW));
    const begin = offset - this.#start;
    return this.#window.subarray(begin, begin + length);
  }

  async #fill(offset: number, length: number): Promise<void> {
    const wanted = Math.max(0, Math.min(length, this.size - offset));
    const window = new Uint8Array(wanted);
    let filled = 0;
    while (filled < wanted) {
      const { bytesRead } = await this.#handle.read(window, filled, wanted - filled, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    this.#window = window.subarray(0, filled);
    this.#start = offset;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}
