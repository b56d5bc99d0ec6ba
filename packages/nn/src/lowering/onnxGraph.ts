import {
  ATTRIBUTE_TYPE,
  ELEMENT_TYPE,
  encodeModel,
  type OnnxAttribute,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValueInfo,
} from '../onnx/proto.js';
import { type DataType, dataTypeOf, type Shape, type TensorData } from '../tensor.js';

/** Attribute values of a node: integers are ONNX ints; floats are written `{ float }`. */
export type AttributeValue = number | readonly number[] | { readonly float: number } | string;

/** ONNX operator set, and the oldest IR version that knows it. */
const OPSET = 21;
const IR_VERSION = 10;

/** An ONNX graph under construction. Values are named by strings; `emit` returns the names of a node's outputs. */
export class OnnxGraph {
  readonly #nodes: OnnxNode[] = [];
  readonly #initializers: OnnxTensor[] = [];
  readonly #inputs: OnnxValueInfo[] = [];
  readonly #outputs: OnnxValueInfo[] = [];
  readonly #constants = new Map<string, string>();
  readonly #renamed = new Map<string, string>();
  #usesMicrosoftOperators = false;
  #count = 0;

  input(name: string, shape: Shape, dtype: DataType): string {
    this.#inputs.push(valueInfo(name, shape, dtype));
    return name;
  }

  /** Makes a value an output under a name of its own. A node's result is renamed; anything else is copied. */
  output(name: string, value: string, shape: Shape, dtype: DataType): void {
    const isResult = this.#nodes.some(({ output }) => output.includes(value));
    if (isResult && !this.#renamed.has(value)) this.#renamed.set(value, name);
    else {
      this.#nodes.push({ op_type: 'Identity', domain: '', name: '', input: [value], output: [name], attribute: [] });
    }
    this.#outputs.push(valueInfo(name, shape, dtype));
  }

  /** A named tensor stored in the model. */
  initializer(name: string, data: TensorData, shape: Shape, dtype: DataType = dataTypeOf(data)): string {
    this.#initializers.push({
      name,
      dims: shape,
      data_type: ELEMENT_TYPE[dtype],
      raw_data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    });
    return name;
  }

  /** A small constant; equal ones are stored once. */
  constant(data: TensorData, shape: Shape, dtype: DataType = dataTypeOf(data)): string {
    if (data.length > 16) return this.initializer(this.#fresh('constant'), data, shape, dtype);
    const key = `${dtype} ${shape} ${Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex')}`;
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const name = this.initializer(this.#fresh('constant'), data, shape, dtype);
    this.#constants.set(key, name);
    return name;
  }

  /** An int64 vector: axes, shapes and sizes of operators that take them as inputs. */
  integers(values: readonly number[]): string {
    return this.constant(BigInt64Array.from(values, BigInt), [values.length]);
  }

  scalar(value: number): string {
    return this.constant(new Float32Array([value]), []);
  }

  /** Adds a node with one output and returns its name. */
  emit(operator: string, inputs: readonly string[], attributes: Record<string, AttributeValue> = {}): string {
    return this.emitMany(operator, inputs, attributes, 1)[0]!;
  }

  /** Adds a node of onnxruntime's own operator set. */
  emitMicrosoft(operator: string, inputs: readonly string[], attributes: Record<string, AttributeValue> = {}): string {
    this.#usesMicrosoftOperators = true;
    return this.emitMany(operator, inputs, attributes, 1, 'com.microsoft')[0]!;
  }

  /** Adds a node with several outputs. */
  emitMany(
    operator: string,
    inputs: readonly string[],
    attributes: Record<string, AttributeValue>,
    outputs: number,
    domain = '',
  ): string[] {
    const names = Array.from({ length: outputs }, () => this.#fresh(operator));
    this.#nodes.push({
      op_type: operator,
      domain,
      name: names[0]!,
      input: inputs,
      output: names,
      attribute: Object.entries(attributes).map(([name, value]) => attribute(name, value)),
    });
    return names;
  }

  /** The finished model as bytes of an .onnx file. */
  finish(metadata: Readonly<Record<string, string>> = {}): Uint8Array {
    return encodeModel({
      ir_version: IR_VERSION,
      producer_name: 'rapport',
      opset_import: [
        { domain: '', version: OPSET },
        ...(this.#usesMicrosoftOperators ? [{ domain: 'com.microsoft', version: 1 }] : []),
      ],
      metadata_props: Object.entries(metadata).map(([key, value]) => ({ key, value })),
      graph: {
        name: 'graph',
        node: this.#nodes.map((node) => ({
          ...node,
          input: node.input.map((name) => this.#renamed.get(name) ?? name),
          output: node.output.map((name) => this.#renamed.get(name) ?? name),
        })),
        initializer: this.#initializers,
        input: this.#inputs,
        output: this.#outputs,
      },
    });
  }

  #fresh(prefix: string): string {
    return `${prefix}_${this.#count++}`;
  }
}

function valueInfo(name: string, shape: Shape, dtype: DataType): OnnxValueInfo {
  const dim = shape.map((size) => ({ dim_value: size }));
  return { name, type: { tensor_type: { elem_type: ELEMENT_TYPE[dtype], shape: { dim } } } };
}

function attribute(name: string, value: AttributeValue): OnnxAttribute {
  if (typeof value === 'number') return { name, type: ATTRIBUTE_TYPE.int, i: value };
  if (typeof value === 'string') return { name, type: ATTRIBUTE_TYPE.string, s: Buffer.from(value) };
  if ('float' in value) return { name, type: ATTRIBUTE_TYPE.float, f: value.float };
  return { name, type: ATTRIBUTE_TYPE.ints, ints: value };
}
