import { InputError, type RandomStream } from '@rapport/core';
import { parametersOf, requireFloat } from './compiledFunction.js';
import { type Batch, batchFeeds } from './feeds.js';
import { type ParameterForms, parameterForms } from './forms.js';
import { compileKernel } from './kernels/elementwise.js';
import { lower } from './lowering/lower.js';
import { concat, reshape } from './ops/index.js';
import type { Optimizer } from './optimizers.js';
import { makePack, type Pack } from './packing.js';
import { createSession } from './runtime.js';
import { show } from './shapes.js';
import {
  type Parameter,
  type ParameterValues,
  sizeOf,
  type Tensor,
  type TensorData,
  type TensorValue,
} from './tensor.js';
import { type AverageGraph, averageGraph, type GroupGraph, groupGraph } from './trainerGraph.js';
import { asFloats, TrainerVectors } from './trainerState.js';

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
  /** First values that replace drawn ones, for example of a pre-trained encoder; names not in the graph are ignored. */
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
 * Compiles losses and gradients into one graph, optimiser steps and averages into loops over its results. Parameters that
 * the graph uses but that are in no group and in no average are fixed: they are fed, and change only through
 * `setParameters`.
 * @throws InputError for an unknown or doubly used parameter, a loss or metric that is no scalar, a shape that differs
 */
export async function compileTrainer<Metric extends string, Output extends string = never>(
  options: TrainerOptions<Metric, Output>,
): Promise<Trainer<Metric, Output>> {
  const { groups, averages = [], metrics, stream, initial = {}, threads = 1 } = options;
  const outputs: Readonly<Record<string, Tensor>> = options.outputs ?? {};
  const metricTensors = Object.values<Tensor>(metrics);
  for (const [name, metric] of Object.entries<Tensor>(metrics)) requireScalar(`metric "${name}"`, metric);
  for (const [name, output] of Object.entries(outputs)) requireFloat(name, output);

  const read = [...groups.map(({ loss }) => loss), ...metricTensors, ...Object.values(outputs)];
  const forms = parameterForms(read, averages);
  const groupGraphs = groups.map((group) => groupGraph(group, forms));
  const averageGraphs = averages.map((averaging, index) => averageGraph(averaging, index, groupGraphs, forms));
  const moving = [...groupGraphs, ...averageGraphs];
  const packs = moving.map(({ pack }) => pack);
  packs.push(...fixedPacks(read, packs, forms));
  const moments = groupGraphs.flatMap((one) => Object.values(one.moments));
  const slopes = groupGraphs.map(({ slope }) => slope);

  const { bytes, inputs, parameters } = lower(
    {
      ...Object.fromEntries(groupGraphs.map(({ slope, gradient }) => [slope.attributes.name, gradient])),
      ...Object.fromEntries(
        groupGraphs.flatMap(({ slope, measured }) => Object.entries(prefixed(slope.attributes.name, measured))),
      ),
      ...prefixed('output', outputs),
      ...(metricTensors.length > 0
        ? {
            metrics: concat(
              metricTensors.map((one) => reshape(one, [1])),
              0,
            ),
          }
        : {}),
    },
    { fed: packs.flatMap((pack) => pack.parameters), forms, baked: new Map() },
    { dialect: 'runtime' },
  );

  const vectors = new TrainerVectors({ packs, moments, slopes }, stream, initial);
  vectors.setParameters(sourceValues(averages, vectors.parameters(), initial));
  const views = vectors.views(parameters);
  const into = Object.fromEntries(slopes.map((slope) => [slope.attributes.name, vectors.of(slope)]));
  const updates = [
    ...groupGraphs.map((one) => groupUpdate(one, vectors)),
    ...averageGraphs.map((one) => averageUpdate(one, vectors)),
  ];
  const session = await createSession(bytes, threads);
  let steps = 0;
  let running = false;

  return {
    async step(batch) {
      if (running) throw new InputError('step: the previous step of this trainer has not finished; await it first');
      const feeds = { ...batchFeeds(inputs, batch), ...views };
      running = true;
      try {
        const results = await session.run(feeds, into);
        for (const update of updates) update(steps + 1, results);
        steps++;
        return { ...metricNumbers(metrics, results.metrics), ...namedOutputs(options.outputs, results) };
      } finally {
        running = false;
      }
    },
    parameters: () => vectors.parameters(),
    setParameters: (values) => vectors.setParameters(values),
    state: () => ({ step: steps, tensors: vectors.tensors() }),
    restore({ step, tensors }) {
      vectors.restore(tensors);
      steps = step;
    },
    close: () => session.close(),
  };
}

