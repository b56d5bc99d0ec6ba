import {
  isMadeBy,
  makeTensor,
  type Parameter,
  type Shape,
  type Tensor,
  type TensorOf,
  topologicalOrder,
} from './tensor.js';

/**
 * The form in which the values of parameters are kept between runs, by parameter: a transposition of it where nothing else
 * reads it, so that no run has to transpose. Parameters that are not listed are kept as they are.
 */
export type ParameterForms = ReadonlyMap<Parameter, TensorOf<'transpose'>>;

/** Parameters whose values must be kept in one order, element by element: targets and sources of averages. */
type Pairs = readonly { readonly target: readonly Parameter[]; readonly source: readonly Parameter[] }[];

/** The forms that suit a graph. */
export function parameterForms(outputs: readonly Tensor[], averages: Pairs = []): ParameterForms {
  const readers = readersOf(outputs);
  const forms = new Map<Parameter, TensorOf<'transpose'>>();
  for (const [parameter, found] of readers) {
    const [reader] = found;
    if (found.size === 1 && isMadeBy(reader!, 'transpose')) forms.set(parameter, reader);
  }
  const pairs = averages.flatMap(({ target, source }) => target.map((copy, index) => [copy, source[index]!] as const));
  for (const [copy, original] of pairs) {
    const form = forms.get(original);
    if (form !== undefined && !readers.has(copy)) forms.set(copy, makeTensor('transpose', [copy], form.attributes));
  }
  // A parameter that is put back may part another pair.
  const differ = () => pairs.filter(([copy, original]) => orderOf(forms, copy) !== orderOf(forms, original));
  for (let parted = differ(); parted.length > 0; parted = differ()) for (const one of parted.flat()) forms.delete(one);
  return forms;
}

/** What reads each parameter; an output reads itself. */
function readersOf(outputs: readonly Tensor[]): Map<Parameter, Set<Tensor>> {
  const readers = new Map<Parameter, Set<Tensor>>();
  const note = (operand: Tensor, reader: Tensor) => {
    if (isMadeBy(operand, 'parameter')) readers.set(operand, (readers.get(operand) ?? new Set()).add(reader));
  };
  for (const output of outputs) note(output, output);
  for (const tensor of topologicalOrder(outputs)) for (const operand of tensor.inputs) note(operand, tensor);
  return readers;
}

function orderOf(forms: ParameterForms, parameter: Parameter): string {
  return `${forms.get(parameter)?.attributes.permutation}`;
}

/** The values of a parameter in its form. */
export function inForm(forms: ParameterForms, parameter: Parameter, data: Float32Array): Float32Array {
  const form = forms.get(parameter);
  return form === undefined ? data : permuted(data, parameter.shape, form.attributes.permutation);
}

/** The values of a parameter out of those in its form. */
export function outOfForm(forms: ParameterForms, parameter: Parameter, data: Float32Array): Float32Array {
  const form = forms.get(parameter);
  if (form === undefined) return data;
  const { permutation } = form.attributes;
  const inverse = permutation.map((_, axis) => permutation.indexOf(axis));
  return permuted(data, form.shape, inverse);
}

/** A flat tensor with its axes in another order, copied. */
function permuted(data: Float32Array, shape: Shape, permutation: readonly number[]): Float32Array {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const sizes = permutation.map((axis) => shape[axis]!);
  const steps = permutation.map((axis) => strides[axis]!);
  const index = sizes.map(() => 0);
  const out = new Float32Array(data.length);
  let from = 0;
  for (let to = 0; to < out.length; to++) {
    out[to] = data[from]!;
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      from += steps[axis]!;
      if (++index[axis]! < sizes[axis]!) break;
      from -= steps[axis]! * sizes[axis]!;
      index[axis] = 0;
    }
  }
  return out;
}
