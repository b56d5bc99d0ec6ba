import { InputError, nearestName } from '@rapport/core';
import { inForm, outOfForm, type ParameterForms } from './forms.js';
import type { RuntimeValue } from './runtime.js';
import { sameShape, show } from './shapes.js';
import { input, type Parameter, type ParameterValues, sizeOf, type TensorOf, type TensorValue } from './tensor.js';

/**
 * Parameters kept as one flat vector, so that the optimiser is a handful of operators on long vectors. Graphs read each
 * parameter as a view of its part.
 */
export interface Pack {
  readonly vector: TensorOf<'input'>;
  readonly parameters: readonly Parameter[];
  readonly offsets: ReadonlyMap<Parameter, number>;
  readonly forms: ParameterForms;
}

export function makePack(name: string, parameters: readonly Parameter[], forms: ParameterForms): Pack {
  const offsets = new Map<Parameter, number>();
  let total = 0;
  for (const parameter of parameters) {
    offsets.set(parameter, total);
    total += sizeOf(parameter.shape);
  }
  return { vector: input(name, [total]), parameters, offsets, forms };
}

/** The parts of the vector, not copied, as what the graph reads. */
export function parameterViews(pack: Pack, data: Float32Array): Record<string, RuntimeValue> {
  return Object.fromEntries(
    pack.parameters.map((parameter) => {
      const { shape } = pack.forms.get(parameter) ?? parameter;
      const start = pack.offsets.get(parameter)!;
      const view = data.subarray(start, start + sizeOf(shape));
      return [parameter.attributes.name, { dtype: 'float32', shape, data: view }];
    }),
  );
}

/** The values of every parameter in the vector, copied. */
export function unpackValues({ parameters, offsets, forms }: Pack, data: Float32Array): Record<string, TensorValue> {
  return Object.fromEntries(
    parameters.map((parameter) => {
      const start = offsets.get(parameter)!;
      const values = outOfForm(forms, parameter, data.slice(start, start + sizeOf(parameter.shape)));
      return [parameter.attributes.name, { shape: parameter.shape, data: values }];
    }),
  );
}

/** Writes the values of those parameters that `values` names into the vector. */
export function packValues({ parameters, offsets, forms }: Pack, values: ParameterValues, data: Float32Array): void {
  for (const parameter of parameters) {
    const value = values[parameter.attributes.name];
    if (value === undefined) continue;
    data.set(inForm(forms, parameter, checkedValue(parameter, value)), offsets.get(parameter)!);
  }
}

/** @throws InputError when the value has another shape than the parameter */
export function checkedValue(parameter: Parameter, { shape, data }: TensorValue): Float32Array {
  if (!sameShape(shape, parameter.shape) || data.length !== sizeOf(shape)) {
    throw new InputError(
      `parameter "${parameter.attributes.name}" was given ${data.length} values of shape ${show(shape)}; expected ${show(parameter.shape)}`,
    );
  }
  return data;
}

/** @throws InputError when a name in `values` belongs to none of the parameters */
export function requireKnownNames(values: ParameterValues, parameters: readonly Parameter[]): void {
  const known = parameters.map(({ attributes }) => attributes.name);
  for (const name of Object.keys(values)) {
    if (known.includes(name)) continue;
    const nearest = nearestName(name, known);
    throw new InputError(
      `there is no parameter "${name}"${nearest === undefined ? '' : `; did you mean "${nearest}"?`}`,
    );
  }
}