/** A pack of the parameters that the tensors use and that no other pack holds; none when there are none. */
function fixedPacks(tensors: readonly Tensor[], packs: readonly Pack[], forms: ParameterForms): Pack[] {
  const moving = packs.flatMap(({ parameters }) => parameters);
  requireDistinct(moving);
  const fixed = parametersOf(tensors).filter((one) => !moving.includes(one));
  return fixed.length > 0 ? [makePack('fixed', fixed, forms)] : [];
}

/** Averaged parameters start as copies of their sources, except those with a given value. */
function sourceValues(
  averages: readonly Averaging[],
  current: ParameterValues,
  initial: ParameterValues,
): ParameterValues {
  const copies: Record<string, TensorValue> = {};
  for (const { target, source } of averages) {
    target.forEach(({ attributes: { name } }, index) => {
      if (initial[name] === undefined) copies[name] = current[source[index]!.attributes.name]!;
    });
  }
  return copies;
}

/** Changes vectors after the graph has run. */
type Update = (step: number, results: Readonly<Record<string, TensorData>>) => void;

function groupUpdate(
  { pack, program, optimizer, moments, scalarNames, measured, slope }: GroupGraph,
  vectors: TrainerVectors,
): Update {
  const kernel = compileKernel(program, vectors.memory);
  const offsets = [pack.vector, slope, ...Object.values(moments)].map((vector) => vectors.of(vector).byteOffset);
  const count = sizeOf(slope.shape);
  return (step, results) => {
    const numbers: Record<string, number> = { ...optimizer.scalars(step) };
    for (const name of Object.keys(measured)) numbers[name] = asFloats(results[`${slope.attributes.name}/${name}`])[0]!;
    kernel.run(
      offsets,
      count,
      scalarNames.map((name) => numbers[name]!),
    );
  };
}

function averageUpdate({ pack, runs, program }: AverageGraph, vectors: TrainerVectors): Update {
  const kernel = compileKernel(program, vectors.memory);
  return () => {
    let target = vectors.of(pack.vector).byteOffset;
    for (const { source, start, end } of runs) {
      const from = vectors.of(source.vector).byteOffset + start * Float32Array.BYTES_PER_ELEMENT;
      kernel.run([target, from], end - start, []);
      target += (end - start) * Float32Array.BYTES_PER_ELEMENT;
    }
  };
}

function metricNumbers<Name extends string>(
  metrics: Readonly<Record<Name, Tensor>>,
  vector: TensorData | undefined,
): Record<Name, number> {
  const numbers: Partial<Record<Name, number>> = {};
  let index = 0;
  for (const name in metrics) numbers[name] = asFloats(vector)[index++]!;
  return numbers as Record<Name, number>;
}

function namedOutputs<Name extends string>(
  outputs: Readonly<Record<Name, Tensor>> | undefined,
  results: Readonly<Record<string, TensorData>>,
): Record<Name, Float32Array> {
  const named: Partial<Record<Name, Float32Array>> = {};
  for (const name in outputs) named[name] = asFloats(results[`output/${name}`]);
  return named as Record<Name, Float32Array>;
}

function prefixed(prefix: string, tensors: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [`${prefix}/${name}`, tensor]));
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
