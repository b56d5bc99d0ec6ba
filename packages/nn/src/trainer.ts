import { InputError, type RandomStream } from '@rapport/core';
import { parametersOf, requireFloat } from './compiledFunction.js';
import { type Batch, batchFeeds } from './feeds.js';
import { lower } from './lowering/lower.js';
import { concat, reshape } from './ops/index.js';
import type { Optimizer } from './optimizers.js';
import { checkedValue, makePack, type Pack, packValues, requireKnownNames, unpackValues } from './packing.js';
import { createSession, type RuntimeValue } from './runtime.js';
import { show } from './shapes.js';
import {
  type Parameter,
  type ParameterValues,
  sizeOf,
  type Tensor,
  type TensorData,
  type TensorValue,
} from './tensor.js';
import { averageGraph, groupGraph } from './trainerGraph.js';

/** Parameters that one loss trains. */
export interface TrainingGroup {
  readonly name: string;
  readonly parameters: readonly Parameter[];
  /** Scalar; differentiated with respect to this group's parameters only. */
  readonly loss: Tensor;
  readonly optimizer: Optimizer;
}

/** Parameters that follow others: target += rate * (source - target) after every step (Polyak averaging). */
export interface Averaging {
  /** Start as copies of the sources. */
  readonly target: readonly Parameter[];
  /** Trained parameters of the same shapes, in the same order. */
  readonly source: readonly Parameter[];
  readonly rate: number;
}

export interface TrainerOptions<Metric extends string, Output extends string = never> {
  readonly groups: readonly TrainingGroup[];
  readonly averages?: readonly Averaging[];
  /** Scalars that every step returns as numbers. */
  readonly metrics: Readonly<Record<Metric, Tensor>>;
  /** Other float32 tensors that every step returns, for example one value per sample. */
  readonly outputs?: Readonly<Record<Output, Tensor>>;
  /** First values are drawn from forks of this stream, named after the parameters. */
  readonly stream: RandomStream;
  /** First values that replace drawn ones, for example of a pre-trained encoder. */
  readonly initial?: ParameterValues;
  /** Threads inside one operator. */
  readonly threads?: number;
}

/** Everything a trainer needs to go on: parameters, moments and step count. Its tensors can be saved as safetensors. */
export interface TrainerState {
  /** Steps done. */
  readonly step: number;
  /** `parameter/NAME`, and `moment/MOMENT/GROUP` as flat vectors. */
  readonly tensors: ParameterValues;
}

export interface Trainer<Metric extends string, Output extends string = never> {
  /**
   * One step of every group, all from the values before the step, then the averages. Returns metrics and outputs as
   * computed before the step. Blocks the calling thread while it computes.
   */
  step(batch: Batch): Promise<Record<Metric, number> & Record<Output, Float32Array>>;
  /** Current values of all parameters of the graph: trained, averaged and fixed; copies. */
  parameters(): Record<string, TensorValue>;
  /** Replaces values of parameters by name; moments and step count stay. */
  setParameters(values: ParameterValues): void;
  state(): TrainerState;
  /** Goes on from a state: the same batches then give the same bytes as an uninterrupted run. */
  restore(state: TrainerState): void;
  /** Frees native memory; the trainer cannot be used afterwards. */
  close(): Promise<void>;
}

/**
 * Compiles losses, gradients, optimiser steps and averages into one graph. Parameters that the graph uses but that are
 * in no group and in no average are fixed: they are fed, and change only through `setParameters`.
 * @throws InputError for an unknown or doubly used parameter, a loss or metric that is no scalar, a shape that differs
 */
