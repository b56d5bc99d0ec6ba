import { parseRos2idl } from '@foxglove/ros2idl-parser';
import { parse as parseMessageText } from '@foxglove/rosmsg';
import { MessageReader } from '@foxglove/rosmsg2-serialization';
import { CorruptDataError, InputError } from '@rapport/core';
import type { BagTopic } from './read-bag.js';

/** A decoded message: plain objects, numeric arrays as typed arrays, 64-bit integers as BigInt. */
export type DecodedMessage = Readonly<Record<string, unknown>>;

/**
 * Makes the decoder of a topic from the definition that its bag carries.
 * @throws InputError when the bag has none that can be read, naming topic and type
 */
export function topicDecoder(topic: BagTopic): (data: Uint8Array) => DecodedMessage {
  const { name, type, schemaEncoding, serializationFormat } = topic;
  if (serializationFormat !== 'cdr') {
    throw new InputError(`topic ${name} is encoded as "${serializationFormat}"; only cdr can be decoded`);
  }
  const reader = new MessageReader<DecodedMessage>(definitionsOf(topic));
  return (data) => {
    try {
      return reader.readMessage(data);
    } catch (cause) {
      throw new CorruptDataError(`topic ${name} has ${data.length} bytes that are no ${type} (${schemaEncoding})`, {
        cause,
      });
    }
  };
}

function definitionsOf({ name, type, schemaEncoding, definition }: BagTopic): ReturnType<typeof parseMessageText> {
  const text = Buffer.from(definition).toString('utf8');
  try {
    if (schemaEncoding === 'ros2msg' && text !== '') return parseMessageText(text, { ros2: true });
    if (schemaEncoding === 'ros2idl' && text !== '') {
      const definitions = parseRos2idl(text);
      // The reader takes the first as the message itself.
      const own = definitions.find((candidate) => candidate.name === type);
      if (own !== undefined) return [own, ...definitions.filter((candidate) => candidate !== own)];
    }
  } catch (cause) {
    throw new InputError(`the definition of ${type} that topic ${name} carries cannot be read`, { cause });
  }
  throw new InputError(`topic ${name} carries no definition of ${type || 'its type'} (${schemaEncoding || 'none'})`, {
    fix: 'record the bag again with its definitions, or leave the topic out of the mapping',
  });
}
