import { CorruptDataError, InputError } from '@rapport/core';
import { halfToNumber } from '../safetensors.js';
import { show } from '../shapes.js';
import { constant, makeTensor, sizeOf, type Tensor, type TensorData } from '../tensor.js';
import { ELEMENT_TYPE, type OnnxTensor } from './proto.js';

const BYTES_PER_ELEMENT: ReadonlyMap<number, number> = new Map([
  [ELEMENT_TYPE.float32, 4],
  [ELEMENT_TYPE.float64, 8],
  [ELEMENT_TYPE.float16, 2],
  [ELEMENT_TYPE.int32, 4],
  [ELEMENT_TYPE.int64, 8],
  [ELEMENT_TYPE.uint8, 1],
  [ELEMENT_TYPE.bool, 1],
]);

/** Whether a stored tensor is of a float type; those become float32. */
export function isFloat({ data_type }: OnnxTensor): boolean {
  return data_type === ELEMENT_TYPE.float32 || data_type === ELEMENT_TYPE.float64 || data_type === ELEMENT_TYPE.float16;
}

/** A stored tensor as a constant node. */
export function constantOf(tensor: OnnxTensor): Tensor {
  const data = readData(tensor);
  const dtype = tensor.data_type === ELEMENT_TYPE.bool ? 'bool' : constant(data).dtype;
  return makeTensor('constant', [], { data, shape: tensor.dims, dtype });
}

/**
 * The elements of a stored tensor, floats of any width as float32.
 * @throws CorruptDataError when their number does not fit the shape; InputError for a type the engine does not know
 */
export function readData(tensor: OnnxTensor): TensorData {
  const { name, dims, data_type: type, raw_data: raw } = tensor;
  const width = BYTES_PER_ELEMENT.get(type);
  if (width === undefined) throw new InputError(`tensor "${name}" has ONNX element type ${type}, which is not known`);
  if (tensor.data_location === 1) {
    throw new InputError(`tensor "${name}" is stored in another file; save the model as one file`);
  }
  const count = sizeOf(dims);
  if (raw === undefined || raw.length === 0) return listedData(tensor, count);
  if (raw.length !== count * width) {
    throw new CorruptDataError(`tensor "${name}" ${show(dims)} has ${raw.length} bytes; expected ${count * width}`);
  }
  // A copy, because the bytes need not lie at a multiple of the element size.
  const buffer = new Uint8Array(raw).buffer;
  if (type === ELEMENT_TYPE.float32) return new Float32Array(buffer);
  if (type === ELEMENT_TYPE.float64) return Float32Array.from(new Float64Array(buffer));
  if (type === ELEMENT_TYPE.float16) return Float32Array.from(new Uint16Array(buffer), halfToNumber);
  if (type === ELEMENT_TYPE.int32) return new Int32Array(buffer);
  return type === ELEMENT_TYPE.int64 ? new BigInt64Array(buffer) : new Uint8Array(buffer);
}

/** Elements listed as protobuf numbers instead of raw bytes. */
function listedData(tensor: OnnxTensor, count: number): TensorData {
  const { name, dims, data_type: type } = tensor;
  const data =
    type === ELEMENT_TYPE.float32
      ? Float32Array.from(tensor.float_data ?? [])
      : type === ELEMENT_TYPE.int64
        ? BigInt64Array.from(tensor.int64_data ?? [], BigInt)
        : type === ELEMENT_TYPE.int32
          ? Int32Array.from(tensor.int32_data ?? [])
          : type === ELEMENT_TYPE.float16
            ? Float32Array.from(tensor.int32_data ?? [], halfToNumber)
            : Uint8Array.from(tensor.int32_data ?? []);
  if (data.length !== count) {
    throw new CorruptDataError(`tensor "${name}" ${show(dims)} has ${data.length} elements; expected ${count}`);
  }
  return data;
}
