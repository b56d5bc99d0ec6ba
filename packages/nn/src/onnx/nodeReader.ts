import { InputError } from '@rapport/core';
import { interpret } from '../interpreter.js';
import { type ParameterValues, type Tensor, topologicalOrder } from '../tensor.js';
import type { OnnxAttribute, OnnxNode, OnnxTensor } from './proto.js';

/** Typed access to the operands and attributes of one ONNX node. */
export class NodeReader {
  readonly operator: string;
  /** Version of the default operator set of the model. */
  readonly opset: number;
  readonly outputCount: number;
  readonly #attributes: ReadonlyMap<string, OnnxAttribute>;
  readonly #operands: readonly (Tensor | undefined)[];
  readonly #values: ParameterValues;

  constructor(node: OnnxNode, operands: readonly (Tensor | undefined)[], opset: number, values: ParameterValues) {
    this.operator = node.op_type;
    this.opset = opset;
    this.outputCount = node.output.length;
    this.#attributes = new Map(node.attribute.map((attribute) => [attribute.name, attribute]));
    this.#operands = operands;
    this.#values = values;
  }

  get operands(): readonly Tensor[] {
    return this.#operands.map((_, index) => this.operand(index));
  }

  operand(index: number): Tensor {
    const tensor = this.#operands[index];
    if (tensor === undefined) throw new InputError(`operand ${index} is missing`);
    return tensor;
  }

  optional(index: number): Tensor | undefined {
    return this.#operands[index];
  }

  /** Numbers of an operand that does not depend on the model's inputs: shapes, axes, bounds. */
  numbers(index: number): number[] | undefined {
    const tensor = this.#operands[index];
    if (tensor === undefined) return undefined;
    const leaf = topologicalOrder([tensor]).find(({ primitive }) => primitive === 'input');
    if (leaf !== undefined) throw new InputError(`operand ${index} must not depend on the model's inputs`);
    const feeds = Object.fromEntries(
      Object.entries(this.#values).map(([name, { data }]) => [name, Float64Array.from(data)] as const),
    );
    return [...interpret([tensor], feeds)[0]!.data];
  }

  int(name: string, fallback: number): number {
    return this.#attributes.get(name)?.i ?? (this.#attributes.has(name) ? 0 : fallback);
  }

  float(name: string, fallback: number): number {
    return this.#attributes.get(name)?.f ?? (this.#attributes.has(name) ? 0 : fallback);
  }

  ints(name: string): readonly number[] | undefined {
    return this.#attributes.get(name)?.ints;
  }

  floats(name: string): readonly number[] | undefined {
    return this.#attributes.get(name)?.floats;
  }

  text(name: string, fallback: string): string {
    const bytes = this.#attributes.get(name)?.s;
    return bytes === undefined ? fallback : new TextDecoder().decode(bytes);
  }

  tensorAttribute(name: string): OnnxTensor | undefined {
    return this.#attributes.get(name)?.t;
  }

  has(name: string): boolean {
    return this.#attributes.has(name);
  }

  /** Integers that older operator sets give as an attribute and newer ones as an operand. */
  integers(attribute: string, operand: number): readonly number[] | undefined {
    return this.has(attribute) ? (this.ints(attribute) ?? []) : this.numbers(operand);
  }
}
