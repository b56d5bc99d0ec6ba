import { InputError, type RandomStream } from '@rapport/core';
import { inForm } from './forms.js';
import { checkedValue, type Pack, packValues, parameterViews, requireKnownNames, unpackValues } from './packing.js';
import type { RuntimeValue } from './runtime.js';
import { sameShape, show } from './shapes.js';
import {
  type Parameter,
  type ParameterValues,
  sizeOf,
  type TensorData,
  type TensorOf,
  type TensorValue,
} from './tensor.js';

/** The flat vectors that a trainer carries from step to step, by the names of the graph's inputs. */
export class TrainerVectors {
  readonly #packs: readonly Pack[];
  readonly #moments: readonly TensorOf<'input'>[];
  readonly #parameters: readonly Parameter[];
  readonly #vectors = new Map<string, Float32Array>();

  /** Parameters start at given values, else at values drawn from forks of the stream; moments start at zero. */
  constructor(
    packs: readonly Pack[],
    moments: readonly TensorOf<'input'>[],
    stream: RandomStream,
    initial: ParameterValues,
  ) {
    this.#packs = packs;
    this.#moments = moments;
    this.#parameters = packs.flatMap(({ parameters }) => parameters);
    for (const pack of packs) this.#vectors.set(pack.vector.attributes.name, drawValues(pack, stream, initial));
    for (const { attributes } of moments)
      this.#vectors.set(attributes.name, new Float32Array(sizeOf(attributes.shape)));
  }

  /** Vectors and parameters, the latter as views, by name. */
  feeds(names: readonly string[]): Record<string, RuntimeValue> {
    const all: Record<string, RuntimeValue> = {};
    for (const [name, data] of this.#vectors) all[name] = { dtype: 'float32', shape: [data.length], data };
    for (const pack of this.#packs) Object.assign(all, parameterViews(pack, this.#vectorOf(pack)));
    return Object.fromEntries(names.map((name) => [name, all[name]!]));
  }

  /** Takes the vector that a step computed. */
  replace(name: string, data: TensorData | undefined): void {
    this.#vectors.set(name, asFloats(data));
  }

  /** Current values by parameter, copied. */
  parameters(): Record<string, TensorValue> {
    return Object.assign({}, ...this.#packs.map((pack) => unpackValues(pack, this.#vectorOf(pack))));
  }

  setParameters(values: ParameterValues): void {
    requireKnownNames(values, this.#parameters);
    for (const pack of this.#packs) packValues(pack, values, this.#vectorOf(pack));
  }

  /** `parameter/NAME` for every parameter, and the moments by their input names. */
  tensors(): Record<string, TensorValue> {
    const tensors: Record<string, TensorValue> = {};
    for (const [name, value] of Object.entries(this.parameters())) tensors[`parameter/${name}`] = value;
    for (const { attributes } of this.#moments) {
      tensors[attributes.name] = { shape: attributes.shape, data: this.#vectors.get(attributes.name)!.slice() };
    }
    return tensors;
  }

  /** Takes over everything that `tensors()` gave, or, when something is missing or does not fit, nothing. */
  restore(tensors: ParameterValues): void {
    const values: Record<string, TensorValue> = {};
    for (const parameter of this.#parameters) {
      const { name } = parameter.attributes;
      const value = required(tensors, `parameter/${name}`);
      checkedValue(parameter, value);
      values[name] = value;
    }
    const moments = this.#moments.map(({ attributes: { name, shape } }) => {
      const value = required(tensors, name);
      if (!sameShape(value.shape, shape) || value.data.length !== shape[0]) {
        throw new InputError(`restore: "${name}" is ${show(value.shape)}; expected ${show(shape)}`);
      }
      return [name, value.data.slice()] as const;
    });
    this.setParameters(values);
    for (const [name, data] of moments) this.#vectors.set(name, data);
  }

  #vectorOf(pack: Pack): Float32Array {
    return this.#vectors.get(pack.vector.attributes.name)!;
  }
}

/** A result of the graph that is known to be float32. */
export function asFloats(data: TensorData | undefined): Float32Array {
  if (!(data instanceof Float32Array))
    throw new Error('internal: the graph gave no float32 result where one is expected');
  return data;
}

/** First values of a pack: given ones, else drawn from a stream of the parameter's name. */
function drawValues(pack: Pack, stream: RandomStream, initial: ParameterValues): Float32Array {
  const vector = new Float32Array(sizeOf(pack.vector.shape));
  for (const parameter of pack.parameters) {
    const { name, shape, initializer } = parameter.attributes;
    if (initial[name] !== undefined) continue;
    const data = checkedValue(parameter, { shape, data: initializer(shape, stream.fork(name)) });
    vector.set(inForm(pack.forms, parameter, data), pack.offsets.get(parameter)!);
  }
  packValues(pack, initial, vector);
  return vector;
}

function required(tensors: ParameterValues, name: string): TensorValue {
  const value = tensors[name];
  if (value === undefined) throw new InputError(`restore: the state has no tensor "${name}"`);
  return value;
}
