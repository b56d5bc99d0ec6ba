import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { CorruptDataError, InputError, UnavailableError } from '@rapport/core';
import { show } from './shapes.js';
import { type ParameterValues, type Shape, sizeOf, type TensorValue } from './tensor.js';

/** What a safetensors file holds. */
export interface TensorFile {
  readonly tensors: Readonly<Record<string, TensorValue>>;
  /** Free text by key. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** The format's own limit on its header, in bytes. */
const MAX_HEADER = 100_000_000;

/** Bytes per element of the types that are read; all become float32. */
const ELEMENT_BYTES: Readonly<Record<string, number>> = { F32: 4, F64: 8, F16: 2, BF16: 2, I64: 8 };

/**
 * Writes float32 tensors as a safetensors file: an 8-byte little-endian header length, a JSON header with type, shape
 * and byte range per tensor, then the data. The file appears whole or not at all.
 * @throws UnavailableError when the file cannot be written
 */
export async function saveTensors(
  path: string,
  tensors: ParameterValues,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await writeFile(temporary, encodeTensors(tensors, metadata));
    await rename(temporary, path);
  } catch (cause) {
    if (cause instanceof InputError) throw cause;
    throw new UnavailableError(`${path} could not be written: ${messageOf(cause)}`, {
      fix: 'check that the folder exists, is writable and has space',
      cause,
    });
  } finally {
    await rm(temporary, { force: true });
  }
}

/**
 * Reads a safetensors file; F64, F16, BF16 and I64 (counters) become float32.
 * @throws UnavailableError when the file cannot be read
 * @throws CorruptDataError naming the file, the tensor, what was found and what was expected
 */
export async function loadTensors(path: string): Promise<TensorFile> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new UnavailableError(`${path} could not be read: ${messageOf(cause)}`, { fix: 'check the path', cause });
  }
  return decodeTensors(bytes, path);
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

/**
 * The bytes of a safetensors file; tensors keep the order of the record.
 * @param counters names of tensors that are written as whole numbers of type I64, and read back as float32
 */
export function encodeTensors(
  tensors: ParameterValues,
  metadata: Readonly<Record<string, string>> = {},
  counters: ReadonlySet<string> = new Set(),
): Uint8Array {
  let offset = 0;
  const entries: [string, unknown][] = [];
  if (Object.keys(metadata).length > 0) entries.push(['__metadata__', metadata]);
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    if (sizeOf(shape) !== data.length) {
      throw new InputError(`tensor "${name}" has ${data.length} values, which do not fill ${show(shape)}`);
    }
    const [dtype, size] = counters.has(name) ? ['I64', 8 * data.length] : ['F32', data.byteLength];
    entries.push([name, { dtype, shape, data_offsets: [offset, offset + size] }]);
    offset += size;
  }
  const json = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  // Spaces fill the header up, so that the data starts at a multiple of eight bytes.
  const headerLength = Math.ceil(json.length / 8) * 8;
  const bytes = Buffer.alloc(8 + headerLength + offset, ' ');
  bytes.writeBigUInt64LE(BigInt(headerLength), 0);
  json.copy(bytes, 8);
  let position = 8 + headerLength;
  for (const [name, { data }] of Object.entries(tensors)) {
    const stored = counters.has(name) ? BigInt64Array.from(data, BigInt) : data;
    bytes.set(new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength), position);
    position += stored.byteLength;
  }
  return bytes;
}

/**
 * Reads the bytes of a safetensors file.
 * @param source what the bytes are called in errors, normally the path
 * @throws CorruptDataError naming the source, the tensor, what was found and what was expected
 */
