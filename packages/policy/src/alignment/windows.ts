import { InputError, throwIfAborted, type WorkOptions } from '@rapport/core';
import { type CompiledFunction, compileFunction, input, type Tensor } from '@rapport/nn';
import type { DiffusionCheckpoint } from '../diffusion/checkpoint.js';
import { ACTION_FEATURE, ENVIRONMENT_FEATURE, STATE_FEATURE } from '../diffusion/config.js';
import type { Demonstration } from '../diffusion/demonstrations.js';
import { type DiffusionNetwork, normalizedPictures } from '../diffusion/network.js';
import { type Affine, featureAffine, normalize } from '../diffusion/normalization.js';
import type { AlignmentConfig } from './config.js';

/** A rollout as the denoiser sees it, normalised by the policy's own statistics. */
interface EncodedRollout {
  readonly length: number;
  /** Features of each step, [length, step features]: state, cameras, environment state. */
  readonly features: Float32Array;
  /** [length, action] */
  readonly actions: Float32Array;
}

/**
 * Rollouts cut into windows. The window at step t has the condition of the last `nObsSteps` observations (the first one
 * fills the past), and as its chunk the `horizon` recorded actions from t - nObsSteps + 1 on, as in training; past both
 * ends the nearest action is repeated and does not count.
 */
export interface RolloutWindows {
  readonly lengths: readonly number[];
  readonly conditionSize: number;
  /** horizon * action */
  readonly chunkSize: number;
  /** Writes the condition of a window as row `row` of `out` [rows, condition]. */
  writeCondition(rollout: number, step: number, out: Float32Array, row: number): void;
  /** Writes the normalised chunk as row `row` of `out` [rows, horizon, action]. */
  writeChunk(rollout: number, step: number, out: Float32Array, row: number): void;
  /** Writes how much each action of the chunk counts, adding up to 1, as row `row` of `out` [rows, horizon]. */
  writeWeights(rollout: number, step: number, out: Float32Array, row: number): void;
}

/**
 * Normalises rollouts and encodes their pictures, once, with the policy's own encoders in evaluation mode.
 * @param what what the rollouts are, for errors: `rollout` or `demonstration`
 * @throws InputError when a rollout lacks a feature of the policy, or has it in another size
 */
export async function rolloutWindows(
  { config, statistics, parameters }: DiffusionCheckpoint,
  network: DiffusionNetwork,
  rollouts: readonly Demonstration[],
  { what, chunk }: { readonly what: string; readonly chunk: AlignmentConfig['chunk'] },
  work: WorkOptions,
): Promise<RolloutWindows> {
  const { shapes } = network;
  const { nObsSteps, nActionSteps, horizon } = config;
  const affineOf = (feature: string): Affine | undefined => {
    const { type } = (config.inputFeatures[feature] ?? config.outputFeatures[feature])!;
    return featureAffine(feature, type, config.normalizationMapping, statistics);
  };
  const affines: Affines = { of: new Map() };
  for (const feature of [...Object.keys(config.inputFeatures), ACTION_FEATURE])
    affines.of.set(feature, affineOf(feature));
  rollouts.forEach((rollout, index) => {
    checkRollout(rollout, `${what} ${index}`, network);
  });
  const encoder = await compileEncoder(network, parameters, affines);
  const encoded: EncodedRollout[] = [];
  try {
    for (const rollout of rollouts) {
      throwIfAborted(work.signal);
      encoded.push(await encodeRollout(rollout, network, affines, encoder));
      work.onProgress?.({ label: `encoding ${what}s`, done: encoded.length, total: rollouts.length });
    }
  } finally {
    await encoder?.close();
  }
  const featureSize = shapes.conditionSize / nObsSteps;
  const { actionSize } = shapes;
  const counts = (ahead: number) =>
    chunk === 'horizon' || (ahead >= nObsSteps - 1 && ahead < nObsSteps - 1 + nActionSteps);
  return {
    lengths: encoded.map(({ length }) => length),
    conditionSize: shapes.conditionSize,
    chunkSize: horizon * actionSize,
    writeCondition(rollout, step, out, row) {
      const { features } = encoded[rollout]!;
      for (let past = 0; past < nObsSteps; past++) {
        const at = Math.max(0, step - nObsSteps + 1 + past);
        const place = row * shapes.conditionSize + past * featureSize;
        out.set(features.subarray(at * featureSize, (at + 1) * featureSize), place);
      }
    },
    writeChunk(rollout, step, out, row) {
      const { actions, length } = encoded[rollout]!;
      for (let ahead = 0; ahead < horizon; ahead++) {
        const at = Math.min(Math.max(step - nObsSteps + 1 + ahead, 0), length - 1);
        out.set(actions.subarray(at * actionSize, (at + 1) * actionSize), (row * horizon + ahead) * actionSize);
      }
    },
    writeWeights(rollout, step, out, row) {
      const { length } = encoded[rollout]!;
      let counted = 0;
      for (let ahead = 0; ahead < horizon; ahead++) {
        const at = step - nObsSteps + 1 + ahead;
        const weight = at >= 0 && at < length && counts(ahead) ? 1 : 0;
        out[row * horizon + ahead] = weight;
        counted += weight;
      }
      for (let ahead = 0; ahead < horizon; ahead++) out[row * horizon + ahead]! /= counted;
    },
  };
}

interface Affines {
  readonly of: Map<string, Affine | undefined>;
}

