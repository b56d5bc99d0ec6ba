import { InputError, nearestName } from '@rapport/core';
import { sameShape, show } from './shapes.js';
import { input, type Parameter, type ParameterValues, sizeOf, type TensorOf, type TensorValue } from './tensor.js';

/**
 * Parameters kept as one flat vector. A graph then has one input and one output per group instead of dozens, and the
 * optimiser is a handful of operators on long vectors.
 */
export interface Pack {
  readonly vector: TensorOf<'input'>;
  readonly parameters: readonly Parameter[];
  readonly offsets: ReadonlyMap<Parameter, number>;
}

export function makePack(name: string, parameters: readonly Parameter[]): Pack {
  const offsets = new Map<Parameter, number>();
  let total = 0;
  for (const parameter of parameters) {
    offsets.set(parameter, total);
    total += sizeOf(parameter.shape);
  }
  return { vector: input(name, [total]), parameters, offsets };
}

/** The values of every parameter in the vector, copied. */
export function unpackValues({ parameters, offsets }: Pack, data: Float32Array): Record<string, TensorValue> {
  return Object.fromEntries(
    parameters.map((parameter) => {
      const start = offsets.get(parameter)!;
      const values = data.slice(start, start + sizeOf(parameter.shape));
      return [parameter.attributes.name, { shape: parameter.shape, data: values }];
    }),
  );
}

/** Writes the values of those parameters that `values` names into the vector. */
export function packValues({ parameters, offsets }: Pack, values: ParameterValues, data: Float32Array): void {
  for (const parameter of parameters) {
    const value = values[parameter.attributes.name];
    if (value !== undefined) data.set(checkedValue(parameter, value), offsets.get(parameter)!);
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
