import type { PlainMessage } from './native.js';

type TypedArray = Uint8Array | Float32Array | Float64Array;

/**
 * A message of a service or an action whose typed arrays do not share their memory with others: rclnodejs sends what stands
 * at the beginning of an array's memory, wherever in it the array lies.
 * @returns the message itself where nothing is to be done
 */
export function withOwnArrays(message: object): PlainMessage {
  return copied(message) as PlainMessage;
}

function copied(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (ArrayBuffer.isView(value)) {
    return value.byteLength === value.buffer.byteLength ? value : (value as TypedArray).slice();
  }
  if (Array.isArray(value)) return typeof value[0] === 'object' ? value.map(copied) : value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, copied(part)]));
}