export async function compileTrainer<Metric extends string, Output extends string = never>(
  options: TrainerOptions<Metric, Output>,
): Promise<Trainer<Metric, Output>> {
  const { groups, averages = [], metrics, stream, initial = {}, threads = 1 } = options;
  const outputs: Readonly<Record<string, Tensor>> = options.outputs ?? {};
  const metricNames = Object.keys(metrics);
  for (const [name, metric] of Object.entries<Tensor>(metrics)) requireScalar(`metric "${name}"`, metric);
  for (const [name, output] of Object.entries(outputs)) requireFloat(name, output);

  const groupParts = groups.map(groupGraph);
  const averageParts = averages.map((averaging, index) => averageGraph(averaging, index, groupParts));
  const losses = groups.map(({ loss }) => loss);
  const moving = [...groupParts, ...averageParts].flatMap(({ pack }) => pack.parameters);
  requireDistinct(moving);
  const fixed = parametersOf([...losses, ...Object.values<Tensor>(metrics), ...Object.values(outputs)]).filter(
    (one) => !moving.includes(one),
  );
  const packs = [...groupParts, ...averageParts].map(({ pack }) => pack);
  if (fixed.length > 0) packs.push(makePack('fixed', fixed));
  const allParameters = packs.flatMap(({ parameters }) => parameters);
  requireKnownNames(initial, allParameters);

  const metricVector = Object.values<Tensor>(metrics).map((metric) => reshape(metric, [1]));
  const stateOutputs = [...groupParts, ...averageParts].flatMap(({ next }) => Object.entries(next));
  const { bytes, inputs } = lower(
    {
      ...Object.fromEntries(stateOutputs.map(([name, tensor]) => [`next/${name}`, tensor])),
      ...Object.fromEntries(Object.entries(outputs).map(([name, tensor]) => [`output/${name}`, tensor])),
      ...(metricVector.length > 0 ? { metrics: concat(metricVector, 0) } : {}),
    },
    { packs, baked: new Map() },
    { dialect: 'runtime' },
  );
  const internal = groupParts.flatMap(({ moments, scalars }) => [...Object.values(moments), ...Object.values(scalars)]);
  const batchInputs = inputs.filter((one) => !internal.includes(one));

  /** State vectors by input name: one per pack, and one per moment. */
  const vectors = new Map<string, Float32Array>();
  for (const pack of packs) vectors.set(pack.vector.attributes.name, drawValues(pack, stream, initial));
  for (const { averaging, pack } of averageParts) startFromSources(averaging, pack, groupParts, vectors, initial);
  for (const { moments } of groupParts) {
    for (const { attributes } of Object.values(moments))
      vectors.set(attributes.name, new Float32Array(attributes.shape[0]!));
  }
  let steps = 0;
  let running = false;
  const session = await createSession(bytes, threads);

  function currentParameters(): Record<string, TensorValue> {
    return Object.assign({}, ...packs.map((pack) => unpackValues(pack, vectors.get(pack.vector.attributes.name)!)));
  }

  function setParameters(values: ParameterValues): void {
    requireKnownNames(values, allParameters);
    for (const pack of packs) packValues(pack, values, vectors.get(pack.vector.attributes.name)!);
  }

  return {
    async step(batch) {
      if (running) throw new InputError('step: the previous step of this trainer has not finished; await it first');
      const feeds: Record<string, RuntimeValue> = batchFeeds(batchInputs, batch);
      for (const [name, data] of vectors) feeds[name] = { dtype: 'float32', shape: [data.length], data };
      for (const { scalars, optimizer } of groupParts) {
        for (const [name, value] of Object.entries(optimizer.scalars(steps + 1))) {
          feeds[scalars[name]!.attributes.name] = { dtype: 'float32', shape: [], data: new Float32Array([value]) };
        }
      }
      running = true;
      try {
        const results = await session.run(feeds);
        for (const [name] of stateOutputs) vectors.set(name, asFloats(results[`next/${name}`]));
        steps++;
        const values = metricNames.length > 0 ? asFloats(results.metrics) : new Float32Array();
        return {
          ...(Object.fromEntries(metricNames.map((name, index) => [name, values[index]!])) as Record<Metric, number>),
          ...(Object.fromEntries(
            Object.keys(outputs).map((name) => [name, asFloats(results[`output/${name}`])]),
          ) as Record<Output, Float32Array>),
        };
      } finally {
        running = false;
      }
    },
    parameters: currentParameters,
    setParameters,
    state() {
      const tensors: Record<string, TensorValue> = {};
      for (const [name, value] of Object.entries(currentParameters())) tensors[`parameter/${name}`] = value;
      for (const { moments } of groupParts) {
        for (const { attributes } of Object.values(moments)) {
          tensors[attributes.name] = { shape: attributes.shape, data: vectors.get(attributes.name)!.slice() };
        }
      }
      return { step: steps, tensors };
    },
    restore({ step, tensors }) {
      const values: Record<string, TensorValue> = {};
      for (const parameter of allParameters) {
        const { name } = parameter.attributes;
        values[name] = required(tensors, `parameter/${name}`);
        checkedValue(parameter, values[name]);
      }
      const momentInputs = groupParts.flatMap(({ moments }) => Object.values(moments));
      for (const { attributes } of momentInputs) {
        const { shape, data } = required(tensors, attributes.name);
        if (data.length !== attributes.shape[0]) {
          throw new InputError(`restore: "${attributes.name}" is ${show(shape)}; expected ${show(attributes.shape)}`);
        }
      }
      setParameters(values);
      for (const { attributes } of momentInputs) {
        vectors.set(attributes.name, required(tensors, attributes.name).data.slice());
      }
      steps = step;
    },
    close: () => session.close(),
  };
}