export function decodeTensors(bytes: Uint8Array, source: string): TensorFile {
  const corrupt = (what: string): CorruptDataError =>
    new CorruptDataError(`${source} is not a valid safetensors file: ${what}`, {
      fix: 'fetch or write the file again',
    });
  if (bytes.length < 8) throw corrupt(`it has ${bytes.length} bytes; expected at least 8`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerLength = Number(view.getBigUint64(0, true));
  if (headerLength > MAX_HEADER || 8 + headerLength > bytes.length) {
    throw corrupt(`its header claims ${headerLength} bytes, and ${bytes.length - 8} follow`);
  }
  const header = parseHeader(bytes.subarray(8, 8 + headerLength));
  if (header === undefined) throw corrupt('its header is not a JSON object');

  const dataStart = 8 + headerLength;
  const metadata: [string, string][] = [];
  const tensors: [string, TensorValue][] = [];
  const ranges: { name: string; begin: number; end: number }[] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') {
      if (!isRecord(entry)) throw corrupt('its __metadata__ is not an object of strings');
      for (const [key, text] of Object.entries(entry)) {
        if (typeof text !== 'string') throw corrupt(`its __metadata__ key "${key}" is not a string`);
        metadata.push([key, text]);
      }
      continue;
    }
    const { dtype, shape, begin, end } = tensorEntry(name, entry, corrupt);
    const size = sizeOf(shape) * ELEMENT_BYTES[dtype]!;
    if (end - begin !== size) {
      throw corrupt(`tensor "${name}" ${dtype} ${show(shape)} has ${end - begin} bytes; expected ${size}`);
    }
    if (dataStart + end > bytes.length) {
      throw corrupt(`tensor "${name}" ends at byte ${dataStart + end}, and the file has ${bytes.length}`);
    }
    ranges.push({ name, begin, end });
    tensors.push([name, { shape, data: readFloats(view, dataStart + begin, sizeOf(shape), dtype) }]);
  }
  requireNoGaps(ranges, bytes.length - dataStart, corrupt);
  return { tensors: Object.fromEntries(tensors), metadata: Object.fromEntries(metadata) };
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return isRecord(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function tensorEntry(
  name: string,
  entry: unknown,
  corrupt: (what: string) => CorruptDataError,
): { dtype: string; shape: Shape; begin: number; end: number } {
  if (!isRecord(entry)) throw corrupt(`the entry of tensor "${name}" is not an object`);
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== 'string' || !Object.hasOwn(ELEMENT_BYTES, dtype)) {
    throw corrupt(
      `tensor "${name}" has element type ${String(dtype)}; expected ${Object.keys(ELEMENT_BYTES).join(', ')}`,
    );
  }
  if (!isSizes(shape)) throw corrupt(`tensor "${name}" has the shape ${JSON.stringify(shape)}; expected sizes`);
  if (!isSizes(offsets) || offsets.length !== 2 || offsets[0]! > offsets[1]!) {
    throw corrupt(`tensor "${name}" has the byte range ${JSON.stringify(offsets)}; expected [begin, end]`);
  }
  return { dtype, shape, begin: offsets[0]!, end: offsets[1]! };
}

/** The format demands that tensors fill the data without overlap or gap: nothing can hide in the file. */
function requireNoGaps(
  ranges: { name: string; begin: number; end: number }[],
  dataLength: number,
  corrupt: (what: string) => CorruptDataError,
): void {
  let expected = 0;
  for (const { name, begin, end } of ranges.sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== expected) throw corrupt(`tensor "${name}" begins at data byte ${begin}; expected ${expected}`);
    expected = end;
  }
  if (expected !== dataLength) throw corrupt(`its tensors hold ${expected} data bytes, and the file has ${dataLength}`);
}

function readFloats(view: DataView, start: number, count: number, dtype: string): Float32Array {
  const bytes = new Uint8Array(view.buffer, view.byteOffset + start, count * ELEMENT_BYTES[dtype]!);
  // A copy, because the data need not lie at a multiple of four bytes.
  if (dtype === 'F32') return new Float32Array(bytes.slice().buffer);
  const out = new Float32Array(count);
  const step = ELEMENT_BYTES[dtype]!;
  for (let index = 0; index < count; index++) out[index] = readFloat(view, start + index * step, dtype);
  return out;
}

function readFloat(view: DataView, at: number, dtype: string): number {
  if (dtype === 'F64') return view.getFloat64(at, true);
  if (dtype === 'I64') return Number(view.getBigInt64(at, true));
  const bits = view.getUint16(at, true);
  return dtype === 'F16' ? halfToNumber(bits) : bfloatToNumber(bits);
}

/** IEEE 754 half precision: sign, five bits of exponent, ten of fraction. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** bfloat16 is the upper half of a float32. */
function bfloatToNumber(bits: number): number {
  return new Float32Array(new Uint32Array([bits << 16]).buffer)[0]!;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}
