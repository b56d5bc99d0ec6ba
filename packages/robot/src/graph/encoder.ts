import { CdrWriter } from '@foxglove/cdr';
import type { parse } from '@foxglove/rosmsg';
import { InputError } from '@rapport/core';

type Definition = ReturnType<typeof parse>[number];
type Field = Definition['definitions'][number];

/** What is written of one value of a primitive type. */
const writers: Readonly<Record<string, (writer: CdrWriter, value: unknown) => void>> = {
  bool: (writer, value) => writer.uint8(value ? 1 : 0),
  int8: (writer, value) => writer.int8(Number(value)),
  uint8: (writer, value) => writer.uint8(Number(value)),
  int16: (writer, value) => writer.int16(Number(value)),
  uint16: (writer, value) => writer.uint16(Number(value)),
  int32: (writer, value) => writer.int32(Number(value)),
  uint32: (writer, value) => writer.uint32(Number(value)),
  int64: (writer, value) => writer.int64(BigInt(value as bigint)),
  uint64: (writer, value) => writer.uint64(BigInt(value as bigint)),
  float32: (writer, value) => writer.float32(Number(value)),
  float64: (writer, value) => writer.float64(Number(value)),
  string: (writer, value) => writeText(writer, String(value)),
  time: (writer, value) => writeTime(writer, value as { sec?: number; nanosec?: number }),
  duration: (writer, value) => writeTime(writer, value as { sec?: number; nanosec?: number }),
};

/** Typed arrays that are copied as they are. */
const copied: Readonly<Record<string, (writer: CdrWriter, values: unknown) => boolean>> = {
  uint8: (writer, values) => values instanceof Uint8Array && Boolean(writer.uint8Array(values)),
  float32: (writer, values) => values instanceof Float32Array && Boolean(writer.float32Array(values)),
  float64: (writer, values) => values instanceof Float64Array && Boolean(writer.float64Array(values)),
};

/**
 * Writes messages as CDR. `@foxglove/cdr` does the layout; its companion that walks through messages is not used, because
 * it cuts text beyond ASCII and drops arrays of another kind than the field's.
 */
export class MessageEncoder {
  readonly #root: Definition;
  readonly #definitions: ReadonlyMap<string, Definition>;
  /** Bytes of the last message: the next one is likely to be as long. */
  #size = 64;

  /** @param definitions the message's own first, then those of its parts */
  constructor(definitions: readonly Definition[]) {
    this.#root = definitions[0]!;
    this.#definitions = new Map(definitions.map((definition) => [definition.name ?? '', definition]));
  }

  /** @throws InputError when an array has a length that its field cannot have */
  encode(message: unknown): Buffer {
    const writer = new CdrWriter({ size: this.#size });
    this.#write(writer, this.#root, message);
    const bytes = writer.data;
    this.#size = bytes.length;
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  #write(writer: CdrWriter, definition: Definition, message: unknown): void {
    const record = (message ?? {}) as Readonly<Record<string, unknown>>;
    let empty = true;
    for (const field of definition.definitions) {
      if (field.isConstant === true) continue;
      empty = false;
      const value = record[field.name];
      if (field.isArray === true) this.#writeArray(writer, field, value);
      else this.#writeValue(writer, field, value ?? field.defaultValue);
    }
    // A structure without members has one byte on the wire.
    if (empty) writer.uint8(0);
  }

  #writeArray(writer: CdrWriter, field: Field, value: unknown): void {
    const values = (value ?? field.defaultValue ?? []) as ArrayLike<unknown>;
    const { arrayLength, arrayUpperBound, type } = field;
    const filled = arrayLength !== undefined && values.length === 0;
    if (arrayLength !== undefined && !filled && values.length !== arrayLength) {
      throw new InputError(`field ${field.name} has ${values.length} items; expected ${arrayLength}`);
    }
    if (arrayUpperBound !== undefined && values.length > arrayUpperBound) {
      throw new InputError(`field ${field.name} has ${values.length} items; expected at most ${arrayUpperBound}`);
    }
    if (arrayLength === undefined) writer.sequenceLength(values.length);
    if (field.isComplex !== true && !filled && copied[type]?.(writer, values) === true) return;
    const length = arrayLength ?? values.length;
    for (let index = 0; index < length; index++) this.#writeValue(writer, field, values[index]);
  }

  #writeValue(writer: CdrWriter, { name, type, isComplex }: Field, value: unknown): void {
    if (isComplex === true) {
      this.#write(writer, this.#definitions.get(type)!, value);
      return;
    }
    const write = writers[type];
    if (write === undefined) throw new InputError(`field ${name} is of type ${type}, which cannot be written`);
    write(writer, value ?? (type === 'string' ? '' : type === 'time' || type === 'duration' ? {} : 0));
  }
}

function writeText(writer: CdrWriter, text: string): void {
  if (isAscii(text)) {
    writer.string(text);
    return;
  }
  // The library counts characters where bytes are meant.
  const bytes = new TextEncoder().encode(text);
  writer.uint32(bytes.length + 1);
  writer.uint8Array(bytes);
  writer.uint8(0);
}

function writeTime(writer: CdrWriter, { sec = 0, nanosec = 0 }: { sec?: number; nanosec?: number }): void {
  writer.int32(sec);
  writer.uint32(nanosec);
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    if (text.charCodeAt(index) > 127) return false;
  }
  return true;
}