/** First values of a pack: given ones, else drawn from a stream of the parameter's name. */
function drawValues(pack: Pack, stream: RandomStream, initial: ParameterValues): Float32Array {
  const vector = new Float32Array(sizeOf(pack.vector.shape));
  for (const parameter of pack.parameters) {
    const { name, shape, initializer } = parameter.attributes;
    if (initial[name] !== undefined) continue;
    vector.set(
      checkedValue(parameter, { shape, data: initializer(shape, stream.fork(name)) }),
      pack.offsets.get(parameter)!,
    );
  }
  packValues(pack, initial, vector);
  return vector;
}

/** Averaged parameters start as copies of their sources, except those with a given value. */
function startFromSources(
  { target, source }: Averaging,
  pack: Pack,
  groups: readonly { readonly pack: Pack }[],
  vectors: ReadonlyMap<string, Float32Array>,
  initial: ParameterValues,
): void {
  const values = Object.assign(
    {},
    ...groups.map((group) => unpackValues(group.pack, vectors.get(group.pack.vector.attributes.name)!)),
  );
  const copies = target.map((one, index) => [one.attributes.name, values[source[index]!.attributes.name]] as const);
  packValues(pack, { ...Object.fromEntries(copies), ...initial }, vectors.get(pack.vector.attributes.name)!);
}

function requireScalar(owner: string, tensor: Tensor): void {
  if (tensor.shape.length !== 0 || tensor.dtype !== 'float32') {
    throw new InputError(`${owner} is ${tensor.dtype} ${show(tensor.shape)}; expected a float32 scalar`);
  }
}

function requireDistinct(parameters: readonly Parameter[]): void {
  const seen = new Set<Parameter>();
  for (const parameter of parameters) {
    if (seen.has(parameter)) {
      throw new InputError(`parameter "${parameter.attributes.name}" is in two groups or averages`);
    }
    seen.add(parameter);
  }
}

function required(tensors: ParameterValues, name: string): TensorValue {
  const value = tensors[name];
  if (value === undefined) throw new InputError(`restore: the state has no tensor "${name}"`);
  return value;
}

function asFloats(data: TensorData | undefined): Float32Array {
  if (!(data instanceof Float32Array)) throw new Error('internal: a state or metric of the graph is not float32');
  return data;
}
