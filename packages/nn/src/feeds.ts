import { InputError } from '@rapport/core';
import type { RuntimeValue } from './runtime.js';
import { show } from './shapes.js';
import { type DataType, sizeOf, type TensorData, type TensorOf } from './tensor.js';

/** What is fed on a call: flat row-major data by input name. */
export type Batch = Readonly<Record<string, TensorData>>;

const ARRAY_TYPES: Readonly<Record<DataType, { readonly name: string; holds(data: TensorData): boolean }>> = {
  float32: { name: 'Float32Array', holds: (data) => data instanceof Float32Array },
  int32: { name: 'Int32Array', holds: (data) => data instanceof Int32Array },
  int64: { name: 'BigInt64Array', holds: (data) => data instanceof BigInt64Array },
  bool: { name: 'Uint8Array', holds: (data) => data instanceof Uint8Array },
  uint8: { name: 'Uint8Array', holds: (data) => data instanceof Uint8Array },
};

/**
 * Checks a batch against the inputs of a graph and names their types and shapes.
 * @throws InputError for a missing input, another array type or another length
 */
export function batchFeeds(inputs: readonly TensorOf<'input'>[], batch: Batch): Record<string, RuntimeValue> {
  const feeds: Record<string, RuntimeValue> = {};
  for (const { attributes, shape, dtype } of inputs) {
    const data = batch[attributes.name];
    if (data === undefined) throw new InputError(`input "${attributes.name}" ${show(shape)} was not fed`);
    const expected = ARRAY_TYPES[dtype];
    if (!expected.holds(data) || data.length !== sizeOf(shape)) {
      throw new InputError(
        `input "${attributes.name}" was fed ${data.length} elements in a ${data.constructor.name}; expected ${sizeOf(shape)} in a ${expected.name} for shape ${show(shape)}`,
      );
    }
    feeds[attributes.name] = { dtype, shape, data };
  }
  return feeds;
}
