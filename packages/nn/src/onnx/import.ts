import { CorruptDataError, InputError, RapportError } from '@rapport/core';
import { given } from '../initializers.js';
import { type Parameter, type ParameterValues, parameter, type Tensor } from '../tensor.js';
import { importRules } from './importRules.js';
import { NodeReader } from './nodeReader.js';
import { decodeModel, type OnnxModel, type OnnxNode, type OnnxValueInfo } from './proto.js';
import { constantOf, isFloat, readData } from './tensors.js';

export interface ImportOptions {
  /** Put before the names of the parameters: `NAME/INITIALISER`. */
  readonly name: string;
  /** What the bytes are called in errors, normally the path of the file. */
  readonly source: string;
}

/** An ONNX model as a differentiable module. */
export interface ImportedModel {
  /** Declared inputs; a size that the file leaves open is undefined. */
  readonly inputs: readonly { readonly name: string; readonly shape: readonly (number | undefined)[] }[];
  readonly outputs: readonly string[];
  /** Every float initialiser; they start at their stored values. Which of them are trained is up to the caller. */
  readonly parameters: readonly Parameter[];
  /** The stored values. */
  readonly values: ParameterValues;
  /** Builds the graph on inputs of any shapes that the model allows; outputs by their names in the file. */
  apply(inputs: Readonly<Record<string, Tensor>>): Record<string, Tensor>;
}

/** Operator sets whose semantics the rules follow. */
const OPSETS = { oldest: 7, newest: 26 };

/**
 * Reads an ONNX model.
 * @throws CorruptDataError for bytes that are no whole ONNX model; InputError for an operator, attribute or operator set
 *   that the engine does not know, naming the node
 */
export function importOnnx(bytes: Uint8Array, { name, source }: ImportOptions): ImportedModel {
  const model = readModel(bytes, source);
  const { graph } = model;
  const opset = model.opset_import.find(({ domain }) => (domain ?? '') === '')?.version ?? 0;
  if (opset < OPSETS.oldest || opset > OPSETS.newest) {
    throw new InputError(`${source} uses ONNX operator set ${opset}; known are ${OPSETS.oldest} to ${OPSETS.newest}`);
  }
  for (const node of graph.node) {
    if ((node.domain ?? '') !== '' || !importRules.has(node.op_type)) {
      throw new InputError(`${source}: ${describe(node)} is an operator that the engine does not know`);
    }
  }

  const parameters: Parameter[] = [];
  const values: [string, { shape: readonly number[]; data: Float32Array }][] = [];
  const stored = new Map<string, Tensor>();
  for (const tensor of graph.initializer) {
    if (!isFloat(tensor)) {
      stored.set(
        tensor.name,
        within(source, () => constantOf(tensor)),
      );
      continue;
    }
    const data = within(source, () => readData(tensor));
    if (!(data instanceof Float32Array)) throw new Error('internal: a float tensor was not read as float32');
    const one = within(source, () => parameter(`${name}/${tensor.name}`, tensor.dims, given(data)));
    parameters.push(one);
    values.push([one.attributes.name, { shape: tensor.dims, data }]);
    stored.set(tensor.name, one);
  }
  const parameterValues = Object.fromEntries(values);

  const declared = graph.input.filter((one) => !stored.has(one.name));
  const outputs = graph.output.map((one) => one.name);
  requireDefinedNames(graph, declared, stored, source);
  return {
    inputs: declared.map((one) => ({ name: one.name, shape: declaredShape(one) })),
    outputs,
    parameters,
    values: parameterValues,
    apply(inputs) {
      const tensors = new Map(stored);
      for (const { name: inputName } of declared) {
        const tensor = inputs[inputName];
        if (tensor === undefined) throw new InputError(`${source}: input "${inputName}" was not given`);
        tensors.set(inputName, tensor);
      }
      for (const node of graph.node) {
        const operands = (node.input ?? []).map((operand) => (operand === '' ? undefined : tensors.get(operand)));
        const reader = new NodeReader(node, operands, opset, parameterValues);
        const made = within(`${source}: ${describe(node)}`, () => importRules.get(node.op_type)!(reader));
        const results: readonly Tensor[] = 'primitive' in made ? [made] : made;
        node.output.forEach((output, index) => {
          if (results[index] !== undefined) tensors.set(output, results[index]);
        });
      }
      return Object.fromEntries(
        outputs.map((output) => {
          const tensor = tensors.get(output);
          if (tensor === undefined)
            throw new InputError(`${source}: output "${output}" is of a kind that is not known`);
          return [output, tensor];
        }),
      );
    },
  };
}

/** @throws CorruptDataError for bytes that are no whole ONNX model */
export function readModel(bytes: Uint8Array, source: string): OnnxModel {
  const fix = { fix: 'fetch or export the file again' };
  let model: OnnxModel;
  try {
    model = decodeModel(bytes);
  } catch (cause) {
    throw new CorruptDataError(`${source} is not a whole ONNX model: ${bytes.length} bytes that do not parse`, {
      ...fix,
      cause,
    });
  }
  const { graph } = model;
  if (graph === undefined || graph.node.length === 0 || graph.output.length === 0) {
    throw new CorruptDataError(`${source} is not an ONNX model: it holds no graph with nodes and outputs`, fix);
  }
  return model;
}

/** @throws CorruptDataError when a node or an output reads a value that nothing before it defines */
function requireDefinedNames(
  graph: OnnxModel['graph'],
  declared: readonly OnnxValueInfo[],
  stored: ReadonlyMap<string, Tensor>,
  source: string,
): void {
  const known = new Set([...stored.keys(), ...declared.map(({ name }) => name)]);
  for (const node of graph.node) {
    for (const operand of node.input) {
      if (operand !== '' && !known.has(operand)) {
        throw new CorruptDataError(`${source}: ${describe(node)} reads "${operand}", which nothing before it defines`);
      }
    }
    for (const output of node.output) known.add(output);
  }
  for (const { name } of graph.output) {
    if (!known.has(name)) throw new CorruptDataError(`${source}: nothing defines the output "${name}"`);
  }
}

function declaredShape(info: OnnxValueInfo): (number | undefined)[] {
  return (info.type?.tensor_type?.shape?.dim ?? []).map(({ dim_value: size }) => size);
}

function describe({ op_type: operator, name, output, domain }: OnnxNode): string {
  return `node "${name || output[0]}" (${domain ? `${domain}.` : ''}${operator})`;
}

/** Runs `make` and puts `where` before the message of an error of ours. */
function within<T>(where: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof CorruptDataError) throw new CorruptDataError(`${where}: ${error.message}`, { cause: error });
    if (error instanceof RapportError) throw new InputError(`${where}: ${error.message}`, { cause: error });
    throw error;
  }
}
