import { CorruptDataError } from '@rapport/core';

/** Section type of version needs (SHT_GNU_verneed), and the flag of a need that may go unmet (VER_FLG_WEAK). */
const VERNEED_SECTION = 0x6ffffffe;
const WEAK = 2;

/**
 * Marks needs of a symbol version as weak, so that an older C library without that version loads the file. Safe only when
 * no symbol of the file still asks for the version.
 *
 * Layout of ELF64 files and of version needs: System V ABI, and the Linux Standard Base, "Symbol Versioning".
 * @param bytes an ELF64 file, little endian; changed in place
 * @param version for example `GLIBC_2.38`
 * @returns how many needs were marked
 * @throws CorruptDataError when it is no such file
 */
export function weakenVersionNeed(bytes: Uint8Array, version: string): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isElf64 = bytes.length > 64 && view.getUint32(0) === 0x7f454c46 && bytes[4] === 2 && bytes[5] === 1;
  if (!isElf64) throw new CorruptDataError('expected a 64-bit little-endian ELF file');
  const sections = readSections(view);
  let marked = 0;
  for (const need of sections.filter(({ type }) => type === VERNEED_SECTION)) {
    const strings = sections[need.link]!.offset;
    let file = need.offset;
    for (let left = need.info; left > 0; left--) {
      const versions = view.getUint16(file + 2, true);
      let entry = file + view.getUint32(file + 8, true);
      for (let index = 0; index < versions; index++) {
        if (readName(bytes, strings + view.getUint32(entry + 8, true)) === version) {
          view.setUint16(entry + 4, view.getUint16(entry + 4, true) | WEAK, true);
          marked += 1;
        }
        entry += view.getUint32(entry + 12, true);
      }
      file += view.getUint32(file + 12, true);
    }
  }
  return marked;
}

interface Section {
  readonly type: number;
  readonly offset: number;
  /** Number of the section that holds the strings. */
  readonly link: number;
  /** Number of files that versions are needed of. */
  readonly info: number;
}

function readSections(view: DataView): Section[] {
  const table = Number(view.getBigUint64(40, true));
  const size = view.getUint16(58, true);
  return Array.from({ length: view.getUint16(60, true) }, (_, index) => {
    const at = table + index * size;
    return {
      type: view.getUint32(at + 4, true),
      offset: Number(view.getBigUint64(at + 24, true)),
      link: view.getUint32(at + 40, true),
      info: view.getUint32(at + 44, true),
    };
  });
}

function readName(bytes: Uint8Array, start: number): string {
  return new TextDecoder().decode(bytes.subarray(start, bytes.indexOf(0, start)));
}
