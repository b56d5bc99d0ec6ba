import { InputError } from '@rapport/core';
import { type Batch, batchFeeds } from './feeds.js';
import { parameterForms } from './forms.js';
import { lower } from './lowering/lower.js';
import { checkedValue, makePack, packValues, parameterViews } from './packing.js';
import { createSession } from './runtime.js';
import { show } from './shapes.js';
import {
  isMadeBy,
  type Parameter,
  type ParameterValues,
  sizeOf,
  type Tensor,
  type TensorData,
  topologicalOrder,
} from './tensor.js';
import { asFloats } from './trainerState.js';

export interface FunctionOptions<Name extends string> {
  /** float32 tensors by the name they get in the result. */
  readonly outputs: Readonly<Record<Name, Tensor>>;
  /** A value for every parameter of the graph; others are ignored. Default: none are needed. */
  readonly parameters?: ParameterValues;
  /** `fed` values can be replaced by `setParameters`; `baked` ones are fixed and convolutions run faster (up to 1.4x). */
  readonly weights?: 'fed' | 'baked';
  /** Threads inside one operator. */
  readonly threads?: number;
}

/** A graph that computes outputs from inputs. */
export interface CompiledFunction<Name extends string> {
  /** Runs the graph; results are new flat row-major arrays. Blocks the calling thread while it computes. */
  run(batch: Batch): Promise<Record<Name, Float32Array>>;
  /**
   * Replaces the values of parameters by name; names that the graph does not use are ignored, so that all of a
   * trainer's parameters can be handed over.
   * @throws InputError when the weights are baked or a shape differs
   */
  setParameters(values: ParameterValues): void;
  /** Frees native memory; the function cannot be used afterwards. */
  close(): Promise<void>;
}

/**
 * Compiles a graph for inference.
 * @throws InputError when a parameter has no value, a shape differs, or an output is not float32
 */
export async function compileFunction<Name extends string>(
  options: FunctionOptions<Name>,
): Promise<CompiledFunction<Name>> {
  const { outputs, parameters = {}, weights = 'fed', threads = 1 } = options;
  for (const [name, output] of Object.entries<Tensor>(outputs)) requireFloat(name, output);
  const used = parametersOf(Object.values(outputs));
  requireValues(used, parameters);

  const fed = weights === 'fed' ? used : [];
  const forms = parameterForms(weights === 'fed' ? Object.values(outputs) : []);
  const vectors = (fed.length > 0 ? [makePack('parameters', fed, forms)] : []).map((pack) => ({
    pack,
    data: new Float32Array(sizeOf(pack.vector.shape)),
  }));
  const write = (values: ParameterValues): void => {
    for (const { pack, data } of vectors) packValues(pack, values, data);
  };
  write(parameters);
  const views = Object.assign({}, ...vectors.map(({ pack, data }) => parameterViews(pack, data)));
  const baked = new Map(
    weights === 'baked' ? used.map((one) => [one, checkedValue(one, parameters[one.attributes.name]!)] as const) : [],
  );
  const { bytes, inputs } = lower(outputs, { fed, forms, baked }, { dialect: 'runtime' });
  const session = await createSession(bytes, threads);

  return {
    async run(batch) {
      return floats(await session.run({ ...batchFeeds(inputs, batch), ...views }), outputs);
    },
    setParameters(values) {
      if (weights === 'baked') throw new InputError('setParameters: the weights are baked into this function');
      write(values);
    },
    close: () => session.close(),
  };
}

/** Every parameter that the outputs depend on, in graph order. */
export function parametersOf(outputs: readonly Tensor[]): Parameter[] {
  return topologicalOrder(outputs).filter((tensor) => isMadeBy(tensor, 'parameter'));
}

/** @throws InputError when a parameter has no value */
export function requireValues(parameters: readonly Parameter[], values: ParameterValues): void {
  for (const { attributes, shape } of parameters) {
    if (values[attributes.name] === undefined) {
      throw new InputError(`no value was given for parameter "${attributes.name}" ${show(shape)}`);
    }
  }
}

/** @throws InputError when an output is not float32 */
export function requireFloat(name: string, output: Tensor): void {
  if (output.dtype !== 'float32') {
    throw new InputError(`output "${name}" is ${output.dtype}; expected float32 (cast it first)`);
  }
}

/** The named results, known to be float32. */
function floats<Name extends string>(
  results: Readonly<Record<string, TensorData>>,
  outputs: Readonly<Record<Name, Tensor>>,
): Record<Name, Float32Array> {
  const chosen: Partial<Record<Name, Float32Array>> = {};
  for (const name in outputs) chosen[name] = asFloats(results[name]);
  return chosen as Record<Name, Float32Array>;
}
