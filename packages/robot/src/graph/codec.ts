import { parse } from '@foxglove/rosmsg';
import { MessageReader } from '@foxglove/rosmsg2-serialization';
import { CorruptDataError } from '@rapport/core';
import { messageDefinition } from './definitions.js';
import { MessageEncoder } from './encoder.js';
import type { Outgoing } from './messages.js';

/**
 * Between plain objects and the bytes on the wire (CDR, little endian, with the four bytes in front that name the
 * encoding). Missing fields are written as zeros or the defaults of the type; numeric arrays are read as typed arrays,
 * 64-bit integers as BigInt. Arrays of a decoded message may be views of its bytes.
 */
export class MessageCodec<T> {
  readonly type: string;
  readonly #reader: MessageReader<T>;
  readonly #encoder: MessageEncoder;

  /** @param definition as `messageDefinition` gives it */
  constructor(type: string, definition: string) {
    const definitions = parse(definition, { ros2: true });
    this.type = type;
    this.#reader = new MessageReader<T>(definitions);
    this.#encoder = new MessageEncoder(definitions);
  }

  /** @throws InputError when an array has a length that its field cannot have */
  encode(message: Outgoing<T>): Buffer {
    return this.#encoder.encode(message);
  }

  /** @throws CorruptDataError when the bytes are too short for the type */
  decode(bytes: Uint8Array): T {
    try {
      return this.#reader.readMessage(bytes);
    } catch (cause) {
      throw new CorruptDataError(`${bytes.length} bytes are no message of type ${this.type}`, { cause });
    }
  }
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
