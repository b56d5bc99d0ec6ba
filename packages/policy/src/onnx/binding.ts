import { type CameraView, InputError, type PolicySignature } from '@rapport/core';
import type { DeclaredValue } from '@rapport/nn';
import type { OnnxCard, OnnxNormalization } from './card.js';

/** An input of a model, and how it is filled. All of them have a first axis of one, or none. */
export type BoundInput = {
  readonly name: string;
  /** The shape that is fed. */
  readonly shape: readonly number[];
  readonly scaling: Scaling | undefined;
} & (
  | { readonly kind: 'state'; readonly start: number; readonly end: number }
  | {
      readonly kind: 'camera';
      /** Which of the signature's cameras. */
      readonly index: number;
      readonly layout: 'planes' | 'rows';
      readonly dtype: 'float32' | 'uint8';
    }
  | { readonly kind: 'noise' }
);

/** normalised = (x - shift) * scale, per channel. */
export interface Scaling {
  readonly shift: Float64Array;
  readonly scale: Float64Array;
}

/** A model whose inputs and output are known. */
export interface OnnxBinding {
  readonly inputs: readonly BoundInput[];
  readonly signature: PolicySignature;
  readonly observationSteps: number;
  readonly firstAction: number;
  /** Actions of a chunk, from its oldest on. */
  readonly chunk: number;
  readonly actionSteps: number;
  readonly actionSize: number;
  readonly outputScaling: Scaling | undefined;
}

/** What a model declares. */
export interface ModelDeclaration {
  readonly inputs: readonly DeclaredValue[];
  readonly outputs: readonly DeclaredValue[];
}

/**
 * Holds a card against what the model declares.
 * @param source the model's file, for errors
 * @throws InputError naming the input or output, what was found and what was expected
 */
export function bindModel(model: ModelDeclaration, card: OnnxCard, source: string): OnnxBinding {
  const fail = (what: string) => new InputError(`${source}: ${what}`);
  requireNames('input', model.inputs, Object.keys(card.inputs), fail);
  const unfed = model.inputs.find(({ name }) => card.inputs[name] === undefined);
  if (unfed !== undefined) {
    throw fail(`input "${unfed.name}" ${describe(unfed)} has no source; expected one of state, camera:NAME, noise`);
  }
  requireNames('output', model.outputs, [card.output], fail);
  requireNames('input or output', [...model.inputs, ...model.outputs], Object.keys(card.normalization), fail);

  const observationSteps = stepsOf(model.inputs, card, fail);
  const cameras: CameraView[] = [];
  const inputs = model.inputs.map((declared) => bindInput(declared, card, { observationSteps, cameras, fail }));
  const ends = inputs.flatMap((input) => (input.kind === 'state' ? [input.end] : []));
  const { chunk, actionSize } = outputShape(model.outputs.find(({ name }) => name === card.output)!, fail);
  const { firstAction } = card;
  const actionSteps = card.actionSteps ?? chunk - firstAction;
  if (actionSteps < 1 || firstAction + actionSteps > chunk) {
    throw fail(
      `output "${card.output}" has ${chunk} actions; ${actionSteps} from number ${firstAction} on are to be executed`,
    );
  }
  return {
    inputs,
    signature: { observationSize: ends.length === 0 ? undefined : Math.max(...ends), actionSize, cameras },
    observationSteps,
    firstAction,
    chunk,
    actionSteps,
    actionSize,
    outputScaling: scalingOf(card, card.output, actionSize, fail),
  };
}

type Fail = (what: string) => InputError;

/** @param binding what is known of the other inputs; a camera of this one is added */
function bindInput(
  declared: DeclaredValue,
  card: OnnxCard,
  binding: { readonly observationSteps: number; readonly cameras: CameraView[]; readonly fail: Fail },
): BoundInput {
  const { observationSteps, cameras, fail } = binding;
  const { name } = declared;
  const from = card.inputs[name]!;
  switch (from.kind) {
    case 'state': {
      const { shape, size } = stateShape(declared, observationSteps, fail);
      const { start = 0, end = size } = from;
      if (end - start !== size) {
        throw fail(`input "${name}" takes ${size} numbers a step; its source has ${end - start}`);
      }
      return { name, kind: 'state', start, end, shape, scaling: scalingOf(card, name, size, fail) };
    }
    case 'camera': {
      const { shape, layout, width, height, dtype } = pictureShape(declared, observationSteps, fail);
      const scaling = scalingOf(card, name, 3, fail);
      if (scaling !== undefined && dtype === 'uint8') {
        throw fail(`input "${name}" takes bytes, which are not normalised`);
      }
      cameras.push({ camera: from.camera, width, height });
      return { name, kind: 'camera', index: cameras.length - 1, layout, dtype, shape, scaling };
    }
    case 'noise': {
      requireType(declared, ['float32'], fail);
      const shape = declared.shape.map((size, axis) => size ?? (axis === 0 ? 1 : undefined));
      return { name, kind: 'noise', shape: requireSizes(declared, shape, fail), scaling: undefined };
    }
  }
}

function requireNames(what: string, known: readonly DeclaredValue[], used: readonly string[], fail: Fail): void {
  const wrong = used.find((name) => !known.some((one) => one.name === name));
  if (wrong === undefined) return;
  throw fail(`there is no ${what} "${wrong}"; the model has ${known.map((one) => `"${one.name}"`).join(', ')}`);
}

function describe({ dtype, shape }: DeclaredValue): string {
  return `${dtype} [${shape.map((size) => size ?? '?').join(', ')}]`;
}

