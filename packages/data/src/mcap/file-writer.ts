import { type FileHandle, open } from 'node:fs/promises';
import { McapWriter } from '@mcap/core';
import { compressor } from './compression.js';

export interface McapFileOptions {
  /** Profile of the header, for example `ros2`. */
  readonly profile: string;
  readonly compression: 'zstd' | 'none';
  /** Uncompressed bytes after which a chunk is closed; 768 KiB, as rosbag2 has it, when absent. */
  readonly chunkSize?: number;
}

const CHUNK_SIZE = 768 * 1024;
const BUFFER_SIZE = 1 << 20;

/** A file that an `McapWriter` writes to; small writes are gathered. */
class BufferedFile {
  readonly #handle: FileHandle;
  readonly #buffer = new Uint8Array(BUFFER_SIZE);
  #held = 0;
  #written = 0;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  position(): bigint {
    return BigInt(this.#written + this.#held);
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#held + bytes.length > BUFFER_SIZE) await this.flush();
    if (bytes.length > BUFFER_SIZE) return this.#writeThrough(bytes);
    this.#buffer.set(bytes, this.#held);
    this.#held += bytes.length;
  }

  async flush(): Promise<void> {
    await this.#writeThrough(this.#buffer.subarray(0, this.#held));
    this.#held = 0;
  }

  async #writeThrough(bytes: Uint8Array): Promise<void> {
    let done = 0;
    while (done < bytes.length) done += (await this.#handle.write(bytes, done)).bytesWritten;
    this.#written += bytes.length;
  }

  async close(): Promise<void> {
    await this.flush();
    await this.#handle.sync();
    await this.#handle.close();
  }

  async abandon(): Promise<void> {
    await this.#handle.close();
  }
}

/** An MCAP file that is being written. */
export interface McapFile {
  readonly writer: McapWriter;
  /** Writes the index and the end, and makes the file durable. */
  close(): Promise<void>;
  /** Lets go of the file as it is. */
  abandon(): Promise<void>;
}

/** Creates an MCAP file with chunks, their index and a summary. An existing file is replaced. */
export async function createMcapFile(path: string, options: McapFileOptions): Promise<McapFile> {
  const file = new BufferedFile(await open(path, 'w'));
  const writer = new McapWriter({
    writable: file,
    chunkSize: options.chunkSize ?? CHUNK_SIZE,
    compressChunk: await compressor(options.compression),
  });
  await writer.start({ profile: options.profile, library: 'rapport' });
  return {
    writer,
    close: async () => {
      await writer.end();
      await file.close();
    },
    abandon: () => file.abandon(),
  };
}
