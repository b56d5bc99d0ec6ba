import { parse } from '@foxglove/rosmsg';
import { MessageReader, MessageWriter } from '@foxglove/rosmsg2-serialization';
import { CorruptDataError } from '@rapport/core';
import { messageDefinition } from './definitions.js';
import type { Outgoing } from './messages.js';

type Definition = ReturnType<typeof parse>[number];

/**
 * Between plain objects and the bytes on the wire (CDR, little endian, with the four bytes in front that name the
 * encoding). Missing fields are written as zeros or the defaults of the type; numeric arrays are read as typed arrays,
 * 64-bit integers as BigInt. Arrays of a decoded message may be views of its bytes.
 */
export class MessageCodec<T> {
  readonly type: string;
  readonly #reader: MessageReader<T>;
  readonly #writer: MessageWriter;
  readonly #definitions: ReadonlyMap<string, Definition>;
  readonly #root: Definition;
  /** Definitions that hold text, themselves or in their parts. */
  readonly #textual = new Set<Definition>();

  /** @param definition as `messageDefinition` gives it */
  constructor(type: string, definition: string) {
    const definitions = parse(definition, { ros2: true });
    this.type = type;
    this.#reader = new MessageReader<T>(definitions);
    this.#writer = new MessageWriter(definitions);
    this.#definitions = new Map(definitions.map((part) => [part.name ?? '', part]));
    this.#root = definitions[0]!;
    this.#findText(this.#root);
  }

  /** Whether every string is ASCII; the writer counts characters where it should count bytes, and cuts others off. */
  canEncode(message: Outgoing<T>): boolean {
    return this.#isAscii(this.#root, message);
  }

  encode(message: Outgoing<T>): Buffer {
    const bytes = this.#writer.writeMessage(message);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** @throws CorruptDataError when the bytes are too short for the type */
  decode(bytes: Uint8Array): T {
    try {
      return this.#reader.readMessage(bytes);
    } catch (cause) {
      throw new CorruptDataError(`${bytes.length} bytes are no message of type ${this.type}`, { cause });
    }
  }

  #isAscii(definition: Definition, value: unknown): boolean {
    if (!this.#textual.has(definition)) return true;
    const record = (value ?? {}) as Readonly<Record<string, unknown>>;
    for (const { name, type, isArray, isComplex, isConstant } of definition.definitions) {
      const field = record[name];
      if (isConstant === true || field === undefined || (type !== 'string' && isComplex !== true)) continue;
      const values = isArray === true ? (field as readonly unknown[]) : [field];
      const part = isComplex === true ? this.#definitions.get(type) : undefined;
      for (const one of values) {
        if (part === undefined ? !isAsciiText(String(one)) : !this.#isAscii(part, one)) return false;
      }
    }
    return true;
  }

  #findText(definition: Definition): boolean {
    let found = false;
    for (const { type, isComplex, isConstant } of definition.definitions) {
      const part = isComplex === true ? this.#definitions.get(type) : undefined;
      if (part === undefined ? type === 'string' && isConstant !== true : this.#findText(part)) found = true;
    }
    if (found) this.#textual.add(definition);
    return found;
  }
}

function isAsciiText(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    if (text.charCodeAt(index) > 127) return false;
  }
  return true;
}

const codecs = new Map<string, unknown>();

/**
 * The codec of a message type of the installed packages, made once per process.
 * @throws InputError when there is no such type
 */
export function messageCodec<T>(type: string): MessageCodec<T> {
  let codec = codecs.get(type) as MessageCodec<T> | undefined;
  if (codec === undefined) {
    codec = new MessageCodec<T>(type, messageDefinition(type));
    codecs.set(type, codec);
  }
  return codec;
}