/** @throws InputError when the rollout lacks a feature of the policy, or has it in another size */
function checkRollout({ length, vectors, pictures }: Demonstration, name: string, { shapes }: DiffusionNetwork): void {
  const expected: (readonly [string, { readonly length: number } | undefined, number])[] = [
    [STATE_FEATURE, vectors[STATE_FEATURE], shapes.stateSize],
    [ACTION_FEATURE, vectors[ACTION_FEATURE], shapes.actionSize],
    ...shapes.cameras.map(({ feature, height, width }): [string, { readonly length: number } | undefined, number] => [
      feature,
      pictures[feature],
      height * width * 3,
    ]),
  ];
  if (shapes.environmentSize > 0) {
    expected.push([ENVIRONMENT_FEATURE, vectors[ENVIRONMENT_FEATURE], shapes.environmentSize]);
  }
  if (length < 1) throw new InputError(`${name} has no steps`);
  for (const [feature, values, size] of expected) {
    if (values?.length === length * size) continue;
    const found = values === undefined ? 'is missing' : `has ${values.length / length} numbers per step`;
    throw new InputError(`${name}: feature "${feature}" ${found}; the reference policy expects ${size}`, {
      fix: 'give rollouts of the environment that the policy is for, with the features it was trained on',
    });
  }
  const odd = Object.entries(vectors).find(([, values]) => !values.every(Number.isFinite));
  if (odd !== undefined) throw new InputError(`${name}: feature "${odd[0]}" holds a value that is not finite`);
}

/** A graph's inputs and outputs have different names. */
function encodedName(feature: string): string {
  return `${feature}/encoded`;
}

/** Pictures that are encoded at once. */
const ENCODER_BATCH = 16;

/** Features of all cameras side by side, [ENCODER_BATCH, cameras * camera features]; undefined without cameras. */
async function compileEncoder(
  { shapes, encoders }: DiffusionNetwork,
  parameters: DiffusionCheckpoint['parameters'],
  affines: Affines,
): Promise<CompiledFunction<string> | undefined> {
  if (shapes.cameras.length === 0) return undefined;
  const outputs = Object.fromEntries(
    shapes.cameras.map(({ feature, height, width }, index): [string, Tensor] => {
      const pictures = input(feature, [ENCODER_BATCH, 3, height, width]);
      return [encodedName(feature), encoders[index]!.apply(normalizedPictures(pictures, affines.of.get(feature)))];
    }),
  );
  return compileFunction({ outputs, parameters, weights: 'baked' });
}

async function encodeRollout(
  { length, vectors, pictures }: Demonstration,
  { shapes, config }: DiffusionNetwork,
  affines: Affines,
  encoder: CompiledFunction<string> | undefined,
): Promise<EncodedRollout> {
  const normal = (feature: string) => normalize(affines.of.get(feature), vectors[feature]!);
  const parts = [{ values: normal(STATE_FEATURE), size: shapes.stateSize }];
  if (encoder !== undefined) {
    const encoded = await encodePictures(pictures, length, shapes, encoder);
    for (const values of encoded) parts.push({ values, size: shapes.cameraSize });
  }
  if (shapes.environmentSize > 0) parts.push({ values: normal(ENVIRONMENT_FEATURE), size: shapes.environmentSize });
  const featureSize = shapes.conditionSize / config.nObsSteps;
  const features = new Float32Array(length * featureSize);
  let column = 0;
  for (const { values, size } of parts) {
    for (let step = 0; step < length; step++) {
      features.set(values.subarray(step * size, (step + 1) * size), step * featureSize + column);
    }
    column += size;
  }
  return { length, features, actions: normal(ACTION_FEATURE) };
}

/** Encoded pictures of each camera, [length, camera features]. */
async function encodePictures(
  pictures: Demonstration['pictures'],
  length: number,
  { cameras, cameraSize }: DiffusionNetwork['shapes'],
  encoder: CompiledFunction<string>,
): Promise<Float32Array[]> {
  const encoded = cameras.map(() => new Float32Array(length * cameraSize));
  const batch = cameras.map(({ height, width }) => new Float32Array(ENCODER_BATCH * 3 * height * width));
  for (let first = 0; first < length; first += ENCODER_BATCH) {
    const count = Math.min(ENCODER_BATCH, length - first);
    cameras.forEach(({ feature, height, width }, camera) => {
      const pixels = height * width;
      for (let row = 0; row < count; row++) {
        const frame = pictures[feature]!.subarray((first + row) * pixels * 3, (first + row + 1) * pixels * 3);
        writePlanes(frame, pixels, batch[camera]!, row * pixels * 3);
      }
    });
    const results = await encoder.run(
      Object.fromEntries(cameras.map(({ feature }, index) => [feature, batch[index]!])),
    );
    cameras.forEach(({ feature }, camera) => {
      encoded[camera]!.set(results[encodedName(feature)]!.subarray(0, count * cameraSize), first * cameraSize);
    });
  }
  return encoded;
}

/** Bytes [pixels, 3] as planes [3, pixels] with values in [0, 1]. */
function writePlanes(frame: Uint8Array, pixels: number, out: Float32Array, offset: number): void {
  for (let channel = 0; channel < 3; channel++) {
    for (let pixel = 0; pixel < pixels; pixel++) {
      out[offset + channel * pixels + pixel] = frame[3 * pixel + channel]! / 255;
    }
  }
}
