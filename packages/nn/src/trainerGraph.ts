import { InputError } from '@rapport/core';
import type { ParameterForms } from './forms.js';
import { gradient } from './gradients/gradient.js';
import { add, concat, mul, reshape, slice, sub } from './ops/index.js';
import type { Optimizer } from './optimizers.js';
import { makePack, type Pack } from './packing.js';
import { sameShape, show } from './shapes.js';
import { input, type Parameter, sizeOf, type Tensor, type TensorOf } from './tensor.js';
import type { Averaging, TrainingGroup } from './trainer.js';

type Inputs = Readonly<Record<string, TensorOf<'input'>>>;

/** The graph of one group's step. */
export interface GroupGraph {
  readonly pack: Pack;
  readonly optimizer: Optimizer;
  /** Vectors that the optimiser keeps, by its names for them; the inputs are named `moment/MOMENT/GROUP`. */
  readonly moments: Inputs;
  /** Numbers fed at every step, by the optimiser's names for them. */
  readonly scalars: Inputs;
  /** New vectors by the name of the input that they replace. */
  readonly next: Readonly<Record<string, Tensor>>;
}

/** The graph of one averaging. */
export interface AverageGraph {
  readonly pack: Pack;
  readonly averaging: Averaging;
  readonly next: Readonly<Record<string, Tensor>>;
}

/** Gradient of the group's loss as one flat vector, and the optimiser step on it. */
export function groupGraph({ name, parameters, loss, optimizer }: TrainingGroup, forms: ParameterForms): GroupGraph {
  if (parameters.length === 0) throw new InputError(`group "${name}" has no parameters`);
  const pack = makePack(`group/${name}`, parameters, forms);
  const size = sizeOf(pack.vector.shape);
  const moments = namedInputs(optimizer.moments, (moment) => input(`moment/${moment}/${name}`, [size]));
  const scalars = namedInputs(Object.keys(optimizer.scalars(1)), (scalar) => input(`scalar/${scalar}/${name}`, []));
  const kept = parameters.map((parameter) => forms.get(parameter) ?? parameter);
  const gradients = gradient(loss, kept).map((one) => reshape(one, [sizeOf(one.shape)]));
  const updated = optimizer.update(pack.vector, concat(gradients, 0), moments, scalars);
  const next: Record<string, Tensor> = { [pack.vector.attributes.name]: updated.parameters };
  for (const moment of optimizer.moments) next[moments[moment]!.attributes.name] = updated.moments[moment]!;
  return { pack, optimizer, moments, scalars, next };
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
  const newSource = concat(runsOf(source, groups), 0);
  const moved = add(pack.vector, mul(sub(newSource, pack.vector), rate));
  return { pack, averaging, next: { [pack.vector.attributes.name]: moved } };
}

/** The updated values of parameters as slices of the groups' new vectors, neighbours in one slice. */
function runsOf(parameters: readonly Parameter[], groups: readonly GroupGraph[]): Tensor[] {
  const runs: { group: GroupGraph; start: number; end: number }[] = [];
  for (const parameter of parameters) {
    const group = groups.find(({ pack }) => pack.offsets.has(parameter));
    if (group === undefined) {
      throw new InputError(
        `averages: source "${parameter.attributes.name}" ${show(parameter.shape)} is in no training group`,
      );
    }
    const start = group.pack.offsets.get(parameter)!;
    const last = runs.at(-1);
    if (last !== undefined && last.group === group && last.end === start) last.end += sizeOf(parameter.shape);
    else runs.push({ group, start, end: start + sizeOf(parameter.shape) });
  }
  return runs.map(({ group, start, end }) => slice(group.next[group.pack.vector.attributes.name]!, 0, start, end));
}

function namedInputs(names: readonly string[], make: (name: string) => TensorOf<'input'>): Inputs {
  return Object.fromEntries(names.map((name) => [name, make(name)]));
}
