import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { CorruptDataError, InputError } from '@rapport/core';
import { openOnnx, type RunnableModel } from '@rapport/nn';
import {
  bindModel,
  normalizationsSchema,
  type OnnxBinding,
  type OnnxCard,
  type OnnxSource,
  onnxCardSchema,
  parseOnnxSource,
} from '@rapport/policy';
import { UsageError } from '../config/usage-error.js';
import { pairsOf } from './given-options.js';

/** What the command line says about a model. */
export interface OnnxImportOptions {
  readonly name?: string | undefined;
  readonly env?: string | undefined;
  /** `NAME=SOURCE` each. */
  readonly inputs?: readonly string[] | undefined;
  readonly action?: string | undefined;
  readonly observationSteps?: number | undefined;
  readonly firstAction: number;
  readonly actionSteps?: number | undefined;
  /** File with normalisations. */
  readonly normalization?: string | undefined;
}

/**
 * Reads a model and holds it against what was said of it.
 * @throws InputError when they do not fit each other, naming the input or output; CorruptDataError when a file is damaged
 */
export async function readOnnxImport(
  file: string,
  options: OnnxImportOptions,
): Promise<{ readonly bytes: Uint8Array; readonly card: OnnxCard; readonly binding: OnnxBinding }> {
  const bytes = await readFile(file).catch((cause: Error) => {
    throw new InputError(`${file} cannot be read: ${cause.message}`, { cause });
  });
  const model = await openOnnx(bytes, file);
  await model.close();
  const { env, observationSteps, actionSteps, firstAction } = options;
  const card = onnxCardSchema.parse({
    format: 1,
    kind: 'onnx',
    name: options.name ?? basename(file).replace(/\.onnx$/, ''),
    inputs: sourcesOf(model, options.inputs, file),
    output: options.action ?? onlyOutput(model, file),
    firstAction,
    normalization: options.normalization === undefined ? {} : await readNormalizations(options.normalization),
    ...(env !== undefined && { envId: env }),
    ...(observationSteps !== undefined && { observationSteps }),
    ...(actionSteps !== undefined && { actionSteps }),
  });
  return { bytes, card, binding: bindModel(model, card, file) };
}

function sourcesOf(
  { inputs }: RunnableModel,
  given: readonly string[] | undefined,
  file: string,
): Record<string, OnnxSource> {
  if (given === undefined) {
    const [only, ...others] = inputs;
    if (only !== undefined && others.length === 0) return { [only.name]: { kind: 'state' } };
    const names = inputs.map(({ name, shape }) => `"${name}" [${shape.map((size) => size ?? '?').join(', ')}]`);
    throw new UsageError(`${file} has ${inputs.length} inputs, ${names.join(', ')}; what each is fed must be said`, {
      fix: `add --inputs ${inputs.map(({ name }) => `${name}=SOURCE`).join(',')}`,
    });
  }
  const pairs = Object.entries(pairsOf('inputs', given));
  return Object.fromEntries(pairs.map(([name, source]) => [name, parseOnnxSource(source)]));
}

function onlyOutput({ outputs }: RunnableModel, file: string): string {
  const [only, ...others] = outputs;
  if (only !== undefined && others.length === 0) return only.name;
  const names = outputs.map(({ name }) => `"${name}"`).join(', ');
  throw new UsageError(`${file} has ${outputs.length} outputs, ${names}; which one holds the actions must be said`, {
    fix: 'add --action NAME',
  });
}

async function readNormalizations(file: string): Promise<OnnxCard['normalization']> {
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new InputError(`${file} cannot be read: ${cause.message}`, { cause });
  });
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    throw new CorruptDataError(`${file} is not JSON: ${(cause as Error).message}`, { cause });
  }
  const parsed = normalizationsSchema.safeParse(document);
  if (parsed.success) return parsed.data;
  const name = parsed.error.issues[0]!.path[0];
  throw new CorruptDataError(
    `${file}: ${name === undefined ? 'the document' : `"${String(name)}"`} is no normalisation; expected lists of numbers as "mean" and "std", or as "min" and "max"`,
  );
}
