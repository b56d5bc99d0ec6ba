import { CorruptDataError } from '@rapport/core';
import { PickleGlobal, type PickleHost, PickleObject, type PickleValue, readPickle } from './pickle.js';

/** A tensor out of a weight file, row-major. */
export interface NamedTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** A block of numbers that tensors are views of; `bytes` is filled in when the data section is read. */
export class Storage {
  readonly type: string;
  readonly length: number;
  bytes: Buffer = Buffer.alloc(0);
  constructor(type: string, length: number) {
    this.type = type;
    this.length = length;
  }
}

export class TensorView {
  readonly storage: Storage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  constructor(storage: Storage, offset: number, shape: readonly number[], strides: readonly number[]) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

const magicNumber = 0x1950a86a20f9469cfc6cn;
const protocolVersion = 1001;
/** Size of the elements of a storage, by the name of its class. */
export const bytesPerNumber: Readonly<Record<string, number>> = { FloatStorage: 4, LongStorage: 8 };

/**
 * Reads the float32 tensors of a state dict in PyTorch's older file layout (magic number, protocol version, system
 * information, object, storage keys: five pickles; then the storages). Strides are honoured: a tensor stored permuted
 * comes out row-major. Tensors of other types (counters) are left out.
 * @throws CorruptDataError when the file is damaged, of another layout, or holds anything but tensors
 */
export function readTorchTensors(file: Uint8Array, label: string): Map<string, NamedTensor> {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const storages = new Map<string, Storage>();
  const host: PickleHost = { globals: allowedNames(label), persistent: storageReader(storages, label) };

  const plain: PickleHost = { globals: {} };
  const [magic, afterMagic] = readPickle(bytes, 0, plain, label);
  if (magic !== magicNumber) fail(label, 'is not a PyTorch file of the older layout');
  const [version, afterVersion] = readPickle(bytes, afterMagic, plain, label);
  if (version !== protocolVersion) fail(label, `has protocol version ${version}; expected ${protocolVersion}`);
  const [, afterSystem] = readPickle(bytes, afterVersion, plain, label);
  const [stateDict, afterObject] = readPickle(bytes, afterSystem, host, label);
  const [keys, afterKeys] = readPickle(bytes, afterObject, plain, label);

  readStorages(bytes, afterKeys, keys, storages, label);
  return floatTensors(stateDict, label);
}

/**
 * Reads `('storage', type, key, place, length)`; the same key means the same storage, which `storages` then holds, still
 * without bytes.
 */
export function storageReader(storages: Map<string, Storage>, label: string): (id: PickleValue) => PickleObject {
  return (id) => {
    const [kind, type, key, , length] = Array.isArray(id) ? id : [];
    if (
      kind !== 'storage' ||
      !(type instanceof PickleGlobal) ||
      typeof key !== 'string' ||
      typeof length !== 'number'
    ) {
      return fail(label, 'holds a reference that is not a storage');
    }
    const known = storages.get(key) ?? new Storage(type.name.replace('torch.', ''), length);
    storages.set(key, known);
    return new PickleObject(known);
  };
}

/** The names that tensors in dictionaries need. */
export function allowedNames(label: string): PickleHost['globals'] {
  return {
    'collections.OrderedDict': () => new Map(),
    'torch._utils._rebuild_tensor_v2': ([storage, offset, shape, strides]) => {
      const isSound = storage instanceof PickleObject && storage.value instanceof Storage && typeof offset === 'number';
      if (!isSound || !areSizes(shape) || !areSizes(strides) || shape.length !== strides.length) {
        return fail(label, 'holds a tensor that is not built from storage, offset, shape and strides');
      }
      return new PickleObject(new TensorView(storage.value, offset, shape, strides));
    },
    'torch.FloatStorage': 'name only',
    'torch.LongStorage': 'name only',
  };
}

function areSizes(value: PickleValue | undefined): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isInteger(size) && (size as number) >= 0);
}

/** The data section: for each key, in order, the number of elements (int64) and the elements. */
function readStorages(
  bytes: Buffer,
  start: number,
  keys: PickleValue,
  storages: ReadonlyMap<string, Storage>,
  label: string,
): void {
  let position = start;
  for (const key of Array.isArray(keys) ? keys : fail(label, 'holds no list of storages')) {
    const storage = storages.get(String(key)) ?? fail(label, `holds storage ${key}, which no tensor uses`);
    const size =
      storage.length * (bytesPerNumber[storage.type] ?? fail(label, `holds storages of type ${storage.type}`));
    if (position + 8 + size > bytes.length) fail(label, `ends inside storage ${key}`);
    if (Number(bytes.readBigInt64LE(position)) !== storage.length) fail(label, `has a wrong length of storage ${key}`);
    storage.bytes = bytes.subarray(position + 8, position + 8 + size);
    position += 8 + size;
  }
}

/** The float32 tensors of a state dict, row-major. */
export function floatTensors(stateDict: PickleValue, label: string): Map<string, NamedTensor> {
  if (!(stateDict instanceof Map)) fail(label, 'holds no state dict');
  const tensors = new Map<string, NamedTensor>();
  for (const [name, entry] of stateDict) {
    const view = entry instanceof PickleObject ? entry.value : undefined;
    if (typeof name !== 'string' || !(view instanceof TensorView)) return fail(label, `entry ${name} is not a tensor`);
    if (view.storage.type === 'FloatStorage')
      tensors.set(name, { shape: view.shape, data: rowMajor(view, name, label) });
  }
  return tensors;
}

/** Copies a strided view into a row-major array. */
function rowMajor({ storage, offset, shape, strides }: TensorView, name: string, label: string): Float32Array {
  const count = shape.reduce((product, size) => product * size, 1);
  const last = shape.reduce((sum, size, axis) => sum + Math.max(0, size - 1) * strides[axis]!, offset);
  if (count > 0 && last >= storage.bytes.length / 4) fail(label, `tensor ${name} reaches behind its storage`);
  const data = new Float32Array(count);
  const index = shape.map(() => 0);
  let source = offset;
  for (let target = 0; target < count; target++) {
    data[target] = storage.bytes.readFloatLE(4 * source);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      source += strides[axis]!;
      index[axis]! += 1;
      if (index[axis]! < shape[axis]!) break;
      source -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return data;
}

function fail(label: string, what: string): never {
  throw new CorruptDataError(`${label} ${what}`, { fix: 'fetch the file again' });
}
