import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CorruptDataError, InputError } from '@rapport/core';
import { decodeTensors, encodeTensors, type ParameterValues, type TensorValue } from '@rapport/nn';
import { z } from 'zod';
import { featureKinds } from './encoders/convert/features.js';
import { raplConfigSchema } from './rapl/config.js';
import { headParameters } from './rapl/head.js';
import { RaplModel } from './rapl/model.js';
import { rlhfConfigSchema } from './rlhf/config.js';
import { RlhfModel } from './rlhf/model.js';

/** Format of `reward.json`; readers refuse a higher one. */
const VERSION = 1;
const SETTINGS_FILE = 'reward.json';

const finite = z.number().refine(Number.isFinite);
const encoderSchema = z.object({
  kind: z.string().min(1),
  hash: z.string().min(1),
  features: z.enum([...featureKinds, 'own']),
  featureSize: z.int().min(1),
});
const clipSchema = z.object({ dataset: z.string(), episode: z.int(), start: z.int(), end: z.int() });
const commonShape = {
  version: z.literal(VERSION),
  encoder: encoderSchema,
  offset: finite,
  scale: finite,
  temperature: finite.positive(),
  /** Name and SHA-256 of the safetensors file beside this one. */
  tensors: z.object({ file: z.string().regex(/^[\w.-]+$/), sha256: z.string().length(64) }),
};
const settingsSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('rapl'),
    config: raplConfigSchema,
    references: z.array(z.object({ clip: clipSchema, frames: z.int().min(1) })).min(1),
    ...commonShape,
  }),
  z.object({ kind: z.literal('rlhf'), config: rlhfConfigSchema, ...commonShape }),
]);
type Settings = z.infer<typeof settingsSchema>;

/** A learned reward of either kind. */
export type RewardModel = RaplModel | RlhfModel;

/**
 * Writes a reward to a folder: its tensors as safetensors under a name that holds their hash, then `reward.json`, which
 * names encoder, settings, references and the tensor file. Readers see the old reward or the new one, never a mixture.
 */
export async function saveReward(folder: string, model: RewardModel): Promise<void> {
  await mkdir(folder, { recursive: true });
  const bytes = encodeTensors(tensorsOf(model));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const tensors = { file: `reward-${sha256.slice(0, 12)}.safetensors`, sha256 };
  await replaceFile(join(folder, tensors.file), bytes);
  await replaceFile(join(folder, SETTINGS_FILE), `${JSON.stringify(settingsOf(model, tensors), undefined, 2)}\n`);
}

/**
 * Reads a reward that `saveReward` wrote.
 * @throws InputError when the folder holds no reward; CorruptDataError when a file is damaged, foreign or newer
 */
export async function loadReward(folder: string): Promise<RewardModel> {
  const path = join(folder, SETTINGS_FILE);
  const settings = parseSettings(path, await readText(path, folder));
  const tensorPath = join(folder, settings.tensors.file);
  const bytes = await readFile(tensorPath).catch((cause: unknown) => {
    throw new CorruptDataError(`${path} names ${settings.tensors.file}, which cannot be read`, {
      fix: 'train the reward again',
      cause,
    });
  });
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found !== settings.tensors.sha256) {
    throw new CorruptDataError(`${tensorPath} has SHA-256 ${found}; ${SETTINGS_FILE} says ${settings.tensors.sha256}`, {
      fix: 'the file was damaged or exchanged; train the reward again',
    });
  }
  return modelOf(settings, new Tensors(decodeTensors(bytes, tensorPath).tensors, tensorPath));
}

function tensorsOf(model: RewardModel): ParameterValues {
  const vector = (data: Float32Array): TensorValue => ({ shape: [data.length], data });
  switch (model.kind) {
    case 'rapl': {
      const { head, references } = model.parts;
      return {
        mean: vector(head.standardization.mean),
        scale: vector(head.standardization.scale),
        ...head.parameters,
        ...Object.fromEntries(
          references.map(({ video }, index) => [
            `reference-${index}`,
            { shape: [video.frames, head.shape.embeddingSize], data: video.data },
          ]),
        ),
      };
    }
    case 'rlhf': {
      const { standardization, weight } = model.parts;
      return { mean: vector(standardization.mean), scale: vector(standardization.scale), head: vector(weight) };
    }
  }
}

function settingsOf(model: RewardModel, tensors: Settings['tensors']): Settings {
  const common = { version: VERSION, encoder: model.encoder, tensors, temperature: model.parts.temperature } as const;
  switch (model.kind) {
    case 'rapl': {
      const { config, references, scale } = model.parts;
      return {
        kind: 'rapl',
        ...common,
        config,
        ...scale,
        references: references.map(({ clip, video }) => ({ clip, frames: video.frames })),
      };
    }
    case 'rlhf': {
      const { config, offset, scale } = model.parts;
      return { kind: 'rlhf', ...common, config, offset, scale };
    }
  }
}

function modelOf(settings: Settings, tensors: Tensors): RewardModel {
  const { encoder, offset, scale, temperature } = settings;
  const features = encoder.featureSize;
  const standardization = { mean: tensors.get('mean', features), scale: tensors.get('scale', features) };
  switch (settings.kind) {
    case 'rapl': {
      const { config } = settings;
      const { embeddingSize } = config;
      const shape = { kind: config.head, featureSize: features, embeddingSize };
      return new RaplModel({
        config,
        encoder,
        head: {
          shape,
          standardization,
          parameters: Object.fromEntries(
            Object.entries(headParameters(shape)).map(([name, sizes]) => [
              name,
              { shape: sizes, data: tensors.get(name, ...sizes) },
            ]),
          ),
        },
        references: settings.references.map(({ clip, frames }, index) => ({
          clip,
          video: { frames, data: tensors.get(`reference-${index}`, frames, embeddingSize) },
        })),
        scale: { offset, scale },
        temperature,
      });
    }
    case 'rlhf':
      return new RlhfModel({
        config: settings.config,
        encoder,
        standardization,
        weight: tensors.get('head', features),
        offset,
        scale,
        temperature,
      });
  }
}

/** Tensors of a file, taken by name and shape. */
class Tensors {
  constructor(
    readonly values: ParameterValues,
    readonly path: string,
  ) {}

  get(name: string, ...shape: number[]): Float32Array {
    const value = this.values[name];
    if (value === undefined || value.shape.join() !== shape.join()) {
      const found = value === undefined ? 'is not there' : `has shape [${value.shape.join(', ')}]`;
      throw new CorruptDataError(`tensor "${name}" of ${this.path} ${found}; expected shape [${shape.join(', ')}]`, {
        fix: 'train the reward again',
      });
    }
    return value.data;
  }
}

async function readText(path: string, folder: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new InputError(`folder ${folder} holds no reward: ${SETTINGS_FILE} cannot be read`, {
      fix: 'name a folder that `train reward` or `demo` wrote',
      cause,
    });
  }
}

function parseSettings(path: string, text: string): Settings {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CorruptDataError(`${path} is not JSON`, { fix: 'train the reward again', cause });
  }
  const parsed = settingsSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  if (issue.path[0] === 'version') {
    throw new CorruptDataError(`${path} is of another version; this program reads version ${VERSION}`, {
      fix: 'update this program, or train the reward again',
    });
  }
  throw new CorruptDataError(`${path}: ${issue.path.join('.') || 'the document'}: ${issue.message}`, {
    fix: 'train the reward again',
  });
}

/** The file appears whole or not at all. */
async function replaceFile(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, content);
  await rename(temporary, path);
}
