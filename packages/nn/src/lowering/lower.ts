import { InputError } from '@rapport/core';
import type { ParameterForms } from '../forms.js';
import { show } from '../shapes.js';
import { isMadeBy, type Parameter, type Primitive, type Tensor, type TensorOf, topologicalOrder } from '../tensor.js';
import { OnnxGraph } from './onnxGraph.js';
import { type Lowering, loweringRules } from './rules.js';

/** Where the values of parameters come from. */
export interface ParameterBinding {
  /** Parameters that are fed under their own names, in their forms. */
  readonly fed: readonly Parameter[];
  readonly forms: ParameterForms;
  /** Values stored in the model itself. */
  readonly baked: ReadonlyMap<Parameter, Float32Array>;
}

export interface LoweredGraph {
  readonly bytes: Uint8Array;
  /** The inputs that a caller feeds. */
  readonly inputs: readonly TensorOf<'input'>[];
  /** The parameters that it feeds. */
  readonly parameters: readonly Parameter[];
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
  const order = topologicalOrder(Object.values(outputs));
  const used = new Set(order);
  const parameters = binding.fed.filter((parameter) => used.has(parameter));
  bindParameters(graph, names, parameters, binding);
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
  // A parameter that arrives in another form is read by nothing else.
  const isTransposed = (tensor: Tensor) => isMadeBy(tensor, 'parameter') && parameters.includes(tensor);
  for (const tensor of order) {
    if (!names.has(tensor) && !isTransposed(tensor)) names.set(tensor, applyRule(tensor, lowering));
  }
  for (const [name, tensor] of Object.entries(outputs)) {
    graph.output(name, names.get(tensor)!, tensor.shape, tensor.dtype);
  }
  return {
    bytes: graph.finish(options.metadata),
    inputs: order.filter((tensor) => isMadeBy(tensor, 'input')),
    parameters,
  };
}

function applyRule<P extends Primitive>(tensor: TensorOf<P>, to: Lowering): string {
  return loweringRules[tensor.primitive](tensor, to);
}

function bindParameters(
  graph: OnnxGraph,
  names: Map<Tensor, string>,
  fed: readonly Parameter[],
  { forms, baked }: ParameterBinding,
): void {
  for (const parameter of fed) {
    const form = forms.get(parameter) ?? parameter;
    names.set(form, graph.input(parameter.attributes.name, form.shape, 'float32'));
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
