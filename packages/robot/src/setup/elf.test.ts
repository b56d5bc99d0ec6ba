import { CorruptDataError } from '@rapport/core';
import { expect, it } from 'vitest';
import { weakenVersionNeed } from './elf.js';

/** An ELF64 file with nothing in it but a section of version needs (one library, two versions) and its strings. */
function elfWithNeeds(versions: readonly string[]): Uint8Array {
  const bytes = new Uint8Array(1024);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
  const [needs, strings, table] = [128, 256, 512];
  view.setBigUint64(40, BigInt(table), true);
  view.setUint16(58, 64, true);
  view.setUint16(60, 3, true);
  section(1, 0x6ffffffe, needs, 2, 1);
  section(2, 3, strings, 0, 0);
  view.setUint16(needs, 1, true);
  view.setUint16(needs + 2, versions.length, true);
  view.setUint32(needs + 8, 16, true);
  let text = 1;
  for (const [index, version] of versions.entries()) {
    const entry = needs + 16 + 16 * index;
    view.setUint32(entry + 8, text, true);
    view.setUint32(entry + 12, index === versions.length - 1 ? 0 : 16, true);
    bytes.set(new TextEncoder().encode(version), strings + text);
    text += version.length + 1;
  }
  return bytes;

  function section(index: number, type: number, offset: number, link: number, info: number): void {
    const at = table + 64 * index;
    view.setUint32(at + 4, type, true);
    view.setBigUint64(at + 24, BigInt(offset), true);
    view.setUint32(at + 40, link, true);
    view.setUint32(at + 44, info, true);
  }
}

it('marks the version that is named as weak, and changes nothing else', () => {
  const bytes = elfWithNeeds(['GLIBC_2.2.5', 'GLIBC_2.38']);
  const before = bytes.slice();
  expect(weakenVersionNeed(bytes, 'GLIBC_2.38')).toBe(1);
  const changed = [...bytes.keys()].filter((index) => bytes[index] !== before[index]);
  // The flags of the second entry: two bytes, four into it.
  expect(changed).toEqual([128 + 16 + 16 + 4]);
  expect(bytes[changed[0]!]).toBe(2);
  expect(weakenVersionNeed(bytes, 'GLIBC_2.99')).toBe(0);
});

it('refuses what is no ELF file of 64 bits', () => {
  expect(() => weakenVersionNeed(new Uint8Array(100), 'GLIBC_2.38')).toThrow(CorruptDataError);
});
