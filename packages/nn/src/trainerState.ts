import { InputError, type RandomStream } from '@rapport/core';
import { inForm } from './forms.js';
import { type Memory, makeMemory } from './kernels/wasm.js';
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

/** Vectors begin at a multiple of as many numbers as kernels compute at once. */
const LANES = 4;

/** The flat vectors of a trainer, all in one memory: parameters and moments, which it carries on, and gradients. */
export class TrainerVectors {
  readonly memory: Memory;
  readonly #packs: readonly Pack[];
  readonly #moments: readonly TensorOf<'input'>[];
  readonly #parameters: readonly Parameter[];
  readonly #vectors = new Map<TensorOf<'input'>, Float32Array>();

  /** Parameters start at given values, else at values drawn from forks of the stream; all else starts at zero. */
  constructor(
    {
      packs,
      moments,
      slopes,
    }: {
      readonly packs: readonly Pack[];
      readonly moments: readonly TensorOf<'input'>[];
      readonly slopes: readonly TensorOf<'input'>[];
    },
    stream: RandomStream,
    initial: ParameterValues,
  ) {
    this.#packs = packs;
    this.#moments = moments;
    this.#parameters = packs.flatMap(({ parameters }) => parameters);
    const all = [...packs.map(({ vector }) => vector), ...moments, ...slopes];
    const bytes = all.map(({ shape }) => Math.ceil(sizeOf(shape) / LANES) * LANES * Float32Array.BYTES_PER_ELEMENT);
    this.memory = makeMemory(bytes.reduce((sum, size) => sum + size, 0));
    let offset = 0;
    all.forEach((vector, index) => {
      this.#vectors.set(vector, new Float32Array(this.memory.buffer, offset, sizeOf(vector.shape)));
      offset += bytes[index]!;
    });
    for (const pack of packs) drawValues(pack, stream, initial, this.of(pack.vector));
  }

  /** The numbers of a vector, not copied. */
  of(vector: TensorOf<'input'>): Float32Array {
    return this.#vectors.get(vector)!;
  }

  /** Parameters as views, by name: what the graph reads. */
  views(parameters: readonly Parameter[]): Record<string, RuntimeValue> {
    const all: Record<string, RuntimeValue> = {};
    for (const pack of this.#packs) Object.assign(all, parameterViews(pack, this.of(pack.vector)));
    return Object.fromEntries(parameters.map(({ attributes: { name } }) => [name, all[name]!]));
  }

  /** Current values by parameter, copied. */
  parameters(): Record<string, TensorValue> {
    return Object.assign({}, ...this.#packs.map((pack) => unpackValues(pack, this.of(pack.vector))));
  }

  setParameters(values: ParameterValues): void {
    requireKnownNames(values, this.#parameters);
    for (const pack of this.#packs) packValues(pack, values, this.of(pack.vector));
  }

  /** `parameter/NAME` for every parameter, and the moments by their input names. */
  tensors(): Record<string, TensorValue> {
    const tensors: Record<string, TensorValue> = {};
    for (const [name, value] of Object.entries(this.parameters())) tensors[`parameter/${name}`] = value;
    for (const moment of this.#moments) {
      tensors[moment.attributes.name] = { shape: moment.shape, data: this.of(moment).slice() };
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
    const moments = this.#moments.map((moment) => {
      const { name, shape } = moment.attributes;
      const value = required(tensors, name);
      if (!sameShape(value.shape, shape) || value.data.length !== shape[0]) {
        throw new InputError(`restore: "${name}" is ${show(value.shape)}; expected ${show(shape)}`);
      }
      return [moment, value.data] as const;
    });
    this.setParameters(values);
    for (const [moment, data] of moments) this.of(moment).set(data);
  }
}

/** A result of the graph that is known to be float32. */
export function asFloats(data: TensorData | undefined): Float32Array {
  if (!(data instanceof Float32Array))
    throw new Error('internal: the graph gave no float32 result where one is expected');
  return data;
}

/** First values of a pack: given ones, else drawn from a stream of the parameter's name. */
function drawValues(pack: Pack, stream: RandomStream, initial: ParameterValues, vector: Float32Array): void {
  for (const parameter of pack.parameters) {
    const { name, shape, initializer } = parameter.attributes;
    if (initial[name] !== undefined) continue;
    const data = checkedValue(parameter, { shape, data: initializer(shape, stream.fork(name)) });
    vector.set(inForm(pack.forms, parameter, data), pack.offsets.get(parameter)!);
  }
  packValues(pack, initial, vector);
}

function required(tensors: ParameterValues, name: string): TensorValue {
  const value = tensors[name];
  if (value === undefined) throw new InputError(`restore: the state has no tensor "${name}"`);
  return value;
}
