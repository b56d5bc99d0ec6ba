import { InputError } from '@rapport/core';
import { show } from '../shapes.js';
import {
  isMadeBy,
  type Parameter,
  type Primitive,
  sizeOf,
  type Tensor,
  type TensorOf,
  topologicalOrder,
} from '../tensor.js';
import { OnnxGraph } from './onnxGraph.js';
import { type Lowering, loweringRules } from './rules.js';

/** Parameters that arrive as one flat vector: one Split instead of many feeds. */
export interface ParameterPack {
  readonly vector: TensorOf<'input'>;
  readonly parameters: readonly Parameter[];
}

/** Where the values of parameters come from. */
export interface ParameterBinding {
  readonly packs: readonly ParameterPack[];
  /** Values stored in the model itself. */
  readonly baked: ReadonlyMap<Parameter, Float32Array>;
}

export interface LoweredGraph {
  readonly bytes: Uint8Array;
  /** The inputs that a caller feeds, without parameter packs. */
  readonly inputs: readonly TensorOf<'input'>[];
}

/**
 * Writes a graph as an ONNX model.
 * @throws InputError for two inputs or parameters of one name, and for a parameter without a binding
 */
export function lower(
  outputs: Readonly<Record<string, Tensor>>,
  binding: ParameterBinding,
  options: { readonly dialect: Lowering['dialect']; readonly metadata?: Readonly<Record<string, string>> },
): LoweredGraph {
  const graph = new OnnxGraph();
  const names = new Map<Tensor, string>();
  bindParameters(graph, names, binding);

  const order = topologicalOrder(Object.values(outputs));
  requireDistinctNames(order, Object.keys(outputs));
  const sharedValues = new Map<string, string[]>();
  const lowering: Lowering = {
    graph,
    dialect: options.dialect,
    present: new Set(order.map(({ primitive }) => primitive)),
    name(tensor) {
      const name = names.get(tensor);
      if (name !== undefined) return name;
      if (isMadeBy(tensor, 'parameter')) {
        throw new InputError(`parameter "${tensor.attributes.name}" ${show(tensor.shape)} has no value in this graph`);
      }
      throw new Error('internal: a tensor was used before it was lowered');
    },
    shared(key, make) {
      const values = sharedValues.get(key) ?? make();
      sharedValues.set(key, values);
      return values;
    },
  };
  for (const tensor of order) if (!names.has(tensor)) names.set(tensor, applyRule(tensor, lowering));
  for (const [name, tensor] of Object.entries(outputs)) {
    graph.output(name, names.get(tensor)!, tensor.shape, tensor.dtype);
  }
  return {
    bytes: graph.finish(options.metadata),
    inputs: order
      .filter((tensor) => isMadeBy(tensor, 'input'))
      .filter((tensor) => !binding.packs.some(({ vector }) => vector === tensor)),
  };
}

function applyRule<P extends Primitive>(tensor: TensorOf<P>, to: Lowering): string {
  return loweringRules[tensor.primitive](tensor, to);
}

function bindParameters(graph: OnnxGraph, names: Map<Tensor, string>, { packs, baked }: ParameterBinding): void {
  for (const { vector, parameters } of packs) {
    const { name, shape, dtype } = vector.attributes;
    names.set(vector, graph.input(name, shape, dtype));
    const sizes = parameters.map((parameter) => sizeOf(parameter.shape));
    const parts = graph.emitMany('Split', [name, graph.integers(sizes)], { axis: 0 }, sizes.length);
    parameters.forEach((parameter, index) => {
      names.set(parameter, graph.emit('Reshape', [parts[index]!, graph.integers(parameter.shape)]));
    });
  }
  for (const [parameter, data] of baked) {
    names.set(parameter, graph.initializer(parameter.attributes.name, data, parameter.shape));
  }
}

/** Inputs, parameters and outputs share one space of names in an ONNX graph. */
function requireDistinctNames(tensors: readonly Tensor[], outputs: readonly string[]): void {
  const leaves = tensors.flatMap((tensor) =>
    isMadeBy(tensor, 'input') || isMadeBy(tensor, 'parameter')
      ? [`${tensor.primitive} "${tensor.attributes.name}"`]
      : [],
  );
  const seen = new Map<string, string>();
  for (const label of [...leaves, ...outputs.map((name) => `output "${name}"`)]) {
    const name = label.slice(label.indexOf(' ') + 1);
    const other = seen.get(name);
    if (other !== undefined)
      throw new InputError(`the graph has two different tensors named ${name}: ${other}, ${label}`);
    seen.set(name, label);
  }
}
