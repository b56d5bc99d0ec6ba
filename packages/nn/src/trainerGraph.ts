import { InputError } from '@rapport/core';
import type { ParameterForms } from './forms.js';
import { gradient } from './gradients/gradient.js';
import type { KernelProgram } from './kernels/elementwise.js';
import { add, concat, mul, reshape, sub } from './ops/index.js';
import type { Optimizer } from './optimizers.js';
import { makePack, type Pack } from './packing.js';
import { sameShape, show } from './shapes.js';
import { input, type Parameter, sizeOf, type Tensor, type TensorOf } from './tensor.js';
import type { Averaging, TrainingGroup } from './trainer.js';

type Inputs = Readonly<Record<string, TensorOf<'input'>>>;

/** One group's step: what the graph computes, and what then happens to the vectors. */
export interface GroupGraph {
  readonly pack: Pack;
  readonly optimizer: Optimizer;
  /** Vectors that the optimiser keeps, by its names for them; they are named `moment/MOMENT/GROUP`. */
  readonly moments: Inputs;
  /** The vector that takes the gradient. */
  readonly slope: TensorOf<'input'>;
  /** Results of the graph: the flat gradient, and scalars that follow from it by the optimiser's names for them. */
  readonly gradient: Tensor;
  readonly measured: Readonly<Record<string, Tensor>>;
  /** Names of the scalars of the update, in the order of `program.scalars`. */
  readonly scalarNames: readonly string[];
  readonly program: KernelProgram;
}

/** Gradient of the group's loss as one flat vector, and the optimiser step on it. */
export function groupGraph({ name, parameters, loss, optimizer }: TrainingGroup, forms: ParameterForms): GroupGraph {
  if (parameters.length === 0) throw new InputError(`group "${name}" has no parameters`);
  const pack = makePack(`group/${name}`, parameters, forms);
  const size = sizeOf(pack.vector.shape);
  const kept = parameters.map((parameter) => forms.get(parameter) ?? parameter);
  const gradients = gradient(loss, kept).map((one) => reshape(one, [sizeOf(one.shape)]));
  const flat = concat(gradients, 0);
  const measured = optimizer.measure(flat);

  const slope = input(`gradient/${name}`, [size]);
  const moments = namedInputs(optimizer.moments, (moment) => input(`moment/${moment}/${name}`, [size]));
  const scalarNames = [...Object.keys(optimizer.scalars(1)), ...Object.keys(measured)];
  const scalars = namedInputs(scalarNames, (scalar) => input(`scalar/${scalar}/${name}`, []));
  const updated = optimizer.update(pack.vector, slope, moments, scalars);
  const results = new Map<Tensor, Tensor>([[pack.vector, updated.parameters]]);
  for (const moment of optimizer.moments) results.set(moments[moment]!, updated.moments[moment]!);
  const vectors = [pack.vector, slope, ...Object.values(moments)];
  const program = { vectors, scalars: Object.values(scalars), results };
  return { pack, optimizer, moments, slope, gradient: flat, measured, scalarNames, program };
}

/** Neighbouring parameters of one pack that others follow. */
interface Run {
  readonly source: Pack;
  /** Positions in the source's vector. */
  readonly start: number;
  readonly end: number;
}

/** One averaging: its vector is made of the runs, one after the other. */
export interface AverageGraph {
  readonly pack: Pack;
  readonly runs: readonly Run[];
  /** Vectors: the averages, and what they follow. */
  readonly program: KernelProgram;
}

/** target + rate * (source - target), from the sources' values after the step. */
export function averageGraph(
  averaging: Averaging,
  index: number,
  groups: readonly GroupGraph[],
  forms: ParameterForms,
): AverageGraph {
  const { target, source, rate } = averaging;
  const fits = target.length === source.length && target.every((one, at) => sameShape(one.shape, source[at]!.shape));
  if (!fits || target.length === 0) {
    throw new InputError(`averages[${index}]: target and source are not parameters of the same shapes in one order`);
  }
  const pack = makePack(`average/${index}`, target, forms);
  const followed = input('source', pack.vector.shape);
  const results = new Map<Tensor, Tensor>([[pack.vector, add(pack.vector, mul(sub(followed, pack.vector), rate))]]);
  return { pack, runs: runsOf(source, groups), program: { vectors: [pack.vector, followed], scalars: [], results } };
}

/** Where parameters lie in the groups' vectors, neighbours together. */
function runsOf(parameters: readonly Parameter[], groups: readonly GroupGraph[]): Run[] {
  const runs: Run[] = [];
  for (const parameter of parameters) {
    const source = groups.find(({ pack }) => pack.offsets.has(parameter))?.pack;
    if (source === undefined) {
      throw new InputError(
        `averages: source "${parameter.attributes.name}" ${show(parameter.shape)} is in no training group`,
      );
    }
    const start = source.offsets.get(parameter)!;
    const end = start + sizeOf(parameter.shape);
    const last = runs.at(-1);
    if (last !== undefined && last.source === source && last.end === start) runs[runs.length - 1] = { ...last, end };
    else runs.push({ source, start, end });
  }
  return runs;
}

function namedInputs(names: readonly string[], make: (name: string) => TensorOf<'input'>): Inputs {
  return Object.fromEntries(names.map((name) => [name, make(name)]));
}
