import { parametersOf, requireValues } from '../compiledFunction.js';
import { lower } from '../lowering/lower.js';
import { checkedValue } from '../packing.js';
import type { ParameterValues, Tensor } from '../tensor.js';

export interface ExportOptions {
  /** Tensors by the name they get in the file; the inputs are those of the graph. */
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** A value for every parameter of the graph; others are ignored. */
  readonly parameters: ParameterValues;
  /** Free text by key, for example what the network was trained on. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * A graph as the bytes of an .onnx file (operator set 21, standard operators only), parameters stored inside under
 * their names.
 * @throws InputError when a parameter has no value or another shape
 */
export function exportOnnx({ outputs, parameters, metadata = {} }: ExportOptions): Uint8Array {
  const used = parametersOf(Object.values(outputs));
  requireValues(used, parameters);
  const baked = new Map(used.map((one) => [one, checkedValue(one, parameters[one.attributes.name]!)] as const));
  return lower(outputs, { fed: [], forms: new Map(), baked }, { dialect: 'standard', metadata }).bytes;
}
