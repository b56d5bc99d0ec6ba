import { InputError } from '@rapport/core';
import { z } from 'zod';

const numbers = z.array(z.number()).min(1);
const name = z.string().min(1);

/** How numbers are brought to the network's range: to mean 0 and deviation 1, or from [min, max] to [-1, 1]. */
const normalizationSchema = z.union([
  z.strictObject({ mean: numbers, std: numbers }),
  z.strictObject({ min: numbers, max: numbers }),
]);

const sourceSchema = z.discriminatedUnion('kind', [
  /** Entries `start` to `end` (excluded) of what is observed; all of it without them. */
  z.strictObject({ kind: z.literal('state'), start: z.int().min(0).optional(), end: z.int().min(1).optional() }),
  z.strictObject({ kind: z.literal('camera'), camera: name }),
  /** Standard normal numbers, drawn anew for every run from the seed of the episode. */
  z.strictObject({ kind: z.literal('noise') }),
]);

/** Whence the inputs of a model come and what becomes of its output; lies beside the model as `policy.json`. */
export const onnxCardSchema = z.strictObject({
  format: z.literal(1),
  kind: z.literal('onnx'),
  /** For labels and reports. */
  name,
  envId: name.optional(),
  /** By the model's names. */
  inputs: z.record(z.string(), sourceSchema),
  /** The model's name of the output that holds the actions. */
  output: name,
  /** Observations that the model sees, oldest first; by default what its inputs' shapes say, else 1. */
  observationSteps: z.int().min(1).max(64).optional(),
  /** The action of a chunk that belongs to the present step. */
  firstAction: z.int().min(0).default(0),
  /** Actions that are executed before the model is run again; by default all from `firstAction` on. */
  actionSteps: z.int().min(1).optional(),
  /** By name of an input (a number for each entry of one step, or for each colour) or of the output. */
  normalization: z.record(z.string(), normalizationSchema).default({}),
});

export type OnnxCard = z.output<typeof onnxCardSchema>;
export type OnnxSource = z.output<typeof sourceSchema>;
export type OnnxNormalization = z.output<typeof normalizationSchema>;

/** The document of a file with normalisations, by name. */
export const normalizationsSchema = z.record(z.string(), normalizationSchema);

/**
 * Reads a source as it is written on the command line: `state`, `state[0:34]`, `camera:front`, `noise`.
 * @throws InputError when it is none
 */
export function parseOnnxSource(text: string): OnnxSource {
  if (text === 'noise' || text === 'state') return { kind: text };
  const camera = /^camera:(.+)$/.exec(text)?.[1];
  if (camera !== undefined) return { kind: 'camera', camera };
  const range = /^state\[(\d+):(\d+)\]$/.exec(text);
  const [start, end] = [Number(range?.[1]), Number(range?.[2])];
  if (start < end) return { kind: 'state', start, end };
  throw new InputError(`"${text}" is no source of an input; expected state, state[FROM:TO], camera:NAME or noise`);
}
