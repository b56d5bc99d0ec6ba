import { CorruptDataError } from '@rapport/core';

/** Operators of the TFLite schema (`BuiltinOperator`) that a plain convolutional network uses. */
export type TfliteOperatorKind = 'add' | 'conv2d' | 'depthwiseConv2d' | 'dequantize' | 'other';

export interface TfliteTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** Values of a stored float32 or float16 tensor; undefined for what is computed, and for other types. */
  readonly data: Float32Array | undefined;
}

export interface TfliteOperator {
  readonly kind: TfliteOperatorKind;
  /** Indices into `TfliteModel.tensors`; -1 is an operand left out. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** Horizontal and vertical stride of a convolution, 1 elsewhere. */
  readonly stride: number;
  readonly activation: 'none' | 'relu6' | 'other';
  readonly padding: 'same' | 'valid';
}

/** The first subgraph of a TFLite file; operators are in the order in which they run. */
export interface TfliteModel {
  readonly tensors: readonly TfliteTensor[];
  readonly operators: readonly TfliteOperator[];
  readonly inputs: readonly number[];
}

const kinds: Readonly<Record<number, TfliteOperatorKind>> = {
  0: 'add',
  3: 'conv2d',
  4: 'depthwiseConv2d',
  6: 'dequantize',
};

/** Field of an operator's options that holds the activation; 0 in `AddOptions`. */
const activationField: Partial<Record<TfliteOperatorKind, number>> = { conv2d: 3, depthwiseConv2d: 4 };

/**
 * Reads a TFLite file: a flatbuffer whose tables are addressed by field numbers of TensorFlow's `schema.fbs`.
 * @throws CorruptDataError when it is damaged or no TFLite file
 */
export function readTflite(file: Uint8Array, label: string): TfliteModel {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  if (bytes.length < 8 || bytes.toString('latin1', 4, 8) !== 'TFL3') {
    throw new CorruptDataError(`${label} is no TFLite file`, { fix: 'fetch the file again' });
  }
  try {
    return readModel(bytes);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new CorruptDataError(`${label} is damaged: an offset points behind its end`, {
      fix: 'fetch the file again',
      cause,
    });
  }
}

function readModel(bytes: Buffer): TfliteModel {
  const model = new Table(bytes, bytes.readInt32LE(0));
  const codes = model.tables(1).map((code) => Math.max(code.uint8(0), code.int32(3)));
  const graph = model.tables(2)[0];
  if (graph === undefined) throw new RangeError('no subgraph');
  const buffers = model.tables(4);
  const tensors = graph.tables(0).map((tensor): TfliteTensor => {
    const stored = buffers[tensor.int32(2)]?.byteVector(0);
    return { name: tensor.text(3), shape: tensor.int32s(0), data: decode(stored, tensor.uint8(1)) };
  });
  const operators = graph.tables(3).map((operator): TfliteOperator => {
    const kind = kinds[codes[operator.int32(0)]!] ?? 'other';
    const options = operator.table(4);
    const isConvolution = kind === 'conv2d' || kind === 'depthwiseConv2d';
    const activation = options?.uint8(activationField[kind] ?? 0) ?? 0;
    return {
      kind,
      inputs: operator.int32s(1),
      outputs: operator.int32s(2),
      stride: isConvolution ? (options?.int32(1) ?? 1) : 1,
      activation: kind === 'dequantize' || activation === 0 ? 'none' : activation === 3 ? 'relu6' : 'other',
      padding: isConvolution && options?.uint8(0) === 1 ? 'valid' : 'same',
    };
  });
  return { tensors, operators, inputs: graph.int32s(1) };
}

/** TensorType 0 is float32, 1 is float16. */
function decode(stored: Buffer | undefined, type: number): Float32Array | undefined {
  if (stored === undefined || stored.length === 0 || type > 1) return undefined;
  const data = new Float32Array(stored.length / (type === 0 ? 4 : 2));
  for (let index = 0; index < data.length; index++) {
    data[index] = type === 0 ? stored.readFloatLE(index * 4) : halves[stored.readUInt16LE(index * 2)]!;
  }
  return data;
}

/** The number of every IEEE 754 half-precision bit pattern. */
const halves = Float32Array.from({ length: 65_536 }, (_, bits) => {
  const sign = bits >> 15 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
});

/** A flatbuffer table; fields that are absent have the value 0 or are empty. */
class Table {
  readonly #bytes: Buffer;
  readonly #start: number;

  constructor(bytes: Buffer, start: number) {
    this.#bytes = bytes;
    this.#start = start;
  }

  uint8(field: number): number {
    const at = this.#field(field);
    return at === undefined ? 0 : this.#bytes.readUInt8(at);
  }

  int32(field: number): number {
    const at = this.#field(field);
    return at === undefined ? 0 : this.#bytes.readInt32LE(at);
  }

  table(field: number): Table | undefined {
    const at = this.#field(field);
    return at === undefined ? undefined : new Table(this.#bytes, this.#follow(at));
  }

  tables(field: number): Table[] {
    return this.#entries(field).map((at) => new Table(this.#bytes, this.#follow(at)));
  }

  int32s(field: number): number[] {
    return this.#entries(field).map((at) => this.#bytes.readInt32LE(at));
  }

  byteVector(field: number): Buffer {
    const [start, length] = this.#vector(field);
    if (start + length > this.#bytes.length) throw new RangeError('vector behind the end');
    return this.#bytes.subarray(start, start + length);
  }

  text(field: number): string {
    return this.byteVector(field).toString('utf8');
  }

  /** Where the field's value is, looked up in the table's list of offsets. */
  #field(field: number): number | undefined {
    const offsets = this.#start - this.#bytes.readInt32LE(this.#start);
    const entry = 4 + 2 * field;
    const offset = entry < this.#bytes.readUInt16LE(offsets) ? this.#bytes.readUInt16LE(offsets + entry) : 0;
    return offset === 0 ? undefined : this.#start + offset;
  }

  #follow(at: number): number {
    return at + this.#bytes.readInt32LE(at);
  }

  /** Where a vector's elements start, and how many there are. */
  #vector(field: number): [start: number, length: number] {
    const at = this.#field(field);
    if (at === undefined) return [0, 0];
    const vector = this.#follow(at);
    return [vector + 4, this.#bytes.readInt32LE(vector)];
  }

  /** Where the elements of a vector of 4-byte elements are. */
  #entries(field: number): number[] {
    const [start, length] = this.#vector(field);
    if (length < 0 || start + 4 * length > this.#bytes.length) throw new RangeError('vector behind the end');
    return Array.from({ length }, (_, index) => start + 4 * index);
  }
}