function requireType(value: DeclaredValue, types: readonly string[], fail: Fail): void {
  if (!types.includes(value.dtype)) {
    throw fail(`"${value.name}" is ${describe(value)}; expected ${types.join(' or ')}`);
  }
}

function requireSizes(value: DeclaredValue, shape: readonly (number | undefined)[], fail: Fail): number[] {
  const sizes = shape.filter((size) => size !== undefined);
  if (sizes.length === shape.length) return sizes;
  throw fail(`"${value.name}" is ${describe(value)}, which leaves a size open; export it with fixed sizes`);
}

/** Axis of the steps in inputs that have one: [1, steps, entries], [1, steps, (3, height, width)]. */
function stepsAxis(card: OnnxCard, { name, shape }: DeclaredValue): number | undefined {
  const { kind } = card.inputs[name]!;
  return (kind === 'state' && shape.length === 3) || (kind === 'camera' && shape.length === 5) ? 1 : undefined;
}

function stepsOf(inputs: readonly DeclaredValue[], card: OnnxCard, fail: Fail): number {
  let steps = card.observationSteps;
  for (const value of inputs) {
    const axis = stepsAxis(card, value);
    const declared = axis === undefined ? undefined : value.shape[axis];
    if (declared === undefined) continue;
    steps ??= declared;
    if (declared !== steps) {
      throw fail(`input "${value.name}" is ${describe(value)}; expected ${steps} observation steps, not ${declared}`);
    }
  }
  return steps ?? 1;
}

function stateShape(value: DeclaredValue, steps: number, fail: Fail): { shape: number[]; size: number } {
  requireType(value, ['float32'], fail);
  const { shape } = value;
  const last = shape.at(-1);
  const isOne = shape.length < 2 || shape[0] === undefined || shape[0] === 1;
  if (shape.length < 1 || shape.length > 3 || !isOne) {
    throw fail(`input "${value.name}" is ${describe(value)}; expected [1, steps, entries] or [1, entries] for a state`);
  }
  if (last === undefined) requireSizes(value, shape, fail);
  if (shape.length === 3) return { shape: [1, steps, last!], size: last! };
  if (last! % steps !== 0) {
    throw fail(`input "${value.name}" is ${describe(value)}; expected a multiple of ${steps} observation steps`);
  }
  return { shape: shape.length === 1 ? [last!] : [1, last!], size: last! / steps };
}

function pictureShape(value: DeclaredValue, steps: number, fail: Fail) {
  requireType(value, ['float32', 'uint8'], fail);
  const { shape } = value;
  const picture = shape.slice(-3);
  const isOne = shape[0] === undefined || shape[0] === 1;
  const layout = picture[0] === 3 ? 'planes' : 'rows';
  const expected = `input "${value.name}" is ${describe(value)}; expected [1, 3, height, width] or [1, height, width, 3] for a picture`;
  if ((shape.length !== 4 && shape.length !== 5) || !isOne) throw fail(expected);
  if (layout === 'rows' && picture[2] !== 3) throw fail(expected);
  if (shape.length === 4 && steps !== 1) {
    throw fail(`input "${value.name}" is ${describe(value)}; expected an axis of ${steps} observation steps`);
  }
  const [first, second, third] = requireSizes(value, picture, fail);
  const [height, width] = layout === 'planes' ? [second!, third!] : [first!, second!];
  return {
    shape: [1, ...(shape.length === 5 ? [steps] : []), first!, second!, third!],
    layout,
    height,
    width,
    dtype: value.dtype === 'uint8' ? 'uint8' : 'float32',
  } as const;
}

/** [1, chunk, action], [chunk, action] or [action]. */
function outputShape(value: DeclaredValue, fail: Fail): { chunk: number; actionSize: number } {
  requireType(value, ['float32'], fail);
  const { shape } = value;
  if (shape.length < 1 || shape.length > 3 || (shape.length === 3 && shape[0] !== undefined && shape[0] !== 1)) {
    throw fail(`output "${value.name}" is ${describe(value)}; expected [1, actions, entries] or [1, entries]`);
  }
  const kept = shape.slice(-2).map((size, axis) => size ?? (shape.length === 2 && axis === 0 ? 1 : undefined));
  const sizes = requireSizes(value, kept, fail);
  return sizes.length === 1 ? { chunk: 1, actionSize: sizes[0]! } : { chunk: sizes[0]!, actionSize: sizes[1]! };
}

function scalingOf({ normalization }: OnnxCard, name: string, channels: number, fail: Fail): Scaling | undefined {
  const given = normalization[name];
  if (given === undefined) return undefined;
  for (const [key, values] of Object.entries(given)) {
    if (values.length !== channels) {
      throw fail(`the normalisation of "${name}" has ${values.length} numbers as ${key}; expected ${channels}`);
    }
  }
  const scaling = asScaling(given);
  const flat = scaling.scale.findIndex((scale) => !Number.isFinite(scale));
  if (flat >= 0)
    throw fail(`the normalisation of "${name}" does not vary in channel ${flat}; expected a range or deviation`);
  return scaling;
}

function asScaling(given: OnnxNormalization): Scaling {
  if ('mean' in given) {
    return { shift: Float64Array.from(given.mean), scale: Float64Array.from(given.std, (std) => 1 / std) };
  }
  // Halfway between the bounds is 0, the upper one 1.
  return {
    shift: Float64Array.from(given.min, (low, channel) => (low + given.max[channel]!) / 2),
    scale: Float64Array.from(given.min, (low, channel) => 2 / (given.max[channel]! - low)),
  };
}
