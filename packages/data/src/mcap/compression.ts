import lz4 from '@foxglove/wasm-lz4';
import zstd from '@foxglove/wasm-zstd';
import type { McapTypes } from '@mcap/core';

/** How chunks are decompressed, by the name of their compression: the two that MCAP's registry names. */
export async function decompressors(): Promise<McapTypes.DecompressHandlers> {
  await Promise.all([lz4.isLoaded, zstd.isLoaded]);
  // The results are views of the memory of WebAssembly, which the next call overwrites.
  return {
    lz4: (bytes, size) => Uint8Array.from(lz4(bytes, Number(size))),
    zstd: (bytes, size) => Uint8Array.from(zstd.decompress(bytes, Number(size))),
  };
}

/** Zstandard's level for chunks: its fastest regular one, as in rosbag2's preset `zstd_fast`. */
const ZSTD_LEVEL = 1;

/** Compresses chunks as Zstandard, or leaves them as they are. */
export async function compressor(
  compression: 'zstd' | 'none',
): Promise<(chunk: Uint8Array) => { compression: string; compressedData: Uint8Array }> {
  if (compression === 'none') return (chunk) => ({ compression: '', compressedData: chunk });
  await zstd.isLoaded;
  return (chunk) => ({ compression, compressedData: Uint8Array.from(zstd.compress(chunk, ZSTD_LEVEL)) });
}
