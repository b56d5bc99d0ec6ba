import { open } from 'node:fs/promises';

/** What the index of an MP4 file says about its video track. */
export interface Mp4VideoTrack {
  readonly width: number;
  readonly height: number;
  /** Coded pictures. */
  readonly frames: number;
  /** Length of the track in seconds. */
  readonly durationS: number;
  /** True when every picture lasts equally long. */
  readonly constantRate: boolean;
}

/**
 * Reads the sample tables of an MP4 file (ISO/IEC 14496-12, section 8.6), without decoding anything.
 * @returns undefined when the file is not MP4, is cut off before its index, or has no video track
 */
export async function readMp4VideoTrack(path: string): Promise<Mp4VideoTrack | undefined> {
  const movie = await readTopLevelBox(path, 'moov');
  if (movie === undefined) return undefined;
  for (const track of boxes(movie, 'trak')) {
    const media = firstBox(track, ['mdia']);
    const handler = media && firstBox(media, ['hdlr']);
    if (!media || !handler || text(handler, 8) !== 'vide') continue;
    const header = firstBox(media, ['mdhd']);
    const samples = firstBox(media, ['minf', 'stbl']);
    const entry = samples && firstBox(samples, ['stsd']);
    const sizes = samples && firstBox(samples, ['stsz']);
    const times = samples && firstBox(samples, ['stts']);
    if (!header || !entry || !sizes || !times) return undefined;
    const timescale = header.getUint32(header.getUint8(0) === 1 ? 20 : 12);
    const { ticks, distinct } = sampleTimes(times);
    return {
      // stsd: version 4, count 4, then the first entry, whose width and height lie at 32 and 34 (8.5.2, 12.1.3).
      width: entry.getUint16(8 + 32),
      height: entry.getUint16(8 + 34),
      frames: sizes.getUint32(8),
      durationS: ticks / timescale,
      constantRate: distinct <= 1,
    };
  }
  return undefined;
}

function sampleTimes(times: DataView): { ticks: number; distinct: number } {
  const durations = new Set<number>();
  let ticks = 0;
  for (let run = 0; run < times.getUint32(4); run++) {
    const count = times.getUint32(8 + run * 8);
    const duration = times.getUint32(12 + run * 8);
    ticks += count * duration;
    durations.add(duration);
  }
  return { ticks, distinct: durations.size };
}

/** Finds a top-level box by reading box headers only, so that the pictures are never loaded. */
async function readTopLevelBox(path: string, type: string): Promise<DataView | undefined> {
  const handle = await open(path, 'r');
  try {
    const { size: fileSize } = await handle.stat();
    const header = Buffer.alloc(16);
    for (let position = 0; position + 8 <= fileSize; ) {
      await handle.read(header, 0, 16, position);
      const short = header.readUInt32BE(0);
      const headerSize = short === 1 ? 16 : 8;
      const size = short === 1 ? Number(header.readBigUInt64BE(8)) : short === 0 ? fileSize - position : short;
      if (size < headerSize || position + size > fileSize) return undefined;
      if (header.toString('latin1', 4, 8) === type) {
        const body = new Uint8Array(size - headerSize);
        await handle.read(body, 0, body.length, position + headerSize);
        return new DataView(body.buffer);
      }
      position += size;
    }
    return undefined;
  } finally {
    await handle.close();
  }
}

/** The bodies of the boxes of a type directly inside a box. */
function boxes(parent: DataView, type: string): DataView[] {
  const found: DataView[] = [];
  for (let position = 0; position + 8 <= parent.byteLength; ) {
    const size = parent.getUint32(position);
    if (size < 8 || position + size > parent.byteLength) break;
    if (text(parent, position + 4) === type) {
      found.push(new DataView(parent.buffer, parent.byteOffset + position + 8, size - 8));
    }
    position += size;
  }
  return found;
}

function firstBox(parent: DataView, path: readonly string[]): DataView | undefined {
  let current: DataView | undefined = parent;
  for (const type of path) current = current && boxes(current, type)[0];
  return current;
}

function text(view: DataView, position: number): string {
  return String.fromCharCode(...[0, 1, 2, 3].map((offset) => view.getUint8(position + offset)));
}
